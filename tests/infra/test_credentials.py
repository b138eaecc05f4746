"""What is said of credentials that AWS does not take, in the words of AWS's services and of botocore."""

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from infra import credentials
from infra.cli import failures
from infra.errors import TerraformError


def told(code: str, operation: str = "DescribeEndpoint", message: str = "No.") -> str:
    return failures.readable(ClientError({"Error": {"Code": code, "Message": message}}, operation))


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_what_has_expired_is_renewed(code):
    (line,) = told(code).splitlines()
    assert line.startswith(f"error: AWS: An error occurred ({code})") and line.endswith(credentials.EXPIRED)


@pytest.mark.parametrize(
    "code", ["InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"]
)
def test_what_is_not_known_is_replaced(code):
    assert told(code).endswith(credentials.UNKNOWN)


def test_a_wrong_clock_is_told_from_wrong_keys():
    late = "Signature expired: 20261130T120000Z is now earlier than 20261130T121500Z"
    assert told("SignatureDoesNotMatch", message=late).endswith(credentials.SKEWED)
    assert told("SignatureDoesNotMatch").endswith(credentials.UNKNOWN)
    assert told("RequestTimeTooSkewed").endswith(credentials.SKEWED)


def test_an_answer_without_a_body_is_told_as_what_it_mostly_is():
    assert told("400", "HeadBucket", "Bad Request").endswith(credentials.PERHAPS_EXPIRED)
    assert "expired" not in told("400", "GetObject", "Bad Request")


def test_of_many_findings_the_last_says_what_to_do_and_it_is_said_once():
    lines = "a: api error ExpiredToken: expired\nb: api error ExpiredToken: expired"
    assert failures.readable(TerraformError(lines)).splitlines() == [
        "error: a: api error ExpiredToken: expired",
        "error: b: api error ExpiredToken: expired",
        f"error: {credentials.EXPIRED}",
    ]
    assert failures.readable(TerraformError(f"c ExpiredToken. {credentials.EXPIRED}")).count("log in") == 1


@pytest.mark.parametrize("said", ["AccessDenied", "ThrottlingException", "the token of a tokenizer"])
def test_all_else_is_none_of_credentials(said):
    assert credentials.remedy(said) is None
    assert credentials.remedy(str(NoCredentialsError())) == credentials.UNKNOWN
