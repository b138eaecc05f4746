"""Workload -> resources: plain data in the AWS provider's own vocabulary, the same for every engine."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from infra.blueprint.asynchronous import async_endpoint
from infra.blueprint.batch import batch_job
from infra.blueprint.functions import lambda_endpoint
from infra.blueprint.monitoring import topic
from infra.blueprint.multi_model import multi_model_endpoint
from infra.blueprint.realtime import realtime_endpoint
from infra.blueprint.resource import Blueprint
from infra.blueprint.serverless import serverless_endpoint
from infra.blueprint.sleep import asleep
from infra.blueprint.storage import storage
from infra.stack import Stack
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ServerlessEndpoint,
    Workload,
)

__all__ = ["RENDERERS", "Blueprint", "blueprint", "storage"]

RENDERERS: Mapping[type, Callable[[Stack, Any, str], Blueprint]] = {
    RealtimeEndpoint: realtime_endpoint,
    AsyncEndpoint: async_endpoint,
    ServerlessEndpoint: serverless_endpoint,
    MultiModelEndpoint: multi_model_endpoint,
    LambdaEndpoint: lambda_endpoint,
    BatchJob: batch_job,
}


def blueprint(stack: Stack, artifact_keys: Mapping[str, str], sleeping: Collection[str] = ()) -> Blueprint:
    """All resources of `stack`; `artifact_keys` has the S3 key of each workload's artifact by workload name.

    Of the workloads that `sleeping` names there is only what AWS does not bill by the hour.
    """
    parts = [_part(stack, workload, artifact_keys[workload.name], sleeping) for workload in stack.workloads]
    return Blueprint(
        (*topic(stack), *(resource for part in parts for resource in part.resources)),
        {name: value for part in parts for name, value in part.outputs.items()},
    )


def _part(stack: Stack, workload: Workload, artifact_key: str, sleeping: Collection[str]) -> Blueprint:
    whole = RENDERERS[type(workload)](stack, workload, artifact_key)
    return asleep(workload, whole) if workload.name in sleeping else whole
