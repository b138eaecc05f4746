"""Updates by a DeploymentConfig: how traffic moves, and which alarms take it back."""

from datetime import datetime

import pytest

from infra.local.machine import Machine
from infra.local.overlay.hosted import Endpoint, Record
from infra.local.overlay.rollouts import Rollout, rollout_of, shift
from infra.local.overlay.sites import Site
from tests.infra.local.conftest import new_name
from tests.infra.local.hand_clock import START, HandClock
from tests.infra.local.test_hosting import invoke

ACCOUNT, REGION = "123456789012", "us-east-1"
ALARM = {
    "MetricName": "Errors",
    "Namespace": "Own",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "ignore",
}


def blue_green(kind: str, **size) -> dict:
    routing = {"Type": kind, "WaitIntervalInSeconds": 60, **size}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": 30}}


PERCENT = "CAPACITY_PERCENT"


@pytest.mark.parametrize(
    ("config", "instances", "shares"),
    [
        (None, 1, (1.0,)),
        (blue_green("ALL_AT_ONCE"), 4, (1.0,)),
        (blue_green("CANARY", CanarySize={"Type": PERCENT, "Value": 10}), 4, (0.1, 1.0)),
        (blue_green("CANARY", CanarySize={"Type": "INSTANCE_COUNT", "Value": 1}), 4, (0.25, 1.0)),
        (blue_green("LINEAR", LinearStepSize={"Type": PERCENT, "Value": 25}), 4, (0.25, 0.5, 0.75, 1.0)),
        (
            {
                "RollingUpdatePolicy": {
                    "MaximumBatchSize": {"Type": PERCENT, "Value": 40},
                    "WaitIntervalInSeconds": 60,
                }
            },
            5,
            (0.4, 0.8, 1.0),
        ),
    ],
)
def test_the_shares_of_the_traffic(config, instances, shares):
    assert rollout_of(config, instances).shares == pytest.approx(shares)


class WatchfulClock(HandClock):
    """Calls `look` at each pause, before it."""

    def __init__(self) -> None:
        super().__init__()
        self.look = lambda: None

    def pause(self, seconds: float) -> bool:
        self.look()
        return super().pause(seconds)


@pytest.fixture
def clock() -> WatchfulClock:
    return WatchfulClock()


@pytest.fixture
def endpoint(tmp_path, clock) -> Endpoint:
    site = Site(Machine(tmp_path, aws_time=clock), ACCOUNT, REGION, "e")
    return Endpoint("e", site, "arn", Record("arn", {}, START, {}), "Updating", START, START, {})


@pytest.fixture
def set_alarm(monkeypatch):
    """Gives an alarm a state, for this test."""
    from moto.cloudwatch.models import cloudwatch_backends

    def put(name: str, state: str) -> None:
        class Alarm:
            state_value = state

        monkeypatch.setitem(cloudwatch_backends[ACCOUNT][REGION].alarms, name, Alarm())

    return put


def test_the_traffic_moves_with_a_wait_after_each_step(endpoint, clock):
    seen: list[tuple[datetime, float]] = []
    clock.look = lambda: seen.append((clock.now(), endpoint.share))
    assert shift(endpoint, Rollout((0.25, 1.0), wait_seconds=60)) is None
    assert (clock.now() - START).total_seconds() == 120
    assert [share for at, share in seen if (at - START).total_seconds() < 60] == [0.25] * 6
    assert endpoint.share == 1.0


def test_an_alarm_during_the_wait_takes_it_back(endpoint, clock, set_alarm):
    name = new_name("alarm")
    set_alarm(name, "OK")

    def ring() -> None:
        if (clock.now() - START).total_seconds() >= 30:
            set_alarm(name, "ALARM")

    clock.look = ring
    reason = shift(endpoint, Rollout((0.1, 1.0), 60, 0, (name, "another")))
    assert reason == (
        f"The deployment was rolled back because of alarms in ALARM state: {name}. The endpoint serves with its "
        "configuration from before."
    )
    assert (clock.now() - START).total_seconds() == 40
    assert endpoint.share == 0.1


def test_an_update_with_an_alarm_that_is_on_keeps_what_served(
    sagemaker, client, runtime, make_endpoint, make_config, settle
):
    name, alarm = make_endpoint(NAME="old"), new_name("alarm")
    before = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    client("cloudwatch").put_metric_alarm(AlarmName=alarm, **ALARM)
    client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="test")
    config = {**blue_green("ALL_AT_ONCE"), "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}
    sagemaker.update_endpoint(
        EndpointName=name, EndpointConfigName=make_config(NAME="new"), DeploymentConfig=config
    )
    states, description = settle(name)
    assert states == ["Updating", "RollingBack", "InService"]
    assert description["EndpointConfigName"] == before
    assert alarm in description["FailureReason"]
    assert invoke(runtime, name)["name"] == "old"


def test_both_serve_while_the_traffic_moves(sagemaker, runtime, make_endpoint, make_config):
    name = make_endpoint(NAME="old")
    config = blue_green("CANARY", CanarySize={"Type": PERCENT, "Value": 50})
    sagemaker.update_endpoint(
        EndpointName=name, EndpointConfigName=make_config(NAME="new"), DeploymentConfig=config
    )
    seen = set()
    for _ in range(500):
        seen.add(invoke(runtime, name)["name"])
        if len(seen) == 2:
            break
    assert seen == {"old", "new"}
    assert sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Updating"
