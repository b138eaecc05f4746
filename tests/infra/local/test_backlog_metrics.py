"""What CloudWatch gets of a queue each minute, on a clock that the test drives."""

from datetime import timedelta

import pytest

from infra.local.machine import Machine
from infra.local.overlay.asynchronous import Inference
from infra.local.overlay.backlog import Waiting
from infra.local.overlay.sites import Site
from tests.infra.local.conftest import new_name
from tests.infra.local.hand_clock import HandClock

ACCOUNT, REGION = "123456789012", "us-east-1"


class Variant:
    """Counts instances that take no request."""

    name = "AllTraffic"

    def __init__(self) -> None:
        self.serving = 0


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def site(tmp_path, clock) -> Site:
    return Site(Machine(tmp_path, aws_time=clock), ACCOUNT, REGION, new_name("queue"))


@pytest.fixture
def variant() -> Variant:
    return Variant()


@pytest.fixture
def inference(site, variant):
    made = Inference(site, lambda: [variant], lambda among: among[0], dict)
    yield made
    made.close()


def waiting(now, ttl_seconds: int = 3600) -> Waiting:
    expires = now + timedelta(seconds=ttl_seconds)
    return Waiting(new_name("request"), b"x", {}, "s3://b/out", None, now, expires, 900)


def published(site: Site, at) -> dict[str, tuple[float, frozenset[str]]]:
    """Value and dimensions' names of each metric of the endpoint at that time."""
    from moto.cloudwatch.models import cloudwatch_backends

    naive = at.replace(tzinfo=None)
    return {
        datum.name: (datum.value, frozenset(dimension.name for dimension in datum.dimensions))
        for datum in cloudwatch_backends[ACCOUNT][REGION].metric_data
        if datum.timestamp.replace(tzinfo=None) == naive
        and any(dimension.value == site.endpoint for dimension in datum.dimensions)
    }


ENDPOINT = frozenset({"EndpointName"})


def test_a_queue_without_instances(inference, site, clock):
    for _ in range(10):
        inference.put(waiting(clock.now()))
    clock.advance(60)
    inference.publish(clock.now())
    assert published(site, clock.now()) == {
        "ApproximateBacklogSize": (10, ENDPOINT),
        "ApproximateBacklogSizePerInstance": (10, ENDPOINT),
        "ApproximateAgeOfOldestRequest": (60, ENDPOINT),
        "HasBacklogWithoutCapacity": (1, ENDPOINT),
    }


def test_an_empty_queue_without_instances(inference, site, clock):
    inference.publish(clock.now())
    assert {name: value for name, (value, _) in published(site, clock.now()).items()} == {
        "ApproximateBacklogSize": 0,
        "ApproximateBacklogSizePerInstance": 0,
        "ApproximateAgeOfOldestRequest": 0,
        "HasBacklogWithoutCapacity": 0,
    }


def test_what_waited_too_long_is_counted_and_gone(inference, site, clock):
    inference.put(waiting(clock.now(), ttl_seconds=60))
    inference.put(waiting(clock.now(), ttl_seconds=61))
    clock.advance(60)
    inference.publish(clock.now())
    found = published(site, clock.now())
    assert found["ExpiredRequests"] == (1, frozenset({"EndpointName", "VariantName"}))
    assert found["ApproximateBacklogSize"][0] == 1
