"""Metric data queries, as alarms and GetMetricData have them: metrics, and expressions over them."""

from collections.abc import Mapping, Sequence
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend

from infra.local.overlay import metric_math, series
from infra.local.overlay.metric_math import Scope
from infra.local.overlay.series import Points

Query = Mapping[str, Any]


def check(queries: Sequence[Query]) -> None:
    """Raise MathError for queries that cannot be computed, and NotModelled for those that cannot be here."""
    known = {query["Id"] for query in queries}
    for query in queries:
        if "Expression" in query:
            missing = metric_math.read(query["Expression"]).names - known
            if missing:
                raise metric_math.MathError(
                    f"{query['Expression']}: no query has the id {sorted(missing)[0]}"
                )
        else:
            series.statistic_of(query["MetricStat"]["Stat"])


def period_of(queries: Sequence[Query]) -> int:
    """The longest period: that of the result."""
    given = [query.get("Period") or query.get("MetricStat", {}).get("Period") for query in queries]
    return max((int(one) for one in given if one), default=60)


def results(
    backend: CloudWatchBackend, queries: Sequence[Query], start: float, end: float, period: float
) -> dict[str, Points]:
    """Each query's series, by id. Raises MathError, also where expressions need each other."""
    found = {
        query["Id"]: _metric(backend, query["MetricStat"], start, end, period)
        for query in queries
        if "MetricStat" in query
    }
    periods = [start + number * period for number in range(round((end - start) / period))]
    open_expressions = {
        query["Id"]: metric_math.read(query["Expression"]) for query in queries if "Expression" in query
    }
    while open_expressions:
        ready = [name for name, one in open_expressions.items() if one.names <= found.keys()]
        if not ready:
            raise metric_math.MathError(f"{', '.join(sorted(open_expressions))} cannot be computed")
        for name in ready:
            found[name] = open_expressions.pop(name).points(Scope(found, periods))
    return found


def _metric(
    backend: CloudWatchBackend, stat: Mapping[str, Any], start: float, end: float, period: float
) -> Points:
    metric = stat["Metric"]
    key = series.key_of(metric["Namespace"], metric["MetricName"], metric.get("Dimensions") or ())
    found = series.samples(backend, key, start, end)
    return series.points(found, start, period, stat["Stat"], stat.get("Unit"))
