"""How many a policy wants: target tracking and steps (Application Auto Scaling User Guide). Nothing but numbers."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

MOST = 2**31 - 1

SCALE_IN_SHARE = 0.9
"""AWS scales in only below this share of a target."""


def tracked(capacity: int, value: float, target: float) -> int:
    """The capacity at which a metric per unit of capacity, now `value`, would be at its target.

    From none it stays none: there is nothing to divide among.
    """
    return min(MOST, math.ceil(round(capacity * value / target, 9)))


def stepped(capacity: int, configuration: Mapping[str, Any], distance: float, upwards: bool) -> int | None:
    """What the step that `distance` from the threshold lies in makes of `capacity`; None where it lies in none.

    Of an alarm that goes off upwards the lower bound belongs to the step, and of the other the upper bound.
    """
    for step in configuration["StepAdjustments"]:
        low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        low, high = -math.inf if low is None else low, math.inf if high is None else high
        if low <= distance < high if upwards else low < distance <= high:
            change = ADJUSTMENTS[configuration["AdjustmentType"]]
            least = configuration.get("MinAdjustmentMagnitude") or 0
            return max(0, min(MOST, change(capacity, step["ScalingAdjustment"], least)))
    return None


def _percent(capacity: int, adjustment: int, least: int) -> int:
    """Towards zero, but at least one; AWS's rule for what is no whole number."""
    exact = capacity * adjustment / 100
    change = math.trunc(exact) if abs(exact) >= 1 else int(math.copysign(1, exact)) if exact else 0
    if change and abs(change) < least:
        change = int(math.copysign(least, change))
    return capacity + change


ADJUSTMENTS: Mapping[str, Callable[[int, int, int], int]] = {
    "ChangeInCapacity": lambda capacity, adjustment, least: capacity + adjustment,
    "PercentChangeInCapacity": _percent,
    "ExactCapacity": lambda capacity, adjustment, least: adjustment,
}

AGGREGATIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Average": lambda values: math.fsum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
}
"""What a step policy makes of the datapoints of its alarm."""
