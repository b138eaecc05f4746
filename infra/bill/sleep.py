"""What a workload costs while it sleeps."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cost import Estimate
from infra.bill.statement import WorkloadBill
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ServerlessEndpoint,
)


def _without_concurrency(workload: LambdaEndpoint) -> LambdaEndpoint:
    return replace(workload, provisioned_concurrency=None, autoscaling=())


def _unless_it_keeps_nothing_ready(workload: ServerlessEndpoint) -> ServerlessEndpoint | None:
    return None if workload.provisioned_concurrency or workload.autoscaling else workload


RESTING: Mapping[type, Callable[[Any], Any]] = {
    RealtimeEndpoint: lambda _: None,
    AsyncEndpoint: lambda _: None,
    MultiModelEndpoint: lambda _: None,
    ServerlessEndpoint: _unless_it_keeps_nothing_ready,
    LambdaEndpoint: _without_concurrency,
    BatchJob: lambda workload: replace(workload, schedule=None),
}
"""What is priced in the place of a workload that sleeps; None where nothing of it is billed."""


def gone(name: str, kind: str) -> WorkloadBill:
    """The bill of an endpoint that sleeps: none."""
    return WorkloadBill(name, kind, Estimate(), Estimate(), Estimate(), (), notes=("it sleeps.",))
