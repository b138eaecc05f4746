"""What each kind has cost this month, by what AWS says of it."""

import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.ledger import Deployed
from infra.operations.spending import SPENT, this_month
from tests.infra.test_tables import WORKLOADS

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
FIRST = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)
HOURS = Decimal((NOW - FIRST).total_seconds()) / 3600


class Aws:
    """SageMaker, Lambda and CloudWatch, with what they are told to say."""

    environment = SimpleNamespace(region="us-east-1")

    def __init__(
        self, created: datetime.datetime = FIRST, count: int = 1, ready: int = 0, there: bool = True, **sums
    ) -> None:
        self.created, self.count, self.ready, self.there, self.sums = created, count, ready, there, sums
        self.asked: list[dict[str, Any]] = []
        self.activities: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_scaling_activities"
        return self

    def paginate(self, ServiceNamespace: str, ResourceId: str) -> Any:
        assert (ServiceNamespace, ResourceId) == ("sagemaker", "endpoint/dev-shop-one/variant/AllTraffic")
        yield {"ScalingActivities": self.activities[:1]}
        yield {"ScalingActivities": self.activities[1:]}

    def client(self, _service: str) -> "Aws":
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if not self.there:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        variants = [{"CurrentInstanceCount": self.count}]
        return {"CreationTime": self.created, "ProductionVariants": variants, "EndpointConfigName": "c"}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        ready = {"ProvisionedConcurrency": self.ready} if self.ready else {}
        variant = {"ServerlessConfig": {"MemorySizeInMB": 2048, **ready}, "InitialInstanceCount": 1}
        return {"ProductionVariants": [variant]}

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:
        if not self.there:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "Get")
        return {"MemorySize": 1024, "Architectures": ["x86_64"]}

    def list_provisioned_concurrency_configs(self, FunctionName: str) -> dict[str, Any]:
        one = {
            "FunctionArn": "arn:aws:lambda:us-east-1:1:function:x:live",
            "RequestedProvisionedConcurrentExecutions": self.ready,
            "LastModified": self.created.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        }
        return {"ProvisionedConcurrencyConfigs": [one] if self.ready else []}

    def get_metric_statistics(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        total = self.sums.get(request["MetricName"], 0.0)
        return {"Datapoints": [{"Sum": total / 2}, {"Sum": total / 2}] if total else []}


def spent(aws: Aws, kind: str, type: str | None = "ml.m5.large") -> Decimal | None:
    return this_month(Deployed("shop", "one", kind, "dev-shop-one", "any", type), aws, NOW)


def test_the_table_covers_every_workload():
    assert set(SPENT) == {workload.__name__ for workload in WORKLOADS}


@pytest.mark.parametrize("kind", ["RealtimeEndpoint", "AsyncEndpoint", "MultiModelEndpoint"])
def test_an_endpoint_costs_its_instances_since_it_was_made_or_the_month_began(kind):
    hour = Decimal("0.115")
    assert spent(Aws(), kind) == round(hour * HOURS, 2)
    assert spent(Aws(created=FIRST - datetime.timedelta(days=90)), kind) == round(hour * HOURS, 2)
    assert spent(Aws(created=NOW - datetime.timedelta(hours=10), count=3), kind) == Decimal("3.45")
    assert spent(Aws(count=0), kind) == 0


def set_to(count: int, hours_ago: float, status: str = "Successful") -> dict[str, Any]:
    moment = NOW - datetime.timedelta(hours=hours_ago)
    text = f"Setting desired instance count to {count}."
    return {"Description": text, "StatusCode": status, "StartTime": moment, "EndTime": moment}


@pytest.mark.parametrize(
    ("activities", "made_hours_ago", "now", "instance_hours"),
    [
        # It began with one, had three for ten hours, and has none now.
        ([set_to(0, 20), set_to(3, 30)], 100, 0, 70 * 1 + 10 * 3),
        ([set_to(9, 25, "Failed"), set_to(0, 20), set_to(3, 30)], 100, 0, 70 * 1 + 10 * 3),
        # What was done to an endpoint of that name before is not its.
        ([set_to(5, 200), set_to(0, 150)], 100, 2, 200),
        # Somebody has set it by hand since.
        ([set_to(2, 10)], 20, 4, 10 * 1 + 10 * 4),
        # The month began with two, 492 hours ago.
        ([set_to(1, 2), set_to(2, 600)], 5000, 1, 490 * 2 + 2 * 1),
        # Other things are done to a target, too.
        ([{**set_to(7, 5), "Description": "Updating min capacity to 7."}], 10, 1, 10),
    ],
)
def test_what_was_scaled_costs_what_it_had(activities, made_hours_ago, now, instance_hours):
    aws = Aws(created=NOW - datetime.timedelta(hours=made_hours_ago), count=now)
    aws.activities = activities
    assert spent(aws, "AsyncEndpoint") == round(Decimal("0.115") * instance_hours, 2)


def test_a_type_without_a_price_is_not_known_and_not_zero():
    assert spent(Aws(), "RealtimeEndpoint", "ml.nothing.large") is None


def test_a_function_costs_its_calls_and_what_is_kept_ready():
    used = Aws(Invocations=1_000_000.0, Duration=100_000_000.0)
    # 1,000,000 requests, and 100,000 GB-seconds.
    assert spent(used, "LambdaEndpoint") == Decimal("0.20") + Decimal("1.67")
    assert used.asked[0]["StartTime"] == FIRST
    ready = Aws(created=NOW - datetime.timedelta(hours=100), ready=2)
    assert spent(ready, "LambdaEndpoint") == round(Decimal("0.0000041667") * 2 * 360_000, 2)


def test_a_serverless_endpoint_costs_the_seconds_of_its_model():
    used = Aws(ModelLatency=100_000 * 1e6)
    assert spent(used, "ServerlessEndpoint") == Decimal("4.00")
    assert spent(Aws(ready=1), "ServerlessEndpoint") > spent(Aws(), "ServerlessEndpoint") == 0


@pytest.mark.parametrize("kind", list(SPENT))
def test_what_is_not_there_is_not_known(kind):
    assert spent(Aws(there=False), kind) is None
