"""A small model folder and stacks of it, for tests that need no cloud."""

import json
from pathlib import Path

import pytest

from infra import (
    AsyncEndpoint,
    Environment,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ServerlessEndpoint,
    Stack,
    TargetTracking,
)
from infra.workloads import Workload
from model_packaging import Model

MODEL = Model("models/tiny", framework="sklearn")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with models/tiny in it."""
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "inference.py").write_text("def predict_fn(data, model):\n    return data\n")
    return tmp_path


@pytest.fixture
def environment() -> Environment:
    """An environment that needs no file."""
    return Environment(name="dev", region="us-east-1", account_id="111122223333")


@pytest.fixture
def make_stack(base: Path, environment: Environment):
    """Makes a stack of the given workloads."""

    def make(*workloads: Workload, name: str = "shop") -> Stack:
        return Stack(name, environment, workloads, base=base)

    return make


def realtime(name: str = "rank", **changes) -> RealtimeEndpoint:
    """A real-time endpoint that passes all checks."""
    fields = {
        "model": MODEL,
        "instance_type": "ml.m5.large",
        "autoscaling": TargetTracking(max_capacity=4, invocations_per_instance=100),
    }
    return RealtimeEndpoint(name, **{**fields, **changes})


def function(name: str = "rank-small", **changes) -> LambdaEndpoint:
    """A function that passes all checks."""
    return LambdaEndpoint(name, **{"model": MODEL, **changes})


def asynchronous(name: str = "queue", **changes) -> AsyncEndpoint:
    """An asynchronous endpoint that goes down to zero and passes all checks."""
    fields = {
        "model": MODEL,
        "instance_type": "ml.m5.large",
        "autoscaling": TargetTracking(min_capacity=0, max_capacity=2, backlog_per_instance=5),
    }
    return AsyncEndpoint(name, **{**fields, **changes})


def serverless(name: str = "rare", **changes) -> ServerlessEndpoint:
    """A serverless endpoint that passes all checks."""
    return ServerlessEndpoint(name, **{"model": MODEL, **changes})


def multi_model(name: str = "many", **changes) -> MultiModelEndpoint:
    """An endpoint with several models, of which there is one, that passes all checks."""
    return MultiModelEndpoint(name, **{"models": [MODEL], "instance_type": "ml.m5.large", **changes})


@pytest.fixture
def quotas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moto knows no ListServiceQuotas, and raises instead of answering so: here it has none to tell."""
    from moto.servicequotas.responses import ServiceQuotasResponse

    monkeypatch.setattr(
        ServiceQuotasResponse, "list_service_quotas", lambda self: json.dumps({"Quotas": []}), raising=False
    )
