"""Which of a workload's calls run on provisioned concurrency, and which on demand: its month, minute by minute."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from cost import UsageProfile
from cost.simulation.capacity import Fixed, Utilization, Weekly
from infra.bill.month import Month
from infra.bill.timetable import week
from infra.bill.traffic import NUMPY, SEED, arriving, described, has
from infra.workloads import LambdaEndpoint, ServerlessEndpoint, TargetTracking
from infra.workloads.scaling import highest, lowest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MINUTE: Final = 60
_EVENLY: Final = "expected of calls that come evenly over the month (assumed: its usage names no traffic)"


@dataclass(frozen=True)
class Split:
    """The seconds of a month's calls: `within` what is provisioned, `beyond` it, and `refused` above the limit.

    `provisioned` is how many are ready on average. `note` says what it rests on; empty where nothing is assumed.
    """

    provisioned: Decimal
    within: Decimal
    beyond: Decimal
    refused: Decimal = Decimal(0)
    note: str = ""


@dataclass(frozen=True)
class Unknown:
    """Nothing of it can be expected, and why."""

    note: str


def split(
    workload: LambdaEndpoint | ServerlessEndpoint,
    month: Month,
    seconds: Decimal,
    limit: int | None = None,
    has_numpy: Callable[[], bool] = lambda: has("numpy"),
) -> Split | Unknown:
    """How `seconds` of calls are served, of which at most `limit` at a time; the workload has a usage.

    Raises `InvalidEnvironment` for a usage that cannot be, such as a trace with a gap.
    """
    usage = month.usage(workload)
    assert usage is not None
    kept = workload.provisioned_concurrency or 0
    least, most = lowest(workload.autoscaling, kept), highest(workload.autoscaling, kept)
    if least == most and (not usage.traffic or not (most or limit)):
        # Evenly at any time: nobody needs to look at the minutes.
        within = min(seconds, most * month.seconds)
        return Split(Decimal(most), within, seconds - within, note=_EVENLY if most else "")
    policy = _policy(workload, least, most)
    if policy is None:
        return Unknown(
            "not expected: of what scales provisioned concurrency, only a utilization is simulated"
        )
    if not has_numpy():
        return Unknown(f"not expected: its month is simulated minute by minute, and {NUMPY}")
    return _simulated(workload, usage, month, seconds, policy, limit)


def most_at_a_time(workload: LambdaEndpoint, month: Month, seconds: Decimal) -> float:
    """How many of the calls run at a time in the month's busiest minute; on average where nothing tells the minutes."""
    usage = month.usage(workload)
    average = float(seconds / month.seconds)
    if usage is None or not usage.traffic or not has("numpy"):
        return average
    per_minute = arriving(workload, usage, month).per_minute
    return average * float(per_minute.max() / per_minute.mean()) if per_minute.any() else average


def _policy(
    workload: LambdaEndpoint | ServerlessEndpoint, least: int, most: int
) -> Fixed | Utilization | Weekly | None:
    if least == most:
        return Fixed(most)
    timetable = week(workload.autoscaling, workload.provisioned_concurrency or 0)
    if timetable is not None:
        return Weekly(timetable)
    policy = workload.autoscaling[0] if len(workload.autoscaling) == 1 else None
    if not isinstance(policy, TargetTracking) or policy.utilization is None:
        return None
    return Utilization(
        max(1, policy.min_capacity),
        policy.max_capacity,
        policy.utilization,
        scale_out_cooldown_seconds=policy.scale_out_cooldown_seconds,
        scale_in_cooldown_seconds=policy.scale_in_cooldown_seconds,
    )


def _simulated(
    workload: LambdaEndpoint | ServerlessEndpoint,
    usage: UsageProfile,
    month: Month,
    seconds: Decimal,
    policy: Fixed | Utilization | Weekly,
    limit: int | None,
) -> Split:
    import numpy as np

    traffic = arriving(workload, usage, month)
    each = float(seconds / usage.requests_per_month) if usage.requests_per_month else 0.0
    if isinstance(policy, Utilization):
        counts = traffic.counts(SEED)
        capacity = policy.over(counts, each)
        busy = counts * each
    else:
        busy = traffic.per_minute * each
        capacity = policy.over(np.zeros(len(busy), np.int64))
    ready = int(capacity.billed.sum()) * month.seconds / len(busy)
    taken = busy if limit is None else np.minimum(busy, limit * _MINUTE)
    within = np.minimum(taken, capacity.serving * _MINUTE)
    whole = busy.sum()
    # By chance a few more or fewer requests come than are told; what is billed are those that are told.
    served = seconds * _share(taken, whole)
    if limit is not None:
        served = min(served, limit * month.seconds)
    kept = min(seconds * _share(within, whole), ready, served)
    note = _told(policy, ready / month.seconds, described(usage, traffic))
    if served < seconds:
        note += (
            f"; of that AWS refuses {1 - served / seconds:.1%}, in minutes of up to {busy.max() / _MINUTE:,.1f} at a "
            f"time, above the {limit} of max_concurrency"
        )
    return Split(
        provisioned=ready / month.seconds,
        within=kept,
        beyond=served - kept,
        refused=seconds - served,
        note=note,
    )


def _share(part: "NDArray[Any]", whole: "np.float64") -> Decimal:
    return Decimal(str(round(float(part.sum() / whole), 12))) if whole else Decimal(1)


def _told(policy: Fixed | Utilization | Weekly, provisioned: Decimal, traffic: str) -> str:
    if isinstance(policy, Fixed):
        return f"expected over a month of {traffic}, minute by minute"
    if isinstance(policy, Weekly):
        return (
            f"expected with {provisioned:,.1f} of provisioned concurrency on average: its timetable, over a month of "
            f"{traffic} that begins on a Monday"
        )
    return (
        f"expected with {provisioned:,.1f} of provisioned concurrency on average: its own policy, simulated over a "
        f"month of {traffic}, seed {SEED}"
    )
