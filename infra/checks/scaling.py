"""Counts and policies that AWS takes."""

from collections.abc import Iterator, Mapping

from infra import instances
from infra.checks.kinds import on_instances
from infra.checks.metrics import wrong_name
from infra.checks.schedules import wrong_timetable
from infra.checks.steps import wrong_period, wrong_steps, wrong_window
from infra.stack import Stack
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    InstanceEndpoint,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ScheduledScaling,
    ServerlessEndpoint,
    StepScaling,
    TargetTracking,
    Workload,
)
from infra.workloads.scaling import Policy, bounded

Scalable = InstanceEndpoint | ServerlessEndpoint | LambdaEndpoint

_PER_INSTANCE = ("invocations_per_instance", "concurrent_requests_per_instance", "target")
TARGETS_OF: Mapping[type, tuple[str, ...]] = {
    RealtimeEndpoint: _PER_INSTANCE,
    MultiModelEndpoint: _PER_INSTANCE,
    # It publishes no metric per invocation (SageMaker Developer Guide, 'Monitor asynchronous endpoint').
    AsyncEndpoint: ("backlog_per_instance", "target"),
    ServerlessEndpoint: ("utilization", "target"),
    LambdaEndpoint: ("utilization", "target"),
    BatchJob: (),
}
"""Which targets of target tracking go with which kind of workload."""

_EXAMPLES = {
    "invocations_per_instance": "invocations_per_instance=600",
    "backlog_per_instance": "backlog_per_instance=5",
    "utilization": "utilization=0.7",
}


def _scalable(stack: Stack) -> Iterator[tuple[Scalable, tuple[Policy, ...]]]:
    for workload in stack.workloads:
        if isinstance(workload, Scalable) and workload.autoscaling:
            yield workload, workload.autoscaling


def _called(policy: Policy) -> str:
    return f" of {policy.schedule}" if isinstance(policy, ScheduledScaling) else ""


def _bounds(stack: Stack) -> Iterator[str]:
    for workload, policies in _scalable(stack):
        for policy in policies:
            if policy.min_capacity > policy.max_capacity:
                yield (
                    f"{workload.name}: min_capacity {policy.min_capacity}{_called(policy)} is above max_capacity "
                    f"{policy.max_capacity}; write a minimum that is at most the maximum."
                )
        everyday = list(dict.fromkeys((one.min_capacity, one.max_capacity) for one in bounded(policies)))
        if len(everyday) > 1:
            spans = " and ".join(f"{least} to {most}" for least, most in everyday)
            yield (
                f"{workload.name}: its policies go from {spans}; AWS keeps one minimum and one maximum for all of "
                "them: write the same in each, and other bounds at other times as ScheduledScaling."
            )


_ALWAYS_ONE: Mapping[type, str] = {
    RealtimeEndpoint: "a real-time endpoint keeps at least 1 instance: write min_capacity=1, or use a "
    "LambdaEndpoint, which costs nothing at rest, or an AsyncEndpoint",
    MultiModelEndpoint: "a multi-model endpoint keeps at least 1 instance: write min_capacity=1",
    ServerlessEndpoint: "provisioned concurrency that is gone has no utilization to come back by: write "
    "min_capacity=1, or leave provisioned_concurrency and autoscaling out, which costs nothing at rest",
    LambdaEndpoint: "provisioned concurrency that is gone has no utilization to come back by: write "
    "min_capacity=1, or leave provisioned_concurrency and autoscaling out, which costs nothing at rest",
}


def _zero(stack: Stack) -> Iterator[str]:
    for workload, policies in _scalable(stack):
        for policy in policies:
            if policy.min_capacity > 0 or _off_for_a_while(workload, policy):
                continue
            if not isinstance(workload, AsyncEndpoint):
                yield f"{workload.name}: min_capacity{_called(policy)} is 0; {_ALWAYS_ONE[type(workload)]}."
            elif not any(isinstance(one, TargetTracking) and one.backlog_per_instance for one in policies):
                yield (
                    f"{workload.name}: min_capacity{_called(policy)} is 0 without backlog_per_instance, and nothing "
                    "else is measured while no instance is up; write TargetTracking(min_capacity=0, "
                    f"max_capacity={max(1, policy.max_capacity)}, backlog_per_instance=5), or min_capacity=1."
                )


def _off_for_a_while(workload: Scalable, policy: Policy) -> bool:
    """Whether a timetable ends provisioned concurrency: calls are still answered, by what AWS brings up for them."""
    return isinstance(workload, ServerlessEndpoint | LambdaEndpoint) and isinstance(policy, ScheduledScaling)


def _on_again(stack: Stack) -> Iterator[str]:
    for workload, policies in _scalable(stack):
        timetables = [policy for policy in policies if isinstance(policy, ScheduledScaling)]
        off = [
            policy for policy in timetables if not policy.min_capacity and _off_for_a_while(workload, policy)
        ]
        if off and len(off) == len(timetables):
            yield (
                f"{workload.name}: min_capacity{_called(off[0])} is 0, and nothing brings provisioned concurrency "
                'back; write another ScheduledScaling for that, such as schedule="cron(0 7 ? * MON-FRI *)" with '
                "min_capacity=1."
            )


