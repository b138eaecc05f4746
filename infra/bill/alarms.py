"""The alarms that a workload's scaling and its monitoring make; AWS bills each metric that an alarm watches."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, Literal

from cost import Alarms
from infra.bill.month import Month
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ServerlessEndpoint,
    StepScaling,
    TargetTracking,
    Workload,
)
from infra.workloads.scaling import Policy

Resolution = Literal["standard", "high"]

_PER_TARGET: Final = 2
"""A target-tracking policy makes two alarms, AlarmHigh and AlarmLow, and AWS bills them like any other."""


def alarms(workload: Workload, month: Month) -> list[Alarms]:
    """What CloudWatch bills for `workload`, each resolution on its own."""
    counts: Counter[Resolution] = Counter()
    if not isinstance(workload, BatchJob):
        for policy in workload.autoscaling:
            counts.update(_scaling(policy))
    if isinstance(workload, AsyncEndpoint) and workload.minimum_instances == 0:
        counts["standard"] += 1  # the alarm that wakes it
    counts["standard"] += _monitoring(workload, month)
    return [
        Alarms(region=month.region, count=count, resolution=resolution)
        for resolution, count in sorted(counts.items(), reverse=True)
        if count
    ]


def _scaling(policy: Policy) -> dict[Resolution, int]:
    """A timetable needs no alarm."""
    match policy:
        case TargetTracking(kind="concurrent_requests_per_instance"):
            return {"high": _PER_TARGET}  # seen every 10 s
        case TargetTracking():
            return {"standard": _PER_TARGET}
        case StepScaling():
            return {"high" if policy.metric.period_seconds < 60 else "standard": 1}
        case _:
            return {}


_WATCHED: Final[Mapping[str, Mapping[type[Any], int]]] = {
    "p99_latency_ms": {
        RealtimeEndpoint: 1,
        MultiModelEndpoint: 1,
        ServerlessEndpoint: 1,
        AsyncEndpoint: 1,
        LambdaEndpoint: 1,
    },
    # A formula of two metrics, but for asynchronous endpoints, which publish no count to divide by.
    "server_error_rate": {
        RealtimeEndpoint: 2,
        MultiModelEndpoint: 2,
        ServerlessEndpoint: 2,
        AsyncEndpoint: 1,
        LambdaEndpoint: 2,
    },
    "backlog_age_seconds": {AsyncEndpoint: 1},
    "throttles": {LambdaEndpoint: 1},
}
"""How many metrics each alarm of the settings watches, for the workloads that AWS has them for."""


def _monitoring(workload: Workload, month: Month) -> int:
    """Metrics in the alarms that the settings ask for."""
    settings = month.stack.alarms(workload)
    return sum(
        metrics.get(type(workload), 0)
        for name, metrics in _WATCHED.items()
        if getattr(settings, name) is not None
    )
