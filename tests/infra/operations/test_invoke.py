import io
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.errors import Misuse
from infra.ledger import Deployed
from infra.operations.invoke import Request, invoke


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
    with pytest.raises(Misuse, match=f"^dev-shop-many is a {kind} and has one model; leave --target out\\.$"):
        invoke(deployed(kind), Request(b"{}", model="tiny"), Runtime())


def test_a_serverless_endpoint_is_asked_like_any_other():
    runtime = Runtime()
    assert invoke(deployed("ServerlessEndpoint"), Request(b"{}"), runtime).body == b"{}"
    assert "TargetModel" not in runtime.asked[0]
