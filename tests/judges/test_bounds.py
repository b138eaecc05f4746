"""The bounds of numbers that are declared are those of botocore's model: what is drawn at random seldom meets them."""

from collections.abc import Iterator
from types import SimpleNamespace, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest

from infra import AsyncEndpoint, BatchJob, LambdaEndpoint, RealtimeEndpoint, ServerlessEndpoint
from infra.local.overlay.constraints import service_model
from infra.settings import AllAtOnce, DataCapture

SHAPES: dict[tuple[type, str], tuple[str, str]] = {
    (RealtimeEndpoint, "volume_gb"): ("sagemaker", "ProductionVariantVolumeSizeInGB"),
    (RealtimeEndpoint, "startup_timeout_seconds"): (
        "sagemaker",
        "ProductionVariantContainerStartupHealthCheckTimeoutInSeconds",
    ),
    (AsyncEndpoint, "concurrent_requests_per_instance"): ("sagemaker", "MaxConcurrentInvocationsPerInstance"),
    (ServerlessEndpoint, "memory_mb"): ("sagemaker", "ServerlessMemorySizeInMB"),
    (ServerlessEndpoint, "max_concurrency"): ("sagemaker", "ServerlessMaxConcurrency"),
    (ServerlessEndpoint, "provisioned_concurrency"): ("sagemaker", "ServerlessProvisionedConcurrency"),
    (AllAtOnce, "wait_seconds"): ("sagemaker", "WaitIntervalInSeconds"),
}
"""Declared field -> service and shape."""

NARROWER: dict[tuple[type, str], tuple[dict[str, int], str]] = {
    (LambdaEndpoint, "memory_mb"): (
        {"minimum": 128, "maximum": 10_240},
        "botocore has 32,768 MB for functions on managed instances",
    ),
    (LambdaEndpoint, "ephemeral_storage_mb"): (
        {"minimum": 512, "maximum": 10_240},
        "botocore has more for functions on managed instances",
    ),
    (LambdaEndpoint, "timeout_seconds"): (
        {"minimum": 1, "maximum": 900},
        "botocore has more for functions on managed instances",
    ),
    (DataCapture, "sampling_percent"): (
        {"minimum": 1, "maximum": 100},
        "botocore has 0, which captures nothing",
    ),
    (BatchJob, "attempts"): ({"minimum": 1, "maximum": 10}, "botocore has it in words only"),
    (BatchJob, "timeout_seconds"): ({"minimum": 60}, "botocore has it in words only"),
}
"""Where botocore's model is not what holds here, with why."""


def bounds(kind: type, field: str) -> dict[str, int]:
    """The least and the most that may be declared."""
    declared = kind.__pydantic_fields__[field]
    found: dict[str, int] = {}
    for one in [*declared.metadata, *_inner(declared.annotation)]:
        found |= {
            said: getattr(one, of) for of, said in (("ge", "minimum"), ("le", "maximum")) if hasattr(one, of)
        }
    return found


def _inner(annotation: Any) -> Iterator[Any]:
    """What the parts of a type are annotated with: those of a union, and a Literal's own least and most."""
    if get_origin(annotation) is Literal:
        yield SimpleNamespace(ge=min(get_args(annotation)), le=max(get_args(annotation)))
        return
    for one in getattr(annotation, "__metadata__", ()):
        yield from getattr(one, "metadata", [one])
    for part in get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ():
        yield from _inner(part)


@pytest.mark.parametrize(("kind", "field"), SHAPES, ids=lambda value: getattr(value, "__name__", value))
def test_a_number_has_the_bounds_of_aws(kind, field):
    service, name = SHAPES[kind, field]
    said = service_model(service).shape_for(name).metadata
    assert bounds(kind, field) == {"minimum": said["min"], "maximum": said["max"]}


@pytest.mark.parametrize(("kind", "field"), NARROWER, ids=lambda value: getattr(value, "__name__", value))
def test_a_number_that_botocore_lets_be_more(kind, field):
    assert bounds(kind, field) == NARROWER[kind, field][0]
