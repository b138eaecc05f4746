"""Asking an asynchronous endpoint: S3 of an AWS in this process, and a queue that answers when the clock says so."""

from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.environment import Environment
from infra.errors import InvocationFailed
from infra.ledger import Deployed
from infra.operations.asynchronous import ask
from infra.operations.attempts import Patience
from infra.operations.request import Answer, Request

BUCKET = "modelyard-dev-111122223333-us-east-1"
TARGET = Deployed("shop", "queue", "AsyncEndpoint", "dev-shop-queue", "models/tiny/1/model.tar.gz")
PATIENCE_SECONDS = 60.0
PLACE = f"s3://{BUCKET}/data/shop/queue"


@dataclass
class Clock:
    """Time that passes by sleeping only; `at` says what happens when it is reached."""

    now: float = 0.0
    at: dict[float, Any] = field(default_factory=dict)

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for moment in [moment for moment in self.at if moment <= self.now]:
            self.at.pop(moment)()


@dataclass
class Queue:
    """sagemaker-runtime: notes what it was asked."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    refusal: str | None = None

    def invoke_endpoint_async(self, **request: Any) -> dict[str, str]:
        if self.refusal:
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": self.refusal}}, "InvokeEndpointAsync"
            )
        self.asked.append(request)
        return {"OutputLocation": f"{PLACE}/output/1.out", "FailureLocation": f"{PLACE}/failure/1-error.out"}


@dataclass
class Connection:
    """The two services that it takes."""

    s3: Any
    queue: Queue = field(default_factory=Queue)
    environment: Environment = field(
        default_factory=lambda: Environment(name="dev", region="us-east-1", account_id="111122223333")
    )

    def client(self, service: str) -> Any:
        return {"s3": self.s3, "sagemaker": self}[service]

    def once(self, service: str) -> Any:
        return {"sagemaker-runtime": self.queue}[service]

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")

    def write(self, key: str, body: bytes, content_type: str = "application/json") -> None:
        self.s3.put_object(Bucket=BUCKET, Key=f"data/shop/queue/{key}", Body=body, ContentType=content_type)


@pytest.fixture
def connection():
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any")
        s3.create_bucket(Bucket=BUCKET)
        yield Connection(s3)


def run(connection: Connection, clock: Clock) -> Answer:
    patience = Patience(PATIENCE_SECONDS, clock=lambda: clock.now, sleep=clock.sleep)
    return ask(TARGET, Request(b"question", "text/plain", "text/csv"), connection, patience)


def test_the_body_goes_below_the_input_prefix_and_the_answer_comes_from_the_output(connection):
    clock = Clock(at={40.0: lambda: connection.write("output/1.out", b"1,2", "text/csv")})
    answer = run(connection, clock)
    assert (answer.body, answer.content_type) == (b"1,2", "text/csv")
    assert answer.spent == {"queue and model": clock.now}
    assert 40 <= clock.now < 44
    (request,) = connection.queue.asked
    assert (request["EndpointName"], request["ContentType"], request["Accept"]) == (
        "dev-shop-queue",
        "text/plain",
        "text/csv",
    )
    assert request["InputLocation"].startswith(f"{PLACE}/input/")
    key = request["InputLocation"].removeprefix(f"s3://{BUCKET}/")
    sent = connection.s3.get_object(Bucket=BUCKET, Key=key)
    assert (sent["Body"].read(), sent["ContentType"]) == (b"question", "text/plain")


def test_a_failure_is_told_in_the_handlers_own_words(connection):
    clock = Clock(at={1.0: lambda: connection.write("failure/1-error.out", b"no text given\n")})
    with pytest.raises(InvocationFailed, match=r"^Endpoint dev-shop-queue failed: no text given$"):
        run(connection, clock)


def test_waiting_ends_and_says_where_the_answer_will_be(connection):
    clock = Clock()
    with pytest.raises(InvocationFailed) as caught:
        run(connection, clock)
    assert str(caught.value) == (
        "Endpoint dev-shop-queue has not answered within 1 minutes; its answer will be at "
        f"{PLACE}/output/1.out. Look at its state: modelyard status --env dev"
    )
    assert PATIENCE_SECONDS <= clock.now < PATIENCE_SECONDS + 4


def test_an_endpoint_that_refuses_is_quoted(connection):
    connection.queue.refusal = "Endpoint dev-shop-queue of account 111122223333 not found."
    with pytest.raises(
        InvocationFailed, match=r"refused the request: Endpoint dev-shop-queue of account .* not found"
    ):
        run(connection, Clock())
