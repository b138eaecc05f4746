"""Alarms, policies and timetables move a capacity, minute by minute, on a clock that the test drives."""

import itertools
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.cloudwatch.models import cloudwatch_backends

from infra.local.machine import Machine
from infra.local.overlay import alarms, scaling_engine, scaling_metrics, scaling_timetables
from infra.local.overlay.alarm_requests import SCALING
from infra.local.overlay.alarms import Watch
from infra.local.overlay.capacities import CAPACITIES
from infra.local.overlay.scaling_registry import Place, Policy, Target, Timetable, scaling_backends
from infra.local.telemetry import Metric, put_metrics
from tests.infra.local.hand_clock import HandClock

REGION, DIMENSION = "us-east-1", "test:thing:Count"
PLACE = Place("test", "thing/one", DIMENSION)
accounts = itertools.count(700_000_000_000)


class Things:
    """A capacity that is there at once, or that refuses, or that takes its time."""

    words, service, role, cooldown_seconds = "desired count", "test", "Test", 300

    def __init__(self) -> None:
        self.value, self.slow, self.refuses = 1, False, False

    def refusal(self, account_id, region, place, minimum):
        return None

    def exists(self, account_id, region, place):
        return True

    def read(self, account_id, region, place):
        return self.value

    def write(self, account_id, region, place, value):
        if self.refuses:
            raise RuntimeError("Cannot update in-progress endpoint.")
        self.value = value

    def is_settled(self, account_id, region, place):
        return not self.slow


class World:
    """One target with policies in an account of its own."""

    def __init__(self, minimum: int = 1, maximum: int = 10) -> None:
        self.account, self.clock, self.things = str(next(accounts)), HandClock(), Things()
        self.before = getattr(Watch, "machine", None)
        Watch.machine = Machine(Path("nowhere"), aws_time=self.clock)
        CAPACITIES[DIMENSION] = self.things
        self.backend = scaling_backends[self.account][REGION]
        self.cloudwatch = cloudwatch_backends[self.account][REGION]
        self.target = Target(PLACE, "arn", "role", minimum, maximum, self.clock.now())
        self.backend.targets[PLACE] = self.target

    def close(self) -> None:
        Watch.machine = self.before
        del CAPACITIES[DIMENSION], scaling_backends[self.account], cloudwatch_backends[self.account]

    def track(self, target: float, metric: str = "load", **configuration) -> Policy:
        own = {"Namespace": "N", "MetricName": metric, "Statistic": "Average"}
        return self._policy(
            "TargetTrackingScaling",
            f"track-{metric}",
            {"TargetValue": target, "CustomizedMetricSpecification": own, **configuration},
        )

    def step(self, metric: str, threshold: float, steps: list[dict], **changes) -> Policy:
        configuration = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, **changes}
        condition = {"Comparison": "GreaterThanOrEqualToThreshold", "Periods": 1}
        condition |= {key: configuration.pop(key) for key in condition if key in configuration}
        policy = self._policy("StepScaling", f"step-{metric}", configuration)
        request = {
            "AlarmName": f"alarm-{metric}",
            "AlarmDescription": "",
            "Namespace": "N",
            "MetricName": metric,
            "Statistic": "Average",
            "Period": 60,
            "Dimensions": [],
            "AlarmActions": [policy.arn],
            "EvaluationPeriods": condition["Periods"],
            "Threshold": threshold,
            "ComparisonOperator": condition["Comparison"],
        }
        alarms.make(self.cloudwatch, request)
        return policy

    def _policy(self, kind: str, name: str, configuration: dict) -> Policy:
        arn = self.backend.arn_of("scalingPolicy", PLACE, f"policyName/{name}")
        policy = Policy(name, arn, PLACE, kind, configuration, self.clock.now())
        self.backend.policies[PLACE, name] = policy
        if kind == "TargetTrackingScaling":
            scaling_metrics.make_alarms(self.account, REGION, policy)
        return policy

    def schedule(self, schedule: str, **action: int) -> None:
        request = {"Schedule": schedule, "ScalableTargetAction": action}
        timetable = Timetable("plan", "arn", PLACE, request, self.clock.now(), None)
        timetable.due = scaling_timetables.next_due(timetable, self.clock.now())
        self.backend.timetables[PLACE, "plan"] = timetable

    def put(self, value: float, metric: str = "load") -> None:
        put_metrics(self.account, REGION, "N", {}, [Metric(metric, value, "None")], self.clock.now())

    def minutes(self, count: int = 1, **values: float) -> list[int]:
        """The count after each minute, with these values in every minute."""
        seen = []
        for _ in range(count):
            for metric, value in values.items():
                self.put(value, metric)
            self.clock.advance(60)
            now = self.clock.now()
            scaling_engine.beat(now)
            firings = [one for one in alarms.evaluate(self.cloudwatch, now) if SCALING in one.action]
            scaling_engine.answer(firings, now)
            scaling_engine.beat(now)
            seen.append(self.things.value)
        return seen

    @property
    def causes(self) -> list[str]:
        return [one.cause for one in self.target.activities if one.not_scaled is None]


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()


