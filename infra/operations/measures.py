"""What CloudWatch measured of a workload in the last hour: errors, and the time of the slowest of a hundred."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.blueprint import metrics
from infra.blueprint.watches import MICROSECONDS
from infra.connection import Connection
from infra.ledger import Deployed

WINDOW = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Measures:
    """Errors of the server in the last hour, and the p99 in milliseconds; None where there is none to measure."""

    errors: int | None = None
    p99_ms: float | None = None


NOT_MEASURED = Measures()


@dataclass(frozen=True)
class _Names:
    """The metrics of errors and of latency, and how many units of the latter are a millisecond."""

    place: Callable[[str, str], metrics.Place]
    errors: str
    latency: str
    per_millisecond: int


_ENDPOINT = _Names(metrics.of_endpoint, "Invocation5XXErrors", "ModelLatency", MICROSECONDS)
_FUNCTION = _Names(lambda name, _metric: metrics.of_function(name), "Errors", "Duration", 1)

MEASURED: Mapping[str, _Names | None] = {
    "RealtimeEndpoint": _ENDPOINT,
    "AsyncEndpoint": _ENDPOINT,
    "ServerlessEndpoint": _ENDPOINT,
    "MultiModelEndpoint": _ENDPOINT,
    "LambdaEndpoint": _FUNCTION,
    # Batch has no metrics of its jobs.
    "BatchJob": None,
}


def measure(record: Deployed, connection: Connection, now: datetime.datetime) -> Measures:
    """The last hour of one workload, as CloudWatch has it by now: a minute or two late."""
    names = MEASURED[record.kind]
    if names is None:
        return NOT_MEASURED
    errors = hour(connection, now, names.place(record.name, names.errors), names.errors, Statistics=["Sum"])
    latency = hour(
        connection,
        now,
        names.place(record.name, names.latency),
        names.latency,
        ExtendedStatistics=["p99"],
    )
    slowest = [point["ExtendedStatistics"]["p99"] for point in latency]
    return Measures(
        int(sum(point["Sum"] for point in errors)),
        max(slowest) / names.per_millisecond if slowest else None,
    )


def hour(
    connection: Connection, now: datetime.datetime, place: metrics.Place, metric: str, **statistics: list[str]
) -> list[dict[str, Any]]:
    """The datapoints of the last hour: one, or two where it is not a whole one of CloudWatch's."""
    namespace, dimensions = place
    answer = connection.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - WINDOW,
        EndTime=now + datetime.timedelta(minutes=1),
        Period=int(WINDOW.total_seconds()),
        **statistics,
    )
    points: list[dict[str, Any]] = answer["Datapoints"]
    return points