def _targets(stack: Stack) -> Iterator[str]:
    for workload, policies in _scalable(stack):
        allowed = TARGETS_OF[type(workload)]
        for policy in policies:
            if isinstance(policy, TargetTracking) and policy.kind not in allowed:
                yield (
                    f"{workload.name}: AWS has no {policy.kind} of {_article(workload)}; write "
                    f"{_EXAMPLES[allowed[0]]}, or target and metric of your own."
                )


def _article(workload: Workload) -> str:
    kind = type(workload).__name__
    return f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind}"


def _burstable(stack: Stack) -> Iterator[str]:
    for workload in on_instances(stack):
        known = workload.instance_type in instances.hosting_types()
        if workload.autoscaling and known and instances.is_burstable(workload.instance_type):
            yield (
                f"{workload.name}: {workload.instance_type} is burstable, and AWS does not autoscale it; "
                "write ml.m5.large or another type that is not ml.t*, or leave autoscaling out."
            )


def _beginnings(stack: Stack) -> Iterator[str]:
    for workload, policies in _scalable(stack):
        if isinstance(workload, InstanceEndpoint):
            field, begins = "instance_count", workload.instance_count
        else:
            field, begins = "provisioned_concurrency", workload.provisioned_concurrency or 0
        for policy in bounded(policies)[:1]:
            if begins > policy.max_capacity:
                yield (
                    f"{workload.name}: {field} {begins} is above max_capacity {policy.max_capacity}; write a count "
                    "that is at most the maximum."
                )


def _provisioned(stack: Stack) -> Iterator[str]:
    for workload, _ in _scalable(stack):
        if not isinstance(workload, InstanceEndpoint) and workload.provisioned_concurrency is None:
            yield (
                f"{workload.name}: autoscaling without provisioned_concurrency has nothing to scale, for AWS brings up "
                "the rest by itself; write provisioned_concurrency=1, or leave autoscaling out."
            )


def _steps(stack: Stack) -> Iterator[str]:
    for workload, policies in _scalable(stack):
        for policy in policies:
            # botocore, application-autoscaling PutScalingPolicy `PolicyType`: 'Not supported for ... Lambda'.
            if isinstance(policy, StepScaling) and isinstance(workload, LambdaEndpoint):
                yield (
                    f"{workload.name}: AWS has no step scaling of functions; write {_EXAMPLES['utilization']} in a "
                    "TargetTracking, or a ScheduledScaling."
                )
            elif isinstance(policy, StepScaling):
                wrong = (*wrong_steps(policy), *wrong_period(policy.metric), *wrong_window(policy))
                yield from (f"{workload.name}: {finding}." for finding in wrong)


def _own_metrics(stack: Stack) -> Iterator[str]:
    for workload, policies in _scalable(stack):
        for policy in policies:
            metric = policy.metric if isinstance(policy, TargetTracking) else None
            # The provider has no argument for the period of a target-tracking metric.
            if metric is not None and metric.period_seconds != 60:
                yield (
                    f"{workload.name}: period_seconds {metric.period_seconds} of {metric.name}; target tracking looks "
                    "at every minute: leave period_seconds out, or use StepScaling."
                )


def _names(stack: Stack) -> Iterator[str]:
    for workload, policies in _scalable(stack):
        for policy in policies:
            metric = policy.metric if isinstance(policy, TargetTracking | StepScaling) else None
            stepped = isinstance(policy, StepScaling) and isinstance(workload, LambdaEndpoint)  # told above
            if metric is not None and not stepped:
                yield from (f"{workload.name}: {finding}." for finding in wrong_name(workload, metric))


def _twice(stack: Stack) -> Iterator[str]:
    """Application Auto Scaling takes several target tracking policies only where each has another metric."""
    for workload, policies in _scalable(stack):
        tracked = [(policy.kind, policy.metric) for policy in policies if isinstance(policy, TargetTracking)]
        for place, (kind, metric) in enumerate(tracked):
            if tracked.index((kind, metric)) == place and tracked.count((kind, metric)) > 1:
                what = kind if metric is None else f"metric {metric.name}"
                yield (
                    f"{workload.name}: {tracked.count((kind, metric))} policies track {what}; AWS takes one for each "
                    "metric: keep the one with the target that is meant."
                )


def _timetables(stack: Stack) -> Iterator[str]:
    for workload, policies in _scalable(stack):
        for policy in policies:
            if isinstance(policy, ScheduledScaling):
                for finding in wrong_timetable(policy.schedule, policy.timezone):
                    yield f"{workload.name}: {finding}."


CHECKS = (
    _bounds,
    _twice,
    _zero,
    _on_again,
    _targets,
    _burstable,
    _beginnings,
    _provisioned,
    _steps,
    _own_metrics,
    _names,
    _timetables,
)