def test_the_alarms_of_a_policy_are_awss(world):
    policy = world.track(50)
    high, low = (alarms.request_of(world.cloudwatch.alarms[name]) for name in policy.alarms)
    assert high["AlarmName"].startswith("TargetTracking-thing/one-AlarmHigh-")
    assert (high["ComparisonOperator"], high["Threshold"], high["EvaluationPeriods"]) == (
        "GreaterThanThreshold",
        50,
        3,
    )
    assert low["AlarmName"].startswith("TargetTracking-thing/one-AlarmLow-")
    assert (low["ComparisonOperator"], low["Threshold"], low["EvaluationPeriods"]) == (
        "LessThanThreshold",
        45,
        15,
    )
    assert len(world.track(50, "other", DisableScaleIn=True).alarms) == 1


def test_out_fast_and_in_slowly(world):
    world.track(50, ScaleOutCooldown=0, ScaleInCooldown=0)
    assert world.minutes(3, load=200) == [1, 1, 4]  # after three datapoints, and to the target at once
    assert world.minutes(3, load=47) == [4, 4, 4]  # between 90 % of the target and the target nothing changes
    assert world.minutes(14, load=10) == [4] * 14
    assert world.minutes(3, load=10)[-1] == 1
    first, last = world.target.activities[0], world.target.activities[-1]
    assert (first.description, first.status) == ("Setting desired count to 4.", "Successful")
    assert first.message == "Successfully set desired count to 4. Change successfully fulfilled by test."
    assert first.cause.startswith("monitor alarm TargetTracking-thing/one-AlarmHigh-")
    assert first.cause.endswith("in state ALARM triggered policy track-load")
    assert "AlarmLow" in last.cause


def test_in_by_the_worst_of_the_quiet_time(world):
    world.things.value = 10
    world.track(50, ScaleInCooldown=0)
    world.minutes(14, load=5)
    assert world.minutes(1, load=40) == [8]  # 400 in all at its worst: eight


def test_never_beyond_the_bounds(world):
    world.track(1, ScaleOutCooldown=0, ScaleInCooldown=0)
    assert world.minutes(3, load=1000)[-1] == 10
    reasons = [one.not_scaled for one in world.target.activities if one.not_scaled]
    assert reasons == []
    world.minutes(20, load=0)
    assert world.things.value == 1
    world.minutes(3, load=0.95)
    world.target.maximum = world.things.value
    world.minutes(3, load=9)
    reasons = [one.not_scaled for one in world.target.activities if one.not_scaled]
    assert {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 1, "CurrentCapacity": 1} in reasons


def test_without_data_nothing_changes(world):
    world.things.value = 5
    world.track(50)
    assert set(world.minutes(30)) == {5}


def test_nothing_goes_out_twice_by_the_same_datapoint(world):
    world.track(50, ScaleOutCooldown=0)
    assert world.minutes(3, load=100)[-1] == 2
    assert set(world.minutes(5)) == {
        2
    }  # the alarm stays on for a while: the last real datapoints still count
    assert world.minutes(3, load=100)[-1] == 4


def test_in_the_cooldown_outwards_only_more_than_it_brought_counts(world):
    world.things.value = 10
    steps = [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 10.0, "ScalingAdjustment": 2},
        {"MetricIntervalLowerBound": 10.0, "ScalingAdjustment": 3},
    ]
    world.target.maximum = 100
    world.step("load", 50, steps, Cooldown=300)
    assert world.minutes(1, load=55) == [12]
    assert world.minutes(2, load=55) == [12, 12]  # two more would be what it has brought
    assert world.minutes(1, load=65) == [13]  # three: one more than the two
    assert world.minutes(7, load=55)[-1] == 15  # when the cooldown is over, two again


def test_the_cooldown_inwards_holds_back_inwards_only(world):
    world.things.value = 6
    world.step("low", 50, [{"MetricIntervalUpperBound": 0.0, "ScalingAdjustment": -1}],
               Comparison="LessThanThreshold", Cooldown=300)  # fmt: skip
    world.step("high", 50, [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 2}], Cooldown=0)
    assert world.minutes(5, low=40) == [5, 5, 5, 5, 5]
    assert world.minutes(1, low=40, high=60) == [7]
    assert world.minutes(1, low=40, high=40) == [6]  # the change outwards has ended the cooldown


def test_the_largest_wish_counts(world):
    world.things.value = 4
    world.track(50, "a", ScaleOutCooldown=0)
    world.track(50, "b", ScaleOutCooldown=0)
    assert world.minutes(3, a=75, b=110)[-1] == 9


def test_nothing_goes_in_while_another_policy_is_not_ready_to(world):
    world.things.value = 4
    world.track(50, "a", ScaleInCooldown=0)
    world.track(50, "b", ScaleInCooldown=0)
    assert set(world.minutes(20, a=1, b=48)) == {4}
    assert world.minutes(20, a=1, b=30)[-1] == 2  # b needs two: the largest wish counts
    assert set(world.minutes(20, a=1, b=48)) == {2}


