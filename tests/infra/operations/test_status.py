"""What is said of each kind of endpoint, from what AWS answers."""

import datetime
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.ledger import Deployed
from infra.operations.activity import METERED
from infra.operations.measures import MEASURED
from infra.operations.status import MISSING, READERS, more

NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)


@dataclass
class Connection:
    """SageMaker with one endpoint or none, and CloudWatch with 3 datapoints of whatever is asked for."""

    endpoint: dict[str, Any] | None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def client(self, _service: str) -> "Connection":
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if self.endpoint is None:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        return {"EndpointName": EndpointName, "LastModifiedTime": NOW, **self.endpoint}

    def get_metric_statistics(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        if "ExtendedStatistics" in request:
            return {"Datapoints": [{"ExtendedStatistics": {"p99": 41_500.0}}]}
        (statistic,) = request["Statistics"]
        return {"Datapoints": [{"Timestamp": NOW, statistic: 1.0}] * 3}


def read(kind: str, endpoint: dict[str, Any] | None):
    connection = Connection(endpoint)
    record = Deployed("shop", "one", kind, "dev-shop-one", "any")
    return READERS[kind](record, connection, NOW), connection.asked


@pytest.mark.parametrize("kind", ["RealtimeEndpoint", "MultiModelEndpoint"])
def test_instances_and_invocations_are_counted(kind):
    live, asked = read(
        kind, {"EndpointStatus": "InService", "ProductionVariants": [{"CurrentInstanceCount": 2}]}
    )
    assert (live.state, live.instances, live.invocations_last_hour) == ("InService", 2, 3)
    assert asked[0]["MetricName"] == "Invocations"


def test_an_asynchronous_endpoint_without_instances_is_as_healthy_as_any():
    live, asked = read(
        "AsyncEndpoint", {"EndpointStatus": "InService", "ProductionVariants": [{"CurrentInstanceCount": 0}]}
    )
    assert (live.state, live.instances, live.reason, live.is_there) == ("InService", 0, None, True)
    # It publishes no Invocations.
    assert (asked[0]["MetricName"], asked[0]["Statistics"]) == ("ModelLatency", ["SampleCount"])
    assert live.invocations_last_hour == 3


def test_a_serverless_endpoint_has_no_instances_to_count():
    live, _ = read("ServerlessEndpoint", {"EndpointStatus": "InService", "ProductionVariants": [{}]})
    assert (live.state, live.instances) == ("InService", None)


@pytest.mark.parametrize(
    "kind", ["RealtimeEndpoint", "AsyncEndpoint", "ServerlessEndpoint", "MultiModelEndpoint"]
)
def test_what_is_gone_is_missing(kind):
    live, _ = read(kind, None)
    assert live.state == MISSING


def test_errors_p99_and_last_use_are_told_besides():
    live, _ = read("RealtimeEndpoint", {"EndpointStatus": "InService", "ProductionVariants": [{}]})
    connection = Connection({"EndpointStatus": "InService", "CreationTime": NOW})
    told = more(live, connection, NOW)
    assert (told.measures.errors, told.measures.p99_ms, told.last_used) == (3, 41.5, NOW)
    assert told.usd_this_month is None  # its instances' type was never recorded
    # Used within the hour: the last use is told to the minute.
    assert connection.asked[0]["Period"] == 60


def test_what_was_not_used_within_the_hour_is_looked_for_in_two_weeks():
    live, _ = read("RealtimeEndpoint", {"EndpointStatus": "InService", "ProductionVariants": [{}]})
    connection = Connection({"EndpointStatus": "InService", "CreationTime": NOW})
    more(replace(live, invocations_last_hour=0), connection, NOW)
    assert (NOW - connection.asked[0]["StartTime"]).days == 14


def test_nothing_more_is_asked_of_what_is_not_there():
    live, _ = read("RealtimeEndpoint", None)
    connection = Connection(None)
    assert more(live, connection, NOW) == live and not connection.asked


def test_the_table_of_measures_covers_every_workload():
    assert set(MEASURED) == set(READERS)
    assert {kind for kind, names in MEASURED.items() if names} == METERED
