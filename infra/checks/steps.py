"""Steps and alarms of step scaling that AWS takes."""

import itertools
import math
from collections.abc import Iterator

from infra.workloads import Metric, Step, StepScaling

PERIODS = (10, 20, 30)
"""Seconds, besides multiples of 60 (botocore, cloudwatch PutMetricAlarm `Period`; the provider takes the same)."""

MINUTE = 60
EVERY_10_SECONDS = frozenset({"ConcurrentRequestsPerModel"})
"""What AWS publishes oftener than once a minute (SageMaker Developer Guide, 'Define a scaling policy'). All else of its
has no datapoint in most periods of 10 s, and the alarm would go off by chance."""

DAY, WEEK = 86_400, 604_800


def wrong_steps(policy: StepScaling) -> Iterator[str]:
    """What AWS would refuse of the steps (botocore, application-autoscaling `StepAdjustment`)."""
    steps = sorted(policy.steps, key=_lower)
    for step in steps:
        if step.lower is None and step.upper is None:
            yield f"a step of {step.change:+d} has neither lower nor upper; write lower=0 for all beyond the threshold"
            return
        if _lower(step) >= _upper(step):
            yield f"the step {_span(step)} is empty; write an upper that is above lower"
            return
    for one, other in itertools.pairwise(steps):
        if _upper(one) > _lower(other):
            yield f"the steps {_span(one)} and {_span(other)} overlap; {_joint(one, other)}"
        if _upper(one) < _lower(other):
            yield f"there is a gap between the steps {_span(one)} and {_span(other)}; {_joint(one, other)}"
    first, last = steps[0], steps[-1]
    if first.lower is not None and first.lower < 0:
        yield f"the lowest step {_span(first)} ends below the threshold; leave its lower out"
    if last.upper is not None and last.upper > 0:
        yield f"the highest step {_span(last)} ends above the threshold; leave its upper out"
    if policy.adjustment == "ExactCapacity":
        for step in steps:
            if step.change < 0:
                yield f"ExactCapacity with change {step.change}; write the count itself, from 0 on"


def wrong_period(metric: Metric) -> Iterator[str]:
    """A period that CloudWatch does not take, or in which there is nothing to see."""
    seconds = metric.period_seconds
    of_aws = metric.namespace is None or metric.namespace.startswith("AWS/")
    if seconds not in PERIODS and seconds % MINUTE:
        minutes = max(1, round(seconds / MINUTE))
        yield (
            f"period_seconds {seconds} of {metric.name}; CloudWatch takes 10, 20, 30 and multiples of 60: "
            f"write {minutes * MINUTE}"
        )
    elif seconds < MINUTE and of_aws and metric.name not in EVERY_10_SECONDS:
        yield (
            f"period_seconds {seconds} of {metric.name}, which AWS publishes once a minute; write 60, or the metric "
            f"{', '.join(sorted(EVERY_10_SECONDS))}"
        )


def wrong_window(policy: StepScaling) -> Iterator[str]:
    """An alarm that looks further back than CloudWatch does."""
    period = policy.metric.period_seconds
    longest = DAY if period < 3600 else WEEK
    if period * policy.evaluation_periods > longest:
        yield (
            f"{policy.evaluation_periods} evaluation_periods of {period} s; CloudWatch looks back over {longest} s: "
            f"write at most {longest // period}"
        )


def _lower(step: Step) -> float:
    return -math.inf if step.lower is None else step.lower


def _upper(step: Step) -> float:
    return math.inf if step.upper is None else step.upper


def _span(step: Step) -> str:
    return f"{_bound(_lower(step))} to {_bound(_upper(step))}"


def _bound(value: float) -> str:
    return "any" if math.isinf(value) else f"{value:g}"


def _joint(one: Step, other: Step) -> str:
    edge = next((edge for edge in (other.lower, one.upper) if edge is not None), 0)
    return f"let the one end where the other begins, as in upper={edge:g} and lower={edge:g}"
