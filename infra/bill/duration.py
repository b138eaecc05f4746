"""How long a workload's request runs on average: as its usage tells, or as its model was measured."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cost import UsageProfile
from cost.amount import plain
from cost.comparison.by_request import MB_PER_VCPU
from cost.simulation.month import ServiceTime
from infra.workloads import LambdaEndpoint, ServerlessEndpoint, Workload
from model_packaging.profile import Answered

_PLACES: Final = 3


@dataclass(frozen=True)
class Duration:
    """`ms` on average; `note` says what that rests on, empty where the usage says it as it is.

    `origin` is the words for it in an error.
    """

    ms: Decimal
    note: str = ""
    origin: str = "duration_ms is"


def duration(workload: Workload, usage: UsageProfile, recorded: Answered | None) -> Duration | None:
    """What is billed of a request, as `compare` has it; None where neither usage nor profile.json tells.

    A median and a p99 stand for a log-normal, whose mean is above the median. What the usage tells holds for the
    workload's memory; what was measured had whole processors, and is scaled.
    """
    typical, slowest = usage.duration_ms, usage.duration_p99_ms
    if typical is not None and slowest is not None:
        mean = _mean(float(typical), float(slowest))
        shape = f"log-normal, with a median of {plain(typical)} and a p99 of {plain(slowest)}"
        return Duration(
            mean,
            f"{plain(mean)} ms a request on average: {shape}.",
            "duration_ms and duration_p99_ms come to a mean of",
        )
    if typical is not None:
        return Duration(typical)
    if recorded is None:
        return None
    slower = share_of_processor(workload, recorded)
    mean = _mean(recorded.p50_ms * slower, recorded.p99_ms * slower)
    words = f"{plain(mean)} ms a request on average: {recorded.origin}"
    if slower > 1:
        words += f", and {slower:.1f} times as long at {_memory_mb(workload)} MB, which has a part of its processors"
    return Duration(mean, f"{words}.", "the duration in profile.json comes to a mean of")


def share_of_processor(workload: Workload, recorded: Answered) -> float:
    """How many times as long the model takes as it was measured, for what of its processors the memory brings.

    SageMaker Serverless is taken to do as Lambda does, since AWS does not say what it has.
    """
    memory_mb = _memory_mb(workload)
    if memory_mb is None:
        return 1.0
    threads = max(1, round(recorded.threads or 1))
    return max(1.0, threads * MB_PER_VCPU / memory_mb)


def _memory_mb(workload: Workload) -> int | None:
    return workload.memory_mb if isinstance(workload, LambdaEndpoint | ServerlessEndpoint) else None


def _mean(median_ms: float, p99_ms: float) -> Decimal:
    if not median_ms > 0:
        return Decimal(0)
    return Decimal(str(round(ServiceTime(median_ms, p99_ms).mean_seconds * 1000, _PLACES))).normalize()
