"""What AWS itself says of what is deployed: state, counts, the last hour, the last use, and what it has cost."""

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from infra.blueprint.autoscaling import VARIANT
from infra.connection import Connection
from infra.ledger import Deployed, Ledger
from infra.operations import activity, endpoints, queues
from infra.operations.measures import NOT_MEASURED, WINDOW, Measures, hour, measure
from infra.operations.spending import this_month

LOOK_BACK = datetime.timedelta(days=14)
"""As far as CloudWatch tells each quarter of an hour from the next."""
MISSING, ASLEEP = "missing", "asleep"


@dataclass(frozen=True)
class Live:
    """One workload as AWS sees it. `instances` is None for what has none; `reason` is AWS's, where it gives one.

    `last_used` is when its last request ended, at the latest; None where there was none in two weeks.
    `usd_this_month` is at list price, None where it is not known.
    """

    deployed: Deployed
    state: str
    instances: int | None
    invocations_last_hour: int
    last_changed: datetime.datetime | None
    reason: str | None = None
    last_used: datetime.datetime | None = None
    measures: Measures = NOT_MEASURED
    usd_this_month: Decimal | None = None

    @property
    def is_there(self) -> bool:
        """Whether AWS has it."""
        return self.state not in (MISSING, ASLEEP)


def status(connection: Connection, now: datetime.datetime) -> list[Live]:
    """Every workload that is deployed in the environment, in the order of the stacks' names."""
    ledger = Ledger.on(connection)
    if not ledger.exists():
        return []
    asleep = {stack: ledger.asleep(stack) for stack in ledger.stacks()}
    return [
        _rested(READERS[record.kind](record, connection, now), record.workload in asleep[record.stack])
        for record in ledger.deployed()
    ]


def more(live: Live, connection: Connection, now: datetime.datetime) -> Live:
    """The same with what takes further questions: errors, the p99, the last use, and what it has cost this month."""
    if not live.is_there:
        return live
    record = live.deployed
    window = WINDOW if live.invocations_last_hour else LOOK_BACK
    metered = record.kind in activity.METERED
    return dataclasses.replace(
        live,
        last_used=activity.last_used(record, connection, now, window) if metered else live.last_used,
        measures=measure(record, connection, now),
        usd_this_month=this_month(record, connection, now),
    )


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
        endpoints.instances(endpoint),
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
    points = hour(connection, now, (namespace, dimensions), metric, Statistics=[statistic])
    return int(sum(point[statistic] for point in points))


def _job(record: Deployed, connection: Connection, now: datetime.datetime) -> Live:
    found = queues.look(record.name, connection, now)
    if found is None:
        return Live(record, MISSING, None, 0, None)
    state, submitted, last = found
    return Live(record, state, None, submitted, last, last_used=last)


READERS: Mapping[str, Callable[[Deployed, Connection, datetime.datetime], Live]] = {
    "RealtimeEndpoint": _endpoint,
    "AsyncEndpoint": _asynchronous,
    "ServerlessEndpoint": _serverless,
    "MultiModelEndpoint": _endpoint,
    "LambdaEndpoint": _function,
    "BatchJob": _job,
}
