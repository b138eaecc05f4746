import os
from io import BytesIO

import pytest
from botocore.awsrequest import AWSResponse
from urllib3 import HTTPResponse

from infra import Environment
from infra.connection import Connection, connect
from infra.errors import EmbeddedAwsError, ModelyardError, WrongAccount
from infra.project import Project

EMBEDDED = Environment(name="local", region="us-east-1", account_id="123456789012", embedded_aws=True)
VARIABLES = {
    "AWS_ACCESS_KEY_ID": "embedded",
    "AWS_SECRET_ACCESS_KEY": "embedded",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
}


class Sts:
    """Says whose the credentials are."""

    def __init__(self, account: str) -> None:
        self.account = account

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": self.account}


class Stubbed(Connection):
    """A connection whose STS knows one account."""

    def client(self, service: str):
        assert service == "sts"
        return Sts("123456789012")


def test_credentials_of_another_account_are_told_with_both_numbers(environment):
    with pytest.raises(WrongAccount, match="account 123456789012, and environment dev is 111122223333; use"):
        Stubbed(environment, {}).check_account()
    Stubbed(EMBEDDED, {}).check_account()


def test_no_setting_of_a_person_reaches_the_embedded_aws(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:2")
    client = Connection(EMBEDDED, VARIABLES).client("sagemaker")
    assert client.meta.endpoint_url == "http://127.0.0.1:9"
    assert client._request_signer._credentials.access_key == "embedded"


def test_an_invocation_is_waited_for_as_long_as_it_may_take_and_a_function_is_not_run_twice():
    connection = Connection(EMBEDDED, VARIABLES)
    assert connection.once("sagemaker-runtime").meta.config.read_timeout > 60
    config = connection.once("lambda").meta.config
    assert config.read_timeout > 900
    for service in ("sagemaker-runtime", "lambda", "batch"):
        retries = connection.once(service).meta.config.retries
        assert (retries["mode"], retries["total_max_attempts"]) == ("adaptive", 1)
    # What only reads is repeated as usual.
    assert connection.client("lambda").meta.config.retries["total_max_attempts"] == 8


def test_an_embedded_aws_that_is_not_up_is_told_with_its_remedy(tmp_path):
    with pytest.raises(EmbeddedAwsError, match="not running; run: modelyard local up"):
        connect(EMBEDDED, Project(tmp_path, tmp_path / "local"))


def test_no_credentials_is_one_line_with_the_remedy(environment, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(
        ModelyardError, match=r"Unable to locate credentials.*aws sts get-caller-identity"
    ) as caught:
        Connection(environment, {}).check_account()
    assert len(str(caught.value).splitlines()) == 1


def test_what_goes_to_a_bucket_of_ours_goes_only_where_it_is_our_accounts():
    client = Connection(EMBEDDED, VARIABLES).client("s3")
    sent = []
    client.meta.events.register("before-send.s3", lambda request, **_: sent.append(request) or _answer())
    for bucket in (EMBEDDED.artifact_bucket, "somebody-elses-data"):
        client.head_bucket(Bucket=bucket)
        client.put_object(Bucket=bucket, Key="models/a", Body=b"")
        client.create_bucket(Bucket=bucket)
    owners = [request.headers.get("x-amz-expected-bucket-owner") for request in sent]
    assert owners == [b"123456789012", b"123456789012", None, None, None, None]


def _answer() -> AWSResponse:
    """One that says nothing but that it is done."""
    return AWSResponse("http://127.0.0.1:9", 200, {}, HTTPResponse(BytesIO(), preload_content=False))
