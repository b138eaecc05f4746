"""What a workload costs while it sleeps."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cost import InstanceHours, Purchase, ServerlessProvisionedConcurrency
from infra.bill.month import Month
from infra.bill.statement import WorkloadBill
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    InstanceEndpoint,
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


def unasked(workload: BatchJob, priced: WorkloadBill) -> WorkloadBill:
    """The bill of a job without its timetable: it comes to its least, unless somebody submits one."""
    if workload.schedule is None:
        return priced
    note = "it sleeps: its timetable starts nothing, and its usage is not counted."
    return replace(priced, expected=priced.minimum, at_least=None, notes=(note,))


def gone(workload: Any, month: Month) -> WorkloadBill:
    """The bill of an endpoint that sleeps: it is there, and comes to nothing."""
    none = month.estimate(_NOTHING[type(workload)](workload, month.region))
    kind = type(workload).__name__
    return WorkloadBill(workload.name, kind, none, none, none, (), notes=("it sleeps.",))


def _no_instances(workload: InstanceEndpoint, region: str) -> Purchase:
    return InstanceHours(region=region, instance_type=workload.instance_type, hours=0)


_NOTHING: Mapping[type, Callable[[Any, str], Purchase]] = {
    RealtimeEndpoint: _no_instances,
    AsyncEndpoint: _no_instances,
    MultiModelEndpoint: _no_instances,
    ServerlessEndpoint: lambda workload, region: ServerlessProvisionedConcurrency(
        region=region, memory_gb=workload.memory_mb // 1024, seconds=0
    ),
}
