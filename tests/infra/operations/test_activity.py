"""When each kind of workload was last used, as AWS answers."""

import datetime
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.ledger import Deployed
from infra.operations import activity
from infra.operations.activity import READERS, history, last_used

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
MADE = NOW - datetime.timedelta(days=30)
HOUR = datetime.timedelta(hours=1)


def at(minutes: float, **values: float) -> dict[str, Any]:
    return {"Timestamp": NOW - datetime.timedelta(minutes=minutes), **values}


@dataclass
class Aws:
    """SageMaker, Lambda, Batch, S3 and CloudWatch with the metrics that it is given."""

    points: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    endpoint: dict[str, Any] | None = field(default_factory=dict)
    function: dict[str, Any] | None = field(default_factory=dict)
    configured: datetime.datetime | None = MADE
    jobs: tuple[str, int, datetime.datetime | None] | None = None
    deployed: datetime.datetime = MADE
    asked: list[dict[str, Any]] = field(default_factory=list)
    environment: Any = field(default_factory=lambda: type("E", (), {"artifact_bucket": "b"})())

    def client(self, _service: str) -> "Aws":
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if self.endpoint is None:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        return {
            "EndpointArn": "arn:endpoint",
            "EndpointConfigName": "serving",
            "EndpointStatus": "InService",
            "CreationTime": MADE,
            "LastModifiedTime": MADE,
            **self.endpoint,
        }

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        assert EndpointConfigName == "serving"
        if self.configured is None:
            raise ClientError(
                {"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpointConfig"
            )
        return {"CreationTime": self.configured}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        assert (Bucket, Key) == ("b", "stacks/shop.json")
        return {"LastModified": self.deployed}

    def list_tags(self, ResourceArn: str) -> dict[str, Any]:
        assert ResourceArn == "arn:endpoint"
        return {"Tags": [{"Key": "modelyard:keep", "Value": "yes"}]}

    def get_function(self, FunctionName: str) -> dict[str, Any]:
        if self.function is None:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "GetFunction")
        return {"Configuration": {"LastModified": "2026-10-22T12:00:00.000+0000", **self.function}}

    def get_metric_statistics(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return {"Datapoints": self.points.get(request["MetricName"], [])}


def read(aws: Aws, kind: str, hours: float = 48):
    record = Deployed("shop", "one", kind, "dev-shop-one", "any")
    return history(record, aws, NOW, hours * HOUR)


@pytest.mark.parametrize("kind", ["RealtimeEndpoint", "MultiModelEndpoint", "ServerlessEndpoint"])
def test_an_endpoint_was_used_when_its_last_minute_with_an_invocation_ended(kind):
    aws = Aws({"Invocations": [at(300, Sum=2.0), at(90, Sum=1.0), at(30, Sum=0.0)]})
    found = read(aws, kind)
    assert found.last_used == NOW - datetime.timedelta(minutes=90) + datetime.timedelta(
        seconds=aws.asked[0]["Period"]
    )
    assert (found.state, found.since, found.waiting) == ("InService", MADE, 0)
    assert found.tags == {"modelyard:keep": "yes"}
    assert aws.asked[0]["Dimensions"] == [
        {"Name": "EndpointName", "Value": "dev-shop-one"},
        {"Name": "VariantName", "Value": "AllTraffic"},
    ]


def test_what_was_used_in_the_minute_that_runs_was_not_used_in_the_future():
    assert read(Aws({"Invocations": [at(0.2, Sum=1.0)]}), "RealtimeEndpoint").last_used == NOW


def test_an_asynchronous_endpoint_counts_what_it_answered_and_what_waits():
    aws = Aws(
        {
            "ModelLatency": [at(60, SampleCount=4.0)],
            "ApproximateBacklogSize": [at(1, Maximum=2.0), at(9, Maximum=7.0)],
        }
    )
    found = read(aws, "AsyncEndpoint")
    assert found.waiting == 2 and found.last_used is not None
    assert aws.asked[1]["Dimensions"] == [{"Name": "EndpointName", "Value": "dev-shop-one"}]


@pytest.mark.parametrize("status", ["Creating", "Updating", "RollingBack", "Deleting"])
def test_an_endpoint_under_way_is_changing(status):
    assert read(Aws(endpoint={"EndpointStatus": status}), "RealtimeEndpoint").changing


def test_scaling_and_maintenance_make_no_endpoint_young():
    scaled = Aws(endpoint={"LastModifiedTime": NOW})
    assert read(scaled, "RealtimeEndpoint").since == MADE


def test_an_endpoint_is_as_young_as_what_it_serves_with():
    assert read(Aws(configured=NOW - HOUR), "RealtimeEndpoint").since == NOW - HOUR
    assert read(Aws(configured=None), "RealtimeEndpoint").since == MADE


def test_a_function_is_read_over_all_of_its_versions():
    aws = Aws({"Invocations": []}, function={"State": "Active"})
    found = read(aws, "LambdaEndpoint")
    assert (found.last_used, found.since, found.changing) == (None, MADE, False)
    assert aws.asked[0]["Dimensions"] == [{"Name": "FunctionName", "Value": "dev-shop-one"}]
    assert read(Aws(function={"LastUpdateStatus": "InProgress"}), "LambdaEndpoint").changing


def test_a_function_whose_stack_was_woken_is_as_young_as_that():
    assert read(Aws(deployed=NOW - HOUR), "LambdaEndpoint").since == NOW - HOUR
    assert read(Aws(deployed=MADE - HOUR), "LambdaEndpoint").since == MADE


@pytest.mark.parametrize("kind", [kind for kind in READERS if kind != "BatchJob"])
def test_what_is_not_there_has_no_history(kind):
    assert read(Aws(endpoint=None, function=None), kind) is None


class Refusing(Aws):
    """CloudWatch does not answer."""

    def get_metric_statistics(self, **request: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetMetricStatistics")


@pytest.mark.parametrize("kind", ["RealtimeEndpoint", "AsyncEndpoint", "LambdaEndpoint"])
def test_what_cannot_be_read_is_an_error_and_not_idle(kind):
    with pytest.raises(ClientError):
        read(Refusing(), kind)


@pytest.mark.parametrize(
    ("days", "period"), [(0.1, 60), (0.9, 60), (2, 180), (14, 900), (20, 1500), (62, 3900), (100, 7200)]
)
def test_an_answer_holds_the_whole_window_in_periods_that_cloudwatch_still_has(days, period):
    aws = Aws()
    record = Deployed("shop", "one", "RealtimeEndpoint", "dev-shop-one", "any")
    window = datetime.timedelta(days=days)
    assert last_used(record, aws, NOW, window) is None
    (request,) = aws.asked
    assert request["Period"] == period
    assert (request["EndTime"] - request["StartTime"]).total_seconds() / period <= 1440
    assert request["StartTime"] == NOW - window


class Batch(Aws):
    """A queue with a job or without, of a stack that was deployed a month ago."""

    state = "ENABLED"
    created: datetime.datetime | None = None

    def describe_job_queues(self, jobQueues: list[str]) -> dict[str, Any]:
        return {"jobQueues": [{"status": "VALID", "state": "ENABLED", "tags": {"team": "search"}}]}

    def get_paginator(self, _operation: str) -> "Batch":
        return self

    def paginate(self, jobQueue: str, jobStatus: str) -> list[dict[str, Any]]:
        if self.created is None or jobStatus != self.state:
            return [{"jobSummaryList": []}]
        return [{"jobSummaryList": [{"createdAt": self.created.timestamp() * 1000}]}]


def test_a_job_was_used_when_its_last_one_came_and_runs_while_one_does():
    batch = Batch()
    batch.state, batch.created = "RUNNING", NOW - 3 * HOUR
    found = read(batch, "BatchJob")
    assert (found.last_used, found.waiting, found.since) == (NOW - 3 * HOUR, 1, MADE)
    assert found.remembers_hours == activity.BATCH_REMEMBERS_HOURS
    batch.state = "SUCCEEDED"
    assert read(batch, "BatchJob").waiting == 0
    batch.created = None
    assert read(batch, "BatchJob").last_used is None
