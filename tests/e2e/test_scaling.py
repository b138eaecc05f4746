"""An endpoint scales with real traffic on a clock that runs faster: by its target, by a timetable, never beyond bounds."""

import contextlib
import functools
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import numpy as np
import pytest

from tests.e2e.conftest import Yard, make_project
from tests.infra.local.conftest import client_of

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

SPEED = 100
"""A quarter of an hour without traffic, after which AWS scales in, is 9 seconds."""

MINIMUM, MAXIMUM = 1, 3
ENDPOINT = "local-scaled-read"
PLACE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{ENDPOINT}/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
STACK = f"""
from infra import Alarms, Environment, RealtimeEndpoint, ScheduledScaling, Stack, TargetTracking
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")


def stack(env: Environment) -> Stack:
    tracking = TargetTracking(
        min_capacity={MINIMUM},
        max_capacity={MAXIMUM},
        invocations_per_instance=2,
        scale_in_cooldown_seconds=60,
        scale_out_cooldown_seconds=60,
    )
    winter = ScheduledScaling(schedule="cron(0 0 1 1 ? *)", min_capacity=2, max_capacity={MAXIMUM})
    return Stack(
        "scaled",
        env,
        [
            RealtimeEndpoint(
                "read",
                model=digits,
                instance_type=env["instance"],
                autoscaling=(tracking, winter),
                alarms=Alarms(server_error_rate=0.1, p99_latency_ms=30_000),
            )
        ],
    )
"""


@pytest.fixture(scope="module")
def yard(tmp_path_factory) -> Iterator[Yard]:
    """A project with the stack in it, and an embedded AWS whose time runs faster."""
    made = Yard(make_project(tmp_path_factory.mktemp("yard")))
    (made.root / "stacks" / "scaled.py").write_text(STACK)
    made.run("local", "up", "--idle-hours", "0.5", "--speed", str(SPEED))
    try:
        yield made
    finally:
        made.run("local", "down")


@pytest.fixture(scope="module")
def deployed(yard) -> Iterator[None]:
    yard.run("deploy", "scaled", "--env", "local", "--yes")
    try:
        yield
    finally:
        yard.run("destroy", "scaled", "--env", "local", "--yes")


@pytest.fixture(scope="module")
def client(yard) -> Callable[[str], Any]:
    """Plain boto3 clients; where they go is asked for once."""
    url = yard.endpoint_url
    return functools.cache(lambda service: client_of(url, service))


class Counts:
    """Every instance count that DescribeEndpoint has shown."""

    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker
        self.seen: list[int] = []

    def await_(self, wanted: int, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.seen or self.seen[-1] != wanted:
            assert time.monotonic() < deadline, self.seen
            (variant,) = self._sagemaker.describe_endpoint(EndpointName=ENDPOINT)["ProductionVariants"]
            if variant["CurrentInstanceCount"] not in self.seen[-1:]:
                self.seen.append(variant["CurrentInstanceCount"])
            time.sleep(0.1)


@pytest.fixture(scope="module")
def counts(client, deployed) -> Counts:
    return Counts(client("sagemaker"))


@contextlib.contextmanager
def traffic(runtime: Any) -> Iterator[None]:
    """Requests, one after the other, from two clients."""
    ended, failures = threading.Event(), []
    body = json.dumps({"images": np.zeros((1, 8, 8)).tolist()})

    def send() -> None:
        while not ended.is_set():
            try:
                runtime.invoke_endpoint(EndpointName=ENDPOINT, ContentType="application/json", Body=body)
            except Exception as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert failures == []


def activities(scaling: Any) -> list[dict]:
    """What Application Auto Scaling did, the oldest first; it is told a moment later that the count is reached."""
    deadline = time.monotonic() + 10
    while True:
        found = scaling.describe_scaling_activities(**PLACE)["ScalingActivities"]
        if all(one["StatusCode"] != "InProgress" for one in found):
            return found[::-1]
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def test_the_embedded_aws_tells_its_time(yard):
    status = json.loads(yard.run("local", "status", "--json").stdout)
    told = datetime.fromisoformat(status["time"])
    assert status["speed"] == SPEED
    assert told > datetime.fromisoformat(status["started"])


def test_with_traffic_it_goes_up_and_without_it_down(yard, client, counts):
    counts.await_(MINIMUM)
    with traffic(client("sagemaker-runtime")):
        counts.await_(MAXIMUM)
    counts.await_(MINIMUM)
    assert min(counts.seen) == MINIMUM and max(counts.seen) == MAXIMUM
    done = [one for one in activities(client("application-autoscaling")) if one["StatusCode"] == "Successful"]
    assert "AlarmHigh" in done[0]["Cause"] and "AlarmLow" in done[-1]["Cause"]
    assert done[-1]["Description"] == f"Setting desired instance count to {MINIMUM}."
    live = json.loads(yard.run("status", "--env", "local", "--json").stdout)
    assert live[0]["invocations_last_hour"] > 0  # asked for at AWS's time, which is hours ahead of ours


def test_a_timetable_moves_its_bounds_and_it_follows(client, counts):
    scaling = client("application-autoscaling")
    answered = client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    now = parsedate_to_datetime(answered["date"])
    soon = (now + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S")
    scaling.put_scheduled_action(
        **PLACE,
        ScheduledActionName="soon",
        Schedule=f"at({soon})",
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": MAXIMUM},
    )
    counts.await_(2)
    scaling.delete_scheduled_action(**PLACE, ScheduledActionName="soon")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, MAXIMUM)
    causes = [one["Cause"] for one in activities(scaling)[-2:]]
    assert causes == ["scheduled action name soon was triggered", "minimum capacity was set to 2"]


def test_nothing_that_scaling_moved_is_a_change_to_terraform(yard, counts):
    assert "no changes" in yard.run("plan", "scaled", "--env", "local").stdout.lower()


def test_an_update_keeps_the_instances_that_scaling_has_brought_up(yard, client, counts):
    counts.await_(2)  # which the timetable's minimum holds; one is declared
    handler = yard.root / "stacks" / "models" / "digits" / "inference.py"
    handler.write_text(f"{handler.read_text()}\n# another version\n")
    yard.run("deploy", "scaled", "--env", "local", "--yes")
    described = client("sagemaker").describe_endpoint(EndpointName=ENDPOINT)
    (variant,) = client("sagemaker").describe_endpoint_config(
        EndpointConfigName=described["EndpointConfigName"]
    )["ProductionVariants"]
    assert variant["InitialInstanceCount"] == 2
    assert "no changes" in yard.run("plan", "scaled", "--env", "local").stdout.lower()


def test_the_alarms_of_the_stack_are_evaluated(client, counts):
    found = client("cloudwatch").describe_alarms(AlarmNamePrefix=ENDPOINT)["MetricAlarms"]
    assert {one["StateValue"] for one in found} == {"OK"} and len(found) == 2
