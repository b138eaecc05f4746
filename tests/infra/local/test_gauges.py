"""What is published of endpoints on the clock, without a request."""

import pytest

from infra.local.machine import Machine
from infra.local.overlay import gauges
from infra.local.overlay.hosted import Endpoint, Record
from infra.local.overlay.hosting import hosting_backends
from infra.local.overlay.sites import Site
from infra.local.telemetry import Metric
from tests.infra.local.conftest import new_name
from tests.infra.local.hand_clock import START, HandClock
from tests.infra.local.test_backlog_metrics import ACCOUNT, REGION, published


class Variant:
    """Has two metrics, and remembers when it might have rested."""

    name = "AllTraffic"

    def __init__(self) -> None:
        self.rested = []

    def rest(self, now) -> None:
        self.rested.append(now)

    def gauges(self):
        return (Metric("LoadedModelCount", 2, "None"),)

    def samples(self):
        return (Metric("ConcurrentRequestsPerModel", 3, "Count"),)


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path, aws_time=HandClock())


@pytest.fixture
def make_endpoint(machine):
    """Puts an endpoint with one such variant into the account, until the test is over."""
    backend, made = hosting_backends[ACCOUNT][REGION], []

    def make(**config) -> Endpoint:
        name = new_name("gauged")
        site = Site(machine, ACCOUNT, REGION, name)
        record = Record("arn", config, START, {})
        endpoint = Endpoint(name, site, "arn", record, "InService", START, START, {})
        endpoint.variants = [Variant()]
        backend.endpoints[name] = endpoint
        made.append(name)
        return endpoint

    yield make
    for name in made:
        del backend.endpoints[name]


BOTH = frozenset({"EndpointName", "VariantName"})


def test_samples_every_10_seconds_and_gauges_each_minute(machine, make_endpoint):
    endpoint = make_endpoint()
    gauges.publish_on(machine)
    machine.pause(10)
    assert published(endpoint.site, machine.clock()) == {"ConcurrentRequestsPerModel": (3, BOTH)}
    machine.pause(50)
    assert published(endpoint.site, machine.clock())["LoadedModelCount"] == (2, BOTH)
    assert endpoint.variants[0].rested == [machine.clock()]


def test_an_asynchronous_endpoint_has_no_samples(machine, make_endpoint):
    endpoint = make_endpoint(AsyncInferenceConfig={"OutputConfig": {}})
    gauges.publish_on(machine)
    machine.pause(10)
    assert published(endpoint.site, machine.clock()) == {}
