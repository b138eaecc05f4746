"""How many a policy wants, after the examples of the Application Auto Scaling User Guide."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.overlay.scaling_arithmetic import ADJUSTMENTS, stepped, tracked


@pytest.mark.parametrize(
    ("capacity", "value", "target", "expected"),
    [
        (1, 100, 100, 1),
        (1, 101, 100, 2),
        (2, 250, 100, 5),
        (4, 50, 100, 2),
        (3, 0, 100, 0),
        (0, 50, 5, 0),  # from none it stays none: this is what the wake-up alarm is for
        (10, 0.7, 0.7, 10),
        (3, 0.1 + 0.2, 0.3, 3),  # and not 4, for what a float leaves over
    ],
)
def test_tracking_a_target(capacity, value, target, expected):
    assert tracked(capacity, value, target) == expected


# "Step scaling policies": threshold 60, adjustments for 0 to 10, 10 to 20, and more
OUT = {
    "AdjustmentType": "PercentChangeInCapacity",
    "StepAdjustments": [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 0},
        {"MetricIntervalLowerBound": 10.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 10},
        {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 30},
    ],
}
IN = {
    "AdjustmentType": "PercentChangeInCapacity",
    "StepAdjustments": [
        {"MetricIntervalLowerBound": -10.0, "MetricIntervalUpperBound": 0.0, "ScalingAdjustment": 0},
        {"MetricIntervalLowerBound": -20.0, "MetricIntervalUpperBound": -10.0, "ScalingAdjustment": -10},
        {"MetricIntervalUpperBound": -20.0, "ScalingAdjustment": -30},
    ],
}


@pytest.mark.parametrize(
    ("configuration", "value", "threshold", "expected"),
    [
        (OUT, 60, 60, 10),  # upwards the lower bound belongs to the step
        (OUT, 69, 60, 10),
        (OUT, 70, 60, 11),
        (OUT, 80, 60, 13),
        (OUT, 59, 60, None),
        (IN, 40, 40, 10),  # downwards the upper bound does
        (IN, 31, 40, 10),
        (IN, 30, 40, 9),
        (IN, 21, 40, 9),
        (IN, 20, 40, 7),
        (IN, 41, 40, None),
    ],
)
def test_steps(configuration, value, threshold, expected):
    assert stepped(10, configuration, value - threshold, configuration is OUT) == expected


@pytest.mark.parametrize(
    ("kind", "capacity", "adjustment", "least", "expected"),
    [
        ("ChangeInCapacity", 3, 5, 0, 8),
        ("ChangeInCapacity", 3, -2, 0, 1),
        ("ExactCapacity", 3, 5, 0, 5),
        ("PercentChangeInCapacity", 10, 10, 0, 11),
        ("PercentChangeInCapacity", 10, 127, 0, 22),  # 12.7 is 12
        ("PercentChangeInCapacity", 10, -67, 0, 4),  # -6.7 is -6
        ("PercentChangeInCapacity", 10, 5, 0, 11),  # 0.5 is 1
        ("PercentChangeInCapacity", 10, -5, 0, 9),  # -0.5 is -1
        ("PercentChangeInCapacity", 4, 25, 2, 6),  # at least two
        ("PercentChangeInCapacity", 4, 0, 2, 4),
    ],
)
def test_adjustments(kind, capacity, adjustment, least, expected):
    assert ADJUSTMENTS[kind](capacity, adjustment, least) == expected


@given(st.integers(1, 1000), st.floats(0, 1e4), st.floats(0.1, 1e4))
def test_what_is_tracked_brings_the_metric_to_its_target_with_as_few_as_can_be(capacity, value, target):
    wanted = tracked(capacity, value, target)
    load = capacity * value
    assert wanted * target >= load * (1 - 1e-6) - 1e-6
    assert wanted == 0 or (wanted - 1) * target <= load * (1 + 1e-6) + 1e-6


@given(st.integers(0, 100), st.floats(-100, 100), st.sampled_from([OUT, IN]))
def test_a_step_is_never_below_none(capacity, distance, configuration):
    wanted = stepped(capacity, configuration, distance, configuration is OUT)
    assert wanted is None or (wanted >= 0 and math.isfinite(wanted))
