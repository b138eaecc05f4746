import io
import json
from dataclasses import asdict, dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.errors import Misuse
from infra.ledger import Deployed
from infra.operations.invoke import Client, Request, invoke


@dataclass
class Runtime:
    """sagemaker-runtime: notes what it was asked."""

    asked: list[dict[str, Any]] = field(default_factory=list)

    def once(self, _service: str) -> "Runtime":
        return self

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return {"Body": io.BytesIO(b"{}"), "ContentType": "application/json"}


def deployed(kind: str) -> Deployed:
    return Deployed("shop", "many", kind, "dev-shop-many", "any")


@pytest.mark.parametrize("model", ["tiny", "tiny.tar.gz"])
def test_a_model_is_named_with_or_without_its_ending(model):
    runtime = Runtime()
    invoke(deployed("MultiModelEndpoint"), Request(b"{}", model=model), runtime)
    assert runtime.asked[0]["TargetModel"] == "tiny.tar.gz"


def test_an_endpoint_with_several_models_wants_to_know_which():
    with pytest.raises(Misuse, match=r"^dev-shop-many has several models; say which one: --target MODEL\.$"):
        invoke(deployed("MultiModelEndpoint"), Request(b"{}"), Runtime())


@pytest.mark.parametrize(
    "kind", ["RealtimeEndpoint", "ServerlessEndpoint", "AsyncEndpoint", "LambdaEndpoint"]
)
def test_an_endpoint_with_one_model_takes_no_name(kind):
    article = "an" if kind == "AsyncEndpoint" else "a"
    with pytest.raises(
        Misuse, match=f"^dev-shop-many is {article} {kind} and has one model; leave --target out\\.$"
    ):
        invoke(deployed(kind), Request(b"{}", model="tiny"), Runtime())


def test_a_serverless_endpoint_is_asked_like_any_other():
    runtime = Runtime()
    assert invoke(deployed("ServerlessEndpoint"), Request(b"{}"), runtime).body == b"{}"
    assert "TargetModel" not in runtime.asked[0]


class Bucket:
    """The ledger's S3: one stack, whose reads are counted."""

    def __init__(self) -> None:
        self.reads = 0

    def head_bucket(self, Bucket: str) -> None:
        """It is there."""

    def get_paginator(self, _operation: str) -> "Bucket":
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": "stacks/shop.json"}]}]

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        self.reads += 1
        if Key.startswith("asleep/"):
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": ""}}, "GetObject")
        record = asdict(deployed("RealtimeEndpoint"))
        return {"Body": io.BytesIO(json.dumps([record]).encode())}


def test_a_client_looks_a_name_up_once_and_says_where_the_time_went():
    runtime, bucket = Runtime(), Bucket()
    connection = SimpleNamespace(
        once=runtime.once,
        client=lambda _: bucket,
        environment=SimpleNamespace(name="dev", artifact_bucket="b"),
    )
    client = Client(connection, deadline_seconds=1)
    first, second = client.invoke("many", b"1"), client.invoke("many", b"2")
    assert (first.retries, second.body, list(first.spent_ms)) == (
        0,
        b"{}",
        ["preparing", "answering"],
    )
    assert sum(first.spent_ms.values()) == pytest.approx(first.latency_ms)
    assert bucket.reads == 2  # what is deployed, and what sleeps
    assert [one["Body"] for one in runtime.asked] == [b"1", b"2"]
    with pytest.raises(
        Misuse, match=r"^Nothing named 'other' is deployed in environment dev; deployed: shop/many"
    ):
        client.stream("other", b"1")
