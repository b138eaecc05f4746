"""What AWS refuses of a scaling policy."""

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

from infra.local.overlay.scaling_metrics import PREDEFINED
from infra.local.overlay.scaling_registry import Place, Policy

SPECIFICATIONS = ("PredefinedMetricSpecification", "CustomizedMetricSpecification")

Configuration = Mapping[str, Any]


def check_policy(
    kind: str, configuration: Configuration, place: Place, others: Iterable[Policy]
) -> str | None:
    """Why AWS does not take it, beside the other policies of its target; None where it does."""
    return _CHECKS[kind](configuration, place, [policy for policy in others if policy.kind == kind])


def _tracking(configuration: Configuration, place: Place, others: list[Policy]) -> str | None:
    given = [name for name in SPECIFICATIONS if configuration.get(name)]
    if len(given) != 1:
        return f"Exactly one of {' and '.join(SPECIFICATIONS)} must be specified."
    if configuration["TargetValue"] <= 0:
        return "TargetValue must be greater than 0."
    metric = configuration[given[0]]
    if "PredefinedMetricType" in metric:
        name = metric["PredefinedMetricType"]
        if name not in PREDEFINED or PREDEFINED[name].dimension != place.dimension:
            return f"The predefined metric type {name} is not supported for {place.dimension}."
    elif "Metrics" not in metric and not {"MetricName", "Namespace", "Statistic"} <= metric.keys():
        return "A customized metric needs MetricName, Namespace and Statistic."
    if any(other.configuration.get(given[0]) == metric for other in others):
        return "Only one TargetTrackingScaling policy for a given metric specification is allowed."
    return None


def _steps(configuration: Configuration, place: Place, others: list[Policy]) -> str | None:
    steps = configuration.get("StepAdjustments") or []
    if "AdjustmentType" not in configuration or not steps:
        return "A step scaling policy needs AdjustmentType and at least one of StepAdjustments."
    if (
        configuration.get("MinAdjustmentMagnitude")
        and configuration["AdjustmentType"] != "PercentChangeInCapacity"
    ):
        return "MinAdjustmentMagnitude is only for the adjustment type PercentChangeInCapacity."
    bounds = [(step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")) for step in steps]
    if any(low is None and high is None for low, high in bounds):
        return "At least one of a step adjustment's bounds must be specified."
    spans = sorted(
        (-math.inf if low is None else low, math.inf if high is None else high) for low, high in bounds
    )
    if any(low >= high for low, high in spans):
        return "The upper bound of a step adjustment must be greater than its lower bound."
    if any(before[1] != after[0] for before, after in pairwise(spans)):
        return "Step adjustment intervals can't overlap or have a gap between them."
    return None


_CHECKS: Mapping[str, Callable[[Configuration, Place, list[Policy]], str | None]] = {
    "TargetTrackingScaling": _tracking,
    "StepScaling": _steps,
}
