"""What is said of each kind of endpoint, from what AWS answers."""

import datetime
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.ledger import Deployed
from infra.operations.status import MISSING, READERS

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
        (statistic,) = request["Statistics"]
        return {"Datapoints": [{statistic: 1.0}] * 3}


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
