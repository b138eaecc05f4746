"""When a workload gets more or fewer instances: tracking a target, steps from an alarm, or a timetable."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from infra.quantities import Number, Whole

CONFIG = ConfigDict(extra="forbid")

Statistic = Literal["Average", "Maximum", "Minimum", "SampleCount", "Sum"]


@dataclass(frozen=True, config=CONFIG)
class Metric:
    """A CloudWatch metric. Without `dimensions` it is that of the workload itself, in its own namespace.

    `period_seconds` is a multiple of 60, as CloudWatch has it; 10, 20 or 30 where the metric comes as often.
    """

    # Lengths and pattern as CloudWatch has them (botocore, cloudwatch PutMetricAlarm).
    name: Annotated[str, Field(min_length=1, max_length=255)]
    namespace: Annotated[str, Field(pattern=r"^[^:].{0,254}$")] | None = Field(default=None, kw_only=True)
    dimensions: (
        Annotated[
            dict[
                Annotated[str, Field(min_length=1, max_length=255)],
                Annotated[str, Field(min_length=1, max_length=1024)],
            ],
            Field(max_length=30),
        ]
        | None
    ) = Field(default=None, kw_only=True)
    statistic: Statistic = Field(default="Average", kw_only=True)
    period_seconds: Annotated[Whole, Field(ge=10)] = Field(default=60, kw_only=True)


TARGETS = (
    "invocations_per_instance",
    "concurrent_requests_per_instance",
    "backlog_per_instance",
    "utilization",
    "target",
)


@dataclass(frozen=True, config=CONFIG, kw_only=True)
class TargetTracking:
    """Keeps one metric near its target, between two counts. Exactly one target is given:

    `invocations_per_instance`: per minute, averaged over the instances
    (`SageMakerVariantInvocationsPerInstance`).
    `concurrent_requests_per_instance`: seen every 10 s
    (`SageMakerVariantConcurrentRequestsPerModelHighResolution`).
    `backlog_per_instance`: waiting requests of an asynchronous endpoint (`ApproximateBacklogSizePerInstance`).
    `utilization`: of provisioned concurrency, above 0 to 1.
    `target` of `metric`: a metric of one's own.

    The counts are instances; with `utilization`, units of provisioned concurrency. Of those a function gives none back
    while nobody calls it, for Lambda publishes their utilization only while they are used: where traffic ends at night,
    a `ScheduledScaling` brings them down.
    """

    max_capacity: Annotated[Whole, Field(ge=1)]
    min_capacity: Annotated[Whole, Field(ge=0)] = 1
    invocations_per_instance: Annotated[Number, Field(gt=0)] | None = None
    concurrent_requests_per_instance: Annotated[Number, Field(gt=0)] | None = None
    backlog_per_instance: Annotated[Number, Field(gt=0)] | None = None
    utilization: Annotated[Number, Field(gt=0, le=1)] | None = None
    metric: Metric | None = None
    target: Annotated[Number, Field(gt=0)] | None = None
    scale_in_cooldown_seconds: Annotated[Whole, Field(ge=0)] = 300
    scale_out_cooldown_seconds: Annotated[Whole, Field(ge=0)] = 60

    @model_validator(mode="after")
    def _one_target(self) -> "TargetTracking":
        given = [name for name in TARGETS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"{' and '.join(given) or 'no target'} given; write exactly one of {', '.join(TARGETS)}"
            )
        if (self.metric is None) != (self.target is None):
            raise ValueError("metric and target belong together; write both")
        return self

    @property
    def kind(self) -> str:
        """Which of the targets is given."""
        return next(name for name in TARGETS if getattr(self, name) is not None)

    @property
    def value(self) -> float:
        """The target itself."""
        value: float = getattr(self, self.kind)
        return value


@dataclass(frozen=True, config=CONFIG)
class Step:
    """What to do while the metric is from `lower` to below `upper`, both counted from the threshold.

    None is without an end. `change` is instances, or per cent with `PercentChangeInCapacity`, or the
    count itself with `ExactCapacity`.
    """

    change: Whole
    lower: Number | None = Field(default=None, kw_only=True)
    upper: Number | None = Field(default=None, kw_only=True)


@dataclass(frozen=True, config=CONFIG, kw_only=True)
class StepScaling:
    """Changes the count by steps while `metric` is beyond `threshold`, between two counts."""

    max_capacity: Annotated[Whole, Field(ge=1)]
    min_capacity: Annotated[Whole, Field(ge=0)] = 1
    metric: Metric
    threshold: Number
    steps: Annotated[Sequence[Step], AfterValidator(tuple), Field(min_length=1)]
    comparison: Literal[
        "GreaterThanOrEqualToThreshold",
        "GreaterThanThreshold",
        "LessThanOrEqualToThreshold",
        "LessThanThreshold",
    ] = "GreaterThanOrEqualToThreshold"
    adjustment: Literal["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"] = "ChangeInCapacity"
    evaluation_periods: Annotated[Whole, Field(ge=1)] = 2
    cooldown_seconds: Annotated[Whole, Field(ge=0)] = 300


@dataclass(frozen=True, config=CONFIG, kw_only=True)
class ScheduledScaling:
    """Sets both bounds at a time: `cron(0 7 ? * MON-FRI *)`, `rate(...)` or `at(...)`, in `timezone`.

    Both 0 end provisioned concurrency until another timetable brings it back. A deploy meanwhile begins with it again.
    """

    schedule: str
    min_capacity: Annotated[Whole, Field(ge=0)]
    max_capacity: Annotated[Whole, Field(ge=0)]
    timezone: str = "UTC"


Policy = TargetTracking | StepScaling | ScheduledScaling


def _as_tuple(value: Any) -> Any:
    if value is None:
        return ()
    return (value,) if isinstance(value, Policy) else value


Autoscaling = Annotated[tuple[Policy, ...], BeforeValidator(_as_tuple)]
"""None, one policy, or several on the same workload."""


def bounded(policies: tuple[Policy, ...]) -> list[TargetTracking | StepScaling]:
    """The policies that carry the everyday bounds; a timetable only moves them."""
    return [policy for policy in policies if not isinstance(policy, ScheduledScaling)]


def least(policies: tuple[Policy, ...], at_rest: int) -> int:
    """The everyday minimum; `at_rest` where nothing but a timetable, or nothing at all, scales."""
    return bounded(policies)[0].min_capacity if bounded(policies) else at_rest


def most(policies: tuple[Policy, ...], at_rest: int) -> int:
    """The everyday maximum; `at_rest` where nothing but a timetable, or nothing at all, scales."""
    return bounded(policies)[0].max_capacity if bounded(policies) else at_rest


def lowest(policies: tuple[Policy, ...], at_rest: int) -> int:
    """The least count at any time, timetables included."""
    return min([least(policies, at_rest), *(policy.min_capacity for policy in policies)])


def highest(policies: tuple[Policy, ...], at_rest: int) -> int:
    """The most at any time, timetables included."""
    return max([most(policies, at_rest), *(policy.max_capacity for policy in policies)])
