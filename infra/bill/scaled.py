"""How many instance-hours a workload that scales is expected to take: its own policy, simulated over its usage."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from cost.simulation.capacity import Backlog, Tracking
from infra.bill.load import at_a_time, takes
from infra.bill.month import Month
from infra.bill.timetable import week
from infra.bill.traffic import NUMPY as NUMPY
from infra.bill.traffic import SEED, arriving, described
from infra.bill.traffic import has as has
from infra.workloads import (
    AsyncEndpoint,
    InstanceEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    TargetTracking,
)


@dataclass(frozen=True)
class Expected:
    """`hours` of instances in the month, None where they are not known; `note` says what they rest on, or why not."""

    hours: Decimal | None
    note: str


def expected(
    workload: InstanceEndpoint, month: Month, has_numpy: Callable[[], bool] = lambda: has("numpy")
) -> Expected | None:
    """The simulated month of a workload between two counts; None where no usage is told, and it needs one.

    Raises `InvalidEnvironment` for a usage that cannot be, such as a trace with a gap.
    """
    usage = month.usage(workload)
    timetable = week(workload.autoscaling, workload.instance_count)
    if timetable is not None:
        return _scheduled(timetable, month)
    if usage is None:
        return None
    policy = workload.autoscaling[0] if len(workload.autoscaling) == 1 else None
    kind = policy.kind if isinstance(policy, TargetTracking) else ""
    made = POLICIES.get((type(workload), kind))
    if made is None or not isinstance(policy, TargetTracking):
        return Expected(
            None,
            "not expected: only a target of requests per instance or of a backlog, and a timetable of every week "
            "alone, is simulated",
        )
    if kind == "backlog_per_instance" and takes(workload, month) is None:
        return Expected(
            None, "not expected: write duration_ms into its usage, which says when a backlog is worked off"
        )
    if not has_numpy():
        return Expected(None, f"not expected: what its scaling comes to is simulated, and {NUMPY}")
    traffic = arriving(workload, usage, month)
    minutes = made(workload, policy, month).over(traffic.counts(SEED)).billed
    hours = int(minutes.sum()) * month.hours / len(minutes)
    return Expected(
        hours,
        f"expected {hours:,.1f} instance-hours: its own policy, simulated over a month of {described(usage, traffic)}, "
        f"seed {SEED}",
    )


def _scheduled(timetable: Sequence[int], month: Month) -> Expected:
    minutes = math.ceil(month.hours * 60)
    hours = sum(itertools.islice(itertools.cycle(timetable), minutes)) * month.hours / minutes
    return Expected(
        hours, f"expected {hours:,.1f} instance-hours: its timetable, in a month that begins on a Monday"
    )


def _tracking(_workload: InstanceEndpoint, policy: TargetTracking, _month: Month) -> Tracking:
    return Tracking(
        max(1, policy.min_capacity),
        policy.max_capacity,
        per_instance=policy.value,
        scale_out_cooldown_seconds=policy.scale_out_cooldown_seconds,
        scale_in_cooldown_seconds=policy.scale_in_cooldown_seconds,
    )


def _backlog(workload: AsyncEndpoint, policy: TargetTracking, month: Month) -> Backlog:
    found = takes(workload, month)
    assert found is not None
    slots = [workload.concurrent_requests_per_instance, at_a_time(workload, month)]
    return Backlog(
        policy.max_capacity,
        per_instance=policy.value,
        served_per_instance=min(slot for slot in slots if slot is not None) * 60_000 / float(found.ms),
        minimum=policy.min_capacity,
        scale_in_cooldown_seconds=policy.scale_in_cooldown_seconds,
    )


POLICIES: Final[Mapping[tuple[type, str], Callable[[Any, TargetTracking, Month], Tracking | Backlog]]] = {
    (RealtimeEndpoint, "invocations_per_instance"): _tracking,
    (MultiModelEndpoint, "invocations_per_instance"): _tracking,
    (AsyncEndpoint, "backlog_per_instance"): _backlog,
}
"""The policies that can be simulated, by the kind of workload and of target."""
