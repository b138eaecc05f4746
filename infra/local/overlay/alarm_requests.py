"""PutMetricAlarm's request: what is refused of it, and what it asks for."""

from collections.abc import Mapping
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError

from infra.local.overlay import alarm_states, constraints, queries, series
from infra.local.overlay.alarm_states import ALARM, INSUFFICIENT_DATA, OK, Rule
from infra.local.overlay.faults import NotModelled

MINUTE = 60
SHORT_PERIODS = (10, 20, 30)

ACTIONS = {OK: "OKActions", ALARM: "AlarmActions", INSUFFICIENT_DATA: "InsufficientDataActions"}

SNS, SCALING = ":sns:", ":scalingPolicy:"
"""What is in the ARN of an action that is done here."""


def rule_of(request: Mapping[str, Any]) -> Rule:
    """When it goes off."""
    periods = int(request["EvaluationPeriods"])
    return Rule(
        request["ComparisonOperator"],
        float(request["Threshold"]),
        periods,
        int(request.get("DatapointsToAlarm") or periods),
        request.get("TreatMissingData") or "missing",
    )


def period_of(request: Mapping[str, Any]) -> int:
    """Seconds of one datapoint."""
    return queries.period_of(request["Metrics"]) if "Metrics" in request else int(request["Period"])


def key_of(request: Mapping[str, Any]) -> series.Key:
    """The series that it looks at."""
    return series.key_of(request["Namespace"], request["MetricName"], request.get("Dimensions") or ())


def returned_of(metrics: list[dict[str, Any]]) -> str:
    """The id of the one query that it looks at."""
    return str(next(query["Id"] for query in metrics if query.get("ReturnData", True)))


def check(request: dict[str, Any]) -> None:
    """Raise AWS's error, or NotModelled for what would be kept and never done."""
    if findings := constraints.violations("cloudwatch", "PutMetricAlarm", request):
        raise ValidationError(constraints.message(findings))
    for absent in ("EvaluationWindow", "WarmUpConfiguration", "EvaluationCriteria", "ThresholdMetricId"):
        if request.get(absent):
            raise NotModelled("cloudwatch", "PutMetricAlarm", f"with {absent}")
    missing = [key for key in ("ComparisonOperator", "EvaluationPeriods", "Threshold") if key not in request]
    if missing:
        raise ValidationError(f"The parameter {missing[0]} is required.")
    if request["ComparisonOperator"] not in alarm_states.COMPARISONS:
        raise NotModelled("cloudwatch", "PutMetricAlarm", f"with {request['ComparisonOperator']}")
    if request.get("DatapointsToAlarm", 1) > request["EvaluationPeriods"]:
        raise ValidationError("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    if request.get("TreatMissingData", "missing") not in ("breaching", "notBreaching", "ignore", "missing"):
        raise InvalidParameterValue(f"TreatMissingData {request['TreatMissingData']} is not supported.")
    (_check_metrics if "Metrics" in request else _check_metric)(request)
    for action in (one for kind in ACTIONS.values() for one in request.get(kind) or ()):
        if SNS not in action and SCALING not in action:
            raise NotModelled("cloudwatch", "PutMetricAlarm", f"with the action {action}")


def _check_metric(request: Mapping[str, Any]) -> None:
    if ("Statistic" in request) == ("ExtendedStatistic" in request):
        raise InvalidParameterCombination("Exactly one of Statistic and ExtendedStatistic must be specified.")
    for key in ("MetricName", "Namespace", "Period"):
        if key not in request:
            raise ValidationError(f"The parameter {key} is required.")
    series.statistic_of(request.get("Statistic") or request["ExtendedStatistic"])
    _check_periods(request["Period"], request["EvaluationPeriods"])


def _check_metrics(request: Mapping[str, Any]) -> None:
    metrics = request["Metrics"]
    if len([query for query in metrics if query.get("ReturnData", True)]) != 1:
        raise ValidationError("Exactly one element of the metrics list should return data.")
    try:
        queries.check(metrics)
    except ValueError as error:
        raise ValidationError(f"Invalid metrics list: {error}") from None
    _check_periods(queries.period_of(metrics), request["EvaluationPeriods"])


def _check_periods(period: int, count: int) -> None:
    if period not in SHORT_PERIODS and (period <= 0 or period % MINUTE):
        raise ValidationError("Period must be 10, 20, 30 or a multiple of 60.")
    limit = 604_800 if period >= 3600 else 86_400
    if period * count > limit:
        raise ValidationError(
            f"Metrics cannot be checked across more than {limit} seconds (EvaluationPeriods * Period)."
        )
