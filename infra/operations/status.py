"""What AWS itself says of what is deployed: state, counts, and the last hour's invocations."""

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.blueprint.autoscaling import VARIANT
from infra.connection import Connection
from infra.ledger import Deployed, Ledger
from infra.operations import endpoints, jobs

WINDOW = datetime.timedelta(hours=1)
MISSING, ASLEEP = "missing", "asleep"


@dataclass(frozen=True)
class Live:
    """One workload as AWS sees it. `instances` is None for what has none; `reason` is AWS's, where it gives one."""

    deployed: Deployed
    state: str
    instances: int | None
    invocations_last_hour: int
    last_changed: datetime.datetime | None
    reason: str | None = None

    @property
    def is_there(self) -> bool:
        """Whether AWS has it."""
        return self.state not in (MISSING, ASLEEP)


def status(connection: Connection, now: datetime.datetime) -> list[Live]:
    """Every workload that is deployed in the environment, in the order of the stacks' names."""
    ledger = Ledger(connection.client("s3"), connection.environment.artifact_bucket)
    if not ledger.exists():
        return []
    asleep = {stack: ledger.asleep(stack) for stack in ledger.stacks()}
    return [
        _rested(READERS[record.kind](record, connection, now), record.workload in asleep[record.stack])
        for record in ledger.deployed()
    ]


def _rested(live: Live, asleep: bool) -> Live:
    """What sleeps is missing by intent; a function goes on answering."""
    if not asleep:
        return live
    state = ASLEEP if live.state == MISSING else f"{live.state}, {ASLEEP}"
    return dataclasses.replace(live, state=state)


def _endpoint(record: Deployed, connection: Connection, now: datetime.datetime) -> Live:
    return _hosted(record, connection, _invocations(record, connection, now))


def _asynchronous(record: Deployed, connection: Connection, now: datetime.datetime) -> Live:
    # An asynchronous endpoint publishes no Invocations. What it took from its queue is ModelLatency's sample count,
    # and no instance is as healthy as one: nothing waits.
    dimensions = {"EndpointName": record.name, "VariantName": VARIANT}
    answered = _count(connection, now, "AWS/SageMaker", dimensions, "ModelLatency", "SampleCount")
    return _hosted(record, connection, answered)


def _serverless(record: Deployed, connection: Connection, now: datetime.datetime) -> Live:
    live = _hosted(record, connection, _invocations(record, connection, now))
    return dataclasses.replace(live, instances=None)  # it has none that one could count


def _invocations(record: Deployed, connection: Connection, now: datetime.datetime) -> int:
    dimensions = {"EndpointName": record.name, "VariantName": VARIANT}
    return _count(connection, now, "AWS/SageMaker", dimensions)


def _hosted(record: Deployed, connection: Connection, invocations: int) -> Live:
    endpoint = endpoints.describe(record.name, connection.client("sagemaker"))
    if endpoint is None:
        return Live(record, MISSING, None, 0, None)
    return Live(
        record,
        endpoint["EndpointStatus"],
        sum(variant.get("CurrentInstanceCount", 0) for variant in endpoint.get("ProductionVariants", ())),
        invocations,
        endpoint["LastModifiedTime"],
        endpoint.get("FailureReason"),
    )


def _function(record: Deployed, connection: Connection, now: datetime.datetime) -> Live:
    from botocore.exceptions import ClientError

    try:
        function = connection.client("lambda").get_function_configuration(FunctionName=record.name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return Live(record, MISSING, None, 0, None, error.response["Error"]["Message"])
    return Live(
        record,
        function.get("State", "Active"),
        None,
        _count(connection, now, "AWS/Lambda", {"FunctionName": record.name}),
        datetime.datetime.fromisoformat(function["LastModified"].replace("+0000", "+00:00")),
        function.get("StateReason"),
    )


def _count(
    connection: Connection,
    now: datetime.datetime,
    namespace: str,
    dimensions: dict[str, str],
    metric: str = "Invocations",
    statistic: str = "Sum",
) -> int:
    answer: dict[str, Any] = connection.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - WINDOW,
        EndTime=now + datetime.timedelta(minutes=1),
        Period=int(WINDOW.total_seconds()),
        Statistics=[statistic],
    )
    return int(sum(point[statistic] for point in answer["Datapoints"]))


def _job(record: Deployed, connection: Connection, now: datetime.datetime) -> Live:
    found = jobs.look(record.name, connection, now)
    if found is None:
        return Live(record, MISSING, None, 0, None)
    state, submitted, last = found
    return Live(record, state, None, submitted, last)


READERS: Mapping[str, Callable[[Deployed, Connection, datetime.datetime], Live]] = {
    "RealtimeEndpoint": _endpoint,
    "AsyncEndpoint": _asynchronous,
    "ServerlessEndpoint": _serverless,
    "MultiModelEndpoint": _endpoint,
    "LambdaEndpoint": _function,
    "BatchJob": _job,
}