def test_from_zero_only_a_step_leads(world):
    world.things.value, world.target.minimum = 0, 0
    world.track(5)
    assert set(world.minutes(10, load=100)) == {0}
    world.step("backlog", 1, [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}], Periods=2)
    assert world.minutes(2, backlog=1) == [0, 1]


def test_scaling_that_is_suspended(world):
    world.track(50, ScaleInCooldown=0, ScaleOutCooldown=0)
    world.target.suspended["DynamicScalingOutSuspended"] = True
    assert set(world.minutes(5, load=500)) == {1}
    world.target.suspended["DynamicScalingOutSuspended"] = False
    assert world.minutes(1, load=500) == [10]
    world.target.suspended["DynamicScalingInSuspended"] = True
    assert set(world.minutes(20, load=0)) == {10}


def test_a_change_that_goes_on_is_not_disturbed_and_its_cooldown_begins_at_its_end(world):
    world.track(50, ScaleOutCooldown=120)
    world.things.slow = True
    assert world.minutes(6, load=100)[-1] == 2
    assert [one.status for one in world.target.activities] == ["InProgress"]
    world.things.slow = False
    assert world.minutes(1, load=100) == [2]
    assert world.target.activities[0].status == "Successful"
    assert world.target.out.until == world.clock.now() + timedelta(seconds=120)


def test_what_the_service_refuses_is_tried_again(world):
    world.track(50)
    world.things.refuses = True
    world.minutes(3, load=100)
    (failed,) = world.target.activities
    assert (failed.status, failed.message) == (
        "Failed",
        "Failed to set desired count to 2. Reason: Cannot update in-progress endpoint.",
    )
    world.things.refuses = False
    assert world.minutes(1, load=100) == [2]


def test_bounds_that_move_take_the_capacity_with_them(world):
    world.target.minimum, world.target.moved = 3, "register"
    assert world.minutes(1) == [3]
    world.target.minimum, world.target.maximum, world.target.moved = 1, 2, "register"
    assert world.minutes(1) == [2]
    assert world.causes == ["minimum capacity was set to 3", "maximum capacity was set to 2"]


def test_a_timetable(world):
    world.schedule("cron(5 12 * * ? *)", MinCapacity=4, MaxCapacity=6)
    assert world.minutes(6) == [1, 1, 1, 1, 4, 4]
    assert (world.target.minimum, world.target.maximum) == (4, 6)
    moved, changed = world.target.activities
    assert (moved.description, moved.cause) == (
        "Setting min capacity to 4 and max capacity to 6",
        "scheduled action name plan was triggered",
    )
    assert (changed.description, changed.cause) == (
        "Setting desired count to 4.",
        "minimum capacity was set to 4",
    )
    assert world.backend.timetables[PLACE, "plan"].due == world.clock.now().replace(minute=5) + timedelta(
        days=1
    )


def test_a_timetable_that_is_suspended_or_over(world):
    world.target.suspended["ScheduledScalingSuspended"] = True
    world.schedule("at(2026-01-05T12:02:00)", MinCapacity=4)
    assert set(world.minutes(5)) == {1}
    world.target.suspended["ScheduledScalingSuspended"] = False
    assert set(world.minutes(5)) == {1}  # it was due once


def test_a_policy_that_is_gone(world):
    policy = world.step("load", 5, [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}])
    del world.backend.policies[PLACE, policy.name]
    assert world.minutes(2, load=9) == [1, 1]
    summaries = [item["HistorySummary"] for item in world.cloudwatch.alarms["alarm-load"].history]
    assert any(summary.startswith(f"Failed to execute action {policy.arn}") for summary in summaries)


@settings(max_examples=40)
@given(st.data())
def test_the_capacity_is_always_within_bounds_and_in_quiet_at_the_minimum(data):
    minimum = data.draw(st.integers(1, 5))
    maximum = minimum + data.draw(st.integers(0, 10))
    world = World(minimum, maximum)
    try:
        world.things.value = data.draw(st.integers(0, 20))
        world.target.moved = "register"
        world.track(data.draw(st.floats(1, 100)), ScaleInCooldown=data.draw(st.sampled_from([0, 60, 300])))
        adjustment = data.draw(st.integers(-3, 3))
        if adjustment > 0:
            world.step("load", 50, [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": adjustment}])
        world.minutes(1)
        for load in data.draw(st.lists(st.floats(0, 500), max_size=12)):
            (count,) = world.minutes(1, load=load)
            assert minimum <= count <= maximum
        quiet = world.minutes(30, load=0)
        assert all(minimum <= count <= maximum for count in quiet)
        assert quiet[-1] == minimum
        assert quiet == sorted(quiet, reverse=True) or max(quiet[3:]) <= max(quiet[:3])
    finally:
        world.close()
