"""One scaling policy or timetable as the provider has it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.blueprint.metrics import Place
from infra.blueprint.resource import Join, Resource
from infra.workloads import Metric, ScheduledScaling, Step, StepScaling, TargetTracking


@dataclass(frozen=True)
class Scaled:
    """What is scaled: its name on AWS and in the stack, where it is, and where CloudWatch has its metrics.

    `home` is the resource that it is part of. `at_rest` is the count without any policy. `utilization` is the
    predefined metric of provisioned concurrency.
    """

    name: str
    workload: str
    namespace: str
    dimension: str
    resource_id: Join
    home: Resource
    at_rest: int
    locate: Callable[[str], Place]
    utilization: str | None = None


@dataclass(frozen=True)
class Position:
    """Where a policy stands: on which target, under which label, and after which other policy."""

    scaled: Scaled
    target: Resource
    label: str
    after: Resource

    @property
    def name(self) -> str:
        """The policy's name on AWS."""
        return f"{self.scaled.name}-{self.label}"

    @property
    def key(self) -> str:
        """The policy's name in the stack."""
        return f"{self.scaled.workload}-{self.label}"

    def on_target(self, type: str, arguments: Mapping[str, Any]) -> Resource:
        """A resource of that type on the target, with the target's attributes and no literals.

        One after the other: AWS answers ConcurrentUpdateException to two at once, and the provider gives up. And AWS
        drops the policies of a target that is deregistered, without the provider seeing it.
        """
        attributes = ("service_namespace", "scalable_dimension", "resource_id")
        return Resource(
            type,
            self.key,
            {"name": self.name, **{name: self.target.ref(name) for name in attributes}, **arguments},
            depends_on=() if self.after is self.target else (self.after,),
            follows=(self.target,),
        )


def target_tracking(position: Position, policy: TargetTracking) -> tuple[Resource, ...]:
    """The policy; AWS makes its alarms itself."""
    return (
        position.on_target(
            "aws_appautoscaling_policy",
            {
                "policy_type": "TargetTrackingScaling",
                "target_tracking_scaling_policy_configuration": {
                    "target_value": policy.value,
                    "scale_in_cooldown": policy.scale_in_cooldown_seconds,
                    "scale_out_cooldown": policy.scale_out_cooldown_seconds,
                    **_TARGETS[policy.kind](position.scaled, policy),
                },
            },
        ),
    )


def _predefined(name: str | None) -> dict[str, Any]:
    return {"predefined_metric_specification": {"predefined_metric_type": name}}


def _customized(scaled: Scaled, metric: Metric) -> dict[str, Any]:
    namespace, dimensions = _located(scaled, metric)
    return {
        "customized_metric_specification": {
            "namespace": namespace,
            "metric_name": metric.name,
            "statistic": metric.statistic,
            "dimensions": [{"name": name, "value": value} for name, value in dimensions.items()],
        }
    }


def _located(scaled: Scaled, metric: Metric) -> Place:
    namespace, dimensions = scaled.locate(metric.name)
    return metric.namespace or namespace, dimensions if metric.dimensions is None else metric.dimensions


def _own(scaled: Scaled, policy: TargetTracking) -> dict[str, Any]:
    assert policy.metric is not None
    return _customized(scaled, policy.metric)


_TARGETS: Mapping[str, Callable[[Scaled, TargetTracking], dict[str, Any]]] = {
    "invocations_per_instance": lambda _, __: _predefined("SageMakerVariantInvocationsPerInstance"),
    "concurrent_requests_per_instance": lambda _, __: _predefined(
        "SageMakerVariantConcurrentRequestsPerModelHighResolution"
    ),
    # AWS has no predefined one. With VariantName beside EndpointName its alarm never sees a datapoint.
    "backlog_per_instance": lambda scaled, _: _customized(
        scaled, Metric("ApproximateBacklogSizePerInstance", statistic="Average")
    ),
    "utilization": lambda scaled, _: _predefined(scaled.utilization),
    "target": _own,
}


def step_scaling(position: Position, policy: StepScaling) -> tuple[Resource, ...]:
    """The policy, and the alarm that starts it."""
    return _stepped(
        position,
        policy,
        {
            "comparison_operator": policy.comparison,
            "threshold": policy.threshold,
            "evaluation_periods": policy.evaluation_periods,
        },
    )


def wake_up(position: Position) -> tuple[Resource, ...]:
    """What takes an asynchronous endpoint from no instance to one (AWS's 'Autoscale an asynchronous endpoint').

    Target tracking alone never leaves zero: per instance of none there is no backlog to measure.
    """
    policy = StepScaling(
        min_capacity=0,
        max_capacity=1,
        metric=Metric("HasBacklogWithoutCapacity", statistic="Average", period_seconds=60),
        threshold=1,
        steps=(Step(1, lower=0),),
        cooldown_seconds=300,
    )
    return _stepped(
        position,
        policy,
        {
            "comparison_operator": "GreaterThanOrEqualToThreshold",
            "threshold": 1,
            "evaluation_periods": 2,
            "datapoints_to_alarm": 2,
        },
    )


def _stepped(position: Position, policy: StepScaling, condition: dict[str, Any]) -> tuple[Resource, ...]:
    scaling = position.on_target(
        "aws_appautoscaling_policy",
        {
            "policy_type": "StepScaling",
            "step_scaling_policy_configuration": {
                "adjustment_type": policy.adjustment,
                "cooldown": policy.cooldown_seconds,
                "metric_aggregation_type": _AGGREGATIONS.get(policy.metric.statistic, "Average"),
                "step_adjustment": [_adjustment(step) for step in policy.steps],
            },
        },
    )
    namespace, dimensions = _located(position.scaled, policy.metric)
    alarm = Resource(
        "aws_cloudwatch_metric_alarm",
        position.key,
        {
            "alarm_name": position.name,
            "alarm_description": f"Scales {position.scaled.name}; nobody has to do anything.",
            "namespace": namespace,
            "metric_name": policy.metric.name,
            "dimensions": dimensions,
            "statistic": policy.metric.statistic,
            "period": policy.metric.period_seconds,
            **condition,
            # No datapoint is no reason to change a count.
            "treat_missing_data": "missing",
            "alarm_actions": [scaling.ref("arn")],
        },
    )
    return scaling, alarm


# What Application Auto Scaling can make of the alarm's datapoints; of sums and counts it takes the mean.
_AGGREGATIONS: Mapping[str, str] = {name: name for name in ("Average", "Maximum", "Minimum")}


def _adjustment(step: Step) -> dict[str, Any]:
    # The provider has the bounds as text, to tell 0 from none.
    bounds = {"metric_interval_lower_bound": step.lower, "metric_interval_upper_bound": step.upper}
    return {
        **{name: _text(value) for name, value in bounds.items() if value is not None},
        "scaling_adjustment": step.change,
    }


def _text(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def timetable(position: Position, policy: ScheduledScaling) -> tuple[Resource, ...]:
    """The scheduled action that sets the target's bounds."""
    return (
        position.on_target(
            "aws_appautoscaling_scheduled_action",
            {
                "schedule": policy.schedule,
                "timezone": policy.timezone,
                "scalable_target_action": {
                    "min_capacity": policy.min_capacity,
                    "max_capacity": policy.max_capacity,
                },
            },
        ),
    )


RENDERERS: Mapping[type, Callable[[Position, Any], tuple[Resource, ...]]] = {
    TargetTracking: target_tracking,
    StepScaling: step_scaling,
    ScheduledScaling: timetable,
}
