"""What each error says of the request: whether it ran."""

import pytest
from botocore import exceptions as aws

from infra.errors import Misuse
from infra.operations.fates import Broken, Fate, NotYet, fate_of, reason_of

URL = "https://runtime.sagemaker.us-east-1.amazonaws.com"


def said(code: str, status: int = 400, **more) -> aws.ClientError:
    told = {"Error": {"Code": code, "Message": "why"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return aws.ClientError({**told, **more}, "InvokeEndpoint")


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        # turned away at the door
        (said("ThrottlingException"), Fate.NOT_RUN),
        (said("TooManyRequestsException", 429), Fate.NOT_RUN),
        (said("ModelNotReadyException", 429), Fate.NOT_RUN),
        (said("ResourceConflictException", 409), Fate.NOT_RUN),
        (said("429", 429), Fate.NOT_RUN),
        (aws.EndpointConnectionError(endpoint_url=URL), Fate.NOT_RUN),
        (aws.ConnectTimeoutError(endpoint_url=URL), Fate.NOT_RUN),
        (NotYet("the endpoint is Creating."), Fate.NOT_RUN),
        # and the next time, too
        (said("ValidationError"), Fate.REFUSED),
        (said("AccessDeniedException", 403), Fate.REFUSED),
        (said("ExpiredTokenException", 403), Fate.REFUSED),
        (said("RequestTooLargeException", 413), Fate.REFUSED),
        (aws.NoCredentialsError(), Fate.REFUSED),
        (aws.ParamValidationError(report="no"), Fate.REFUSED),
        # sent, and nobody knows
        (aws.ReadTimeoutError(endpoint_url=URL), Fate.MAY_HAVE_RUN),
        (aws.ConnectionClosedError(endpoint_url=URL), Fate.MAY_HAVE_RUN),
        (aws.ResponseStreamingError(error="reset"), Fate.MAY_HAVE_RUN),
        (aws.IncompleteReadError(actual_bytes=1, expected_bytes=2), Fate.MAY_HAVE_RUN),
        (said("InternalFailure", 500), Fate.MAY_HAVE_RUN),
        (said("ServiceUnavailable", 503), Fate.MAY_HAVE_RUN),
        (said("InternalDependencyException", 530), Fate.MAY_HAVE_RUN),
        (said("ServiceException", 500), Fate.MAY_HAVE_RUN),
        # the model's own word
        (said("ModelError", 424, OriginalStatusCode=500), Fate.FAILED),
        (said("ModelError", 424, OriginalStatusCode=0), Fate.FAILED),
        (Broken("Task timed out"), Fate.FAILED),
        (said("ModelError", 424, OriginalStatusCode=400), Fate.ANSWERED),
    ],
    ids=lambda value: value.name if isinstance(value, Fate) else type(value).__name__,
)
def test_what_became_of_the_request(error, fate):
    assert fate_of(error) is fate


def test_an_error_of_ours_that_is_none_of_the_request_goes_on_as_it_is():
    with pytest.raises(Misuse, match=r"^no URL$"):
        fate_of(Misuse("no URL"))


def test_the_models_own_words_come_first():
    assert reason_of(said("ModelError", 424, OriginalMessage="no text")) == "no text"
    assert reason_of(said("ThrottlingException")) == "why"
    assert "Read timeout" in reason_of(aws.ReadTimeoutError(endpoint_url=URL))
    assert reason_of(aws.ClientError({"Error": {"Code": "429"}}, "Invoke")) == "429"
