"""CloudWatch's metrics: put at the clock's time, and read by series, with percentiles and metric math."""

from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from infra.local.overlay import queries, series
from infra.local.overlay.alarms import Watch


def put_metric_data(self: CloudWatchResponse) -> ActionResult:
    request = self._get_params()
    now = Watch.machine.clock().replace(tzinfo=None)
    data = [
        {**one, "Timestamp": _naive(one["Timestamp"]) if one.get("Timestamp") else now}
        for one in request.get("MetricData") or ()
    ]
    self.cloudwatch_backend.put_metric_data(request["Namespace"], data)
    return EmptyResult()


def get_metric_statistics(self: CloudWatchResponse) -> ActionResult:
    request = self._get_params()
    names = [*(request.get("Statistics") or ()), *(request.get("ExtendedStatistics") or ())]
    if not names:
        raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
    start, end = (series.seconds_of(request[key]) for key in ("StartTime", "EndTime"))
    if start >= end:
        raise InvalidParameterValue("The parameter StartTime must be less than the parameter EndTime.")
    period = int(request["Period"])
    key = series.key_of(request["Namespace"], request["MetricName"], request.get("Dimensions") or ())
    first = start // period * period if period <= 60 else start // 60 * 60
    found = series.samples(self.cloudwatch_backend, key, first, end)
    if request.get("Unit"):
        found = [one for one in found if one.unit == request["Unit"]]
    computed = {name: series.points(found, first, period, name) for name in names}
    moments = sorted({moment for points in computed.values() for moment in points})
    datapoints = [_datapoint(moment, found, period, computed, request) for moment in moments]
    return ActionResult({"Label": request["MetricName"], "Datapoints": datapoints})


def get_metric_data(self: CloudWatchResponse) -> ActionResult:
    request = self._get_params()
    wanted = request.get("MetricDataQueries") or []
    start, end = (series.seconds_of(request[key]) for key in ("StartTime", "EndTime"))
    if start >= end:
        raise ValidationError("The parameter EndTime must be greater than StartTime.")
    for number, query in enumerate(wanted, start=1):
        if "MetricStat" not in query and "Expression" not in query:
            raise ValidationError(
                f"The parameter MetricDataQueries.member.{number}.MetricStat is required.\n"
            )
    descending = (request.get("ScanBy") or "TimestampDescending") == "TimestampDescending"
    try:
        queries.check(wanted)
        found = _results(self.cloudwatch_backend, wanted, start, end)
    except ValueError as error:
        raise ValidationError(f"Error in expression: {error}") from None
    shown = []
    for query in wanted:
        if not query.get("ReturnData", True):
            continue
        points = sorted(found[query["Id"]].items(), reverse=descending)
        shown.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or _label(query),
                "Timestamps": [datetime.fromtimestamp(moment, UTC) for moment, _ in points],
                "Values": [value for _, value in points],
                "StatusCode": "Complete",
            }
        )
    return ActionResult({"MetricDataResults": shown})


def _results(
    backend: CloudWatchBackend, wanted: list[dict[str, Any]], start: float, end: float
) -> dict[str, series.Points]:
    """Without expressions each query has its own period; with them, all have the longest."""
    if any("Expression" in query for query in wanted):
        period = queries.period_of(wanted)
        first = start // period * period
        last = first + -((first - end) // period) * period
        return queries.results(backend, wanted, first, last, period)
    found: dict[str, series.Points] = {}
    for query in wanted:
        period = queries.period_of([query])
        found |= queries.results(backend, [query], start // period * period, end, period)
    return found


def _label(query: dict[str, Any]) -> str:
    stat = query.get("MetricStat")
    return f"{stat['Metric']['MetricName']} {stat['Stat']}" if stat else str(query["Id"])


def _datapoint(
    moment: float,
    found: list[series.Sample],
    period: int,
    computed: dict[str, series.Points],
    request: dict[str, Any],
) -> dict[str, Any]:
    unit = next(one.unit for one in found if moment <= one.at < moment + period)
    values = {name: points[moment] for name, points in computed.items() if moment in points}
    extended = {name: value for name, value in values.items() if name not in series.STATISTICS}
    shown = {name: value for name, value in values.items() if name in series.STATISTICS}
    return {
        "Timestamp": datetime.fromtimestamp(moment, UTC),
        "Unit": unit,
        **shown,
        **({"ExtendedStatistics": extended} if extended else {}),
    }


def _naive(moment: datetime) -> datetime:
    """moto's times have no zone, and are UTC."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


OPERATIONS = {
    function.__name__: function for function in (put_metric_data, get_metric_statistics, get_metric_data)
}
