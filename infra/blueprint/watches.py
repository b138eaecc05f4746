"""What can be watched of each kind of workload: the metrics and thresholds of its alarms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.blueprint import metrics
from infra.blueprint.metrics import Place
from infra.settings import Alarms
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ServerlessEndpoint,
)

BACKLOG_AGE = "ApproximateAgeOfOldestRequest"

PERIOD_SECONDS = 60
DATAPOINTS, OF = 2, 3
"""Two bad minutes of three: one bad minute is no alarm, and a roll-back still comes in time."""

THROTTLES_SECONDS = 300
MICROSECONDS = 1000
"""Microseconds in a millisecond: SageMaker has ModelLatency in those, Lambda has Duration in milliseconds."""


@dataclass(frozen=True)
class Watch:
    """One alarm without what all have: its label, what it says, and its metric and threshold."""

    label: str
    says: str
    arguments: Mapping[str, Any]


def _metric(place: Place, metric: str) -> dict[str, Any]:
    namespace, dimensions = place
    return {"namespace": namespace, "metric_name": metric, "dimensions": dimensions}


_QUICKLY = {"evaluation_periods": OF, "datapoints_to_alarm": DATAPOINTS}


def _p99(place: Place, metric: str, threshold: float, milliseconds: float) -> Watch:
    return Watch(
        "latency",
        f"one request of a hundred takes longer than {milliseconds:g} ms",
        {
            **_metric(place, metric),
            "extended_statistic": "p99",
            # "ignore" would keep the alarm still below 1,000 requests a minute: CloudWatch takes that for too few.
            "evaluate_low_sample_count_percentiles": "evaluate",
            "period": PERIOD_SECONDS,
            "comparison_operator": "GreaterThanThreshold",
            "threshold": threshold,
            **_QUICKLY,
        },
    )


def _model_latency(name: str, alarms: Alarms) -> Watch | None:
    limit = alarms.p99_latency_ms
    if limit is None:
        return None
    return _p99(metrics.of_endpoint(name, "ModelLatency"), "ModelLatency", limit * MICROSECONDS, limit)


def _duration(name: str, alarms: Alarms) -> Watch | None:
    limit = alarms.p99_latency_ms
    return None if limit is None else _p99(metrics.of_function(name), "Duration", limit, limit)


def _rate(place: Place, errors: str, rate: float) -> Watch:
    return Watch(
        "errors",
        f"{rate:.0%} of the requests or more end in an error of the server",
        {
            "metric_query": [
                {
                    "id": "rate",
                    "expression": "errors / requests",
                    "label": "Share of requests that end in an error",
                    "return_data": True,
                },
                _sum("errors", place, errors),
                _sum("requests", place, "Invocations"),
            ],
            "comparison_operator": "GreaterThanOrEqualToThreshold",
            "threshold": rate,
            **_QUICKLY,
        },
    )


def _sum(id: str, place: Place, metric: str) -> dict[str, Any]:
    return {"id": id, "metric": {**_metric(place, metric), "stat": "Sum", "period": PERIOD_SECONDS}}


def _endpoint_errors(name: str, alarms: Alarms) -> Watch | None:
    rate = alarms.server_error_rate
    metric = "Invocation5XXErrors"
    return None if rate is None else _rate(metrics.of_endpoint(name, metric), metric, rate)


def _function_errors(name: str, alarms: Alarms) -> Watch | None:
    rate = alarms.server_error_rate
    return None if rate is None else _rate(metrics.of_function(name), "Errors", rate)


def _queued_errors(name: str, alarms: Alarms) -> Watch | None:
    rate = alarms.server_error_rate
    if rate is None:
        return None
    return Watch(
        "errors",
        f"{rate:.0%} of the requests or more end in an error of the model",
        {
            # Asynchronous endpoints publish no Invocations to divide by. The metric is 1 or 0 per request,
            # so that its mean is the rate.
            **_metric(metrics.of_endpoint(name, "Invocation5XXErrors"), "Invocation5XXErrors"),
            "statistic": "Average",
            "period": PERIOD_SECONDS,
            "comparison_operator": "GreaterThanOrEqualToThreshold",
            "threshold": rate,
            **_QUICKLY,
        },
    )


def _backlog_age(name: str, alarms: Alarms) -> Watch | None:
    limit = alarms.backlog_age_seconds
    if limit is None:
        return None
    return Watch(
        "backlog",
        f"a request waits for longer than {limit:g} s",
        {
            # In seconds. Not TimeInBacklog: that one is told when a request leaves the queue, and nothing leaves it
            # while no instance comes up.
            **_metric(metrics.of_endpoint(name, BACKLOG_AGE), BACKLOG_AGE),
            "statistic": "Maximum",
            "period": PERIOD_SECONDS,
            "comparison_operator": "GreaterThanThreshold",
            "threshold": limit,
            **_QUICKLY,
        },
    )


def _throttles(name: str, alarms: Alarms) -> Watch | None:
    if alarms.throttles is None:
        return None
    return Watch(
        "throttles",
        f"Lambda refused {alarms.throttles} calls or more in {THROTTLES_SECONDS // 60} minutes",
        {
            **_metric(metrics.of_function(name), "Throttles"),
            "statistic": "Sum",
            "period": THROTTLES_SECONDS,
            "evaluation_periods": 1,
            "comparison_operator": "GreaterThanOrEqualToThreshold",
            "threshold": alarms.throttles,
        },
    )


RULES: Mapping[type, tuple[Callable[[str, Alarms], Watch | None], ...]] = {
    RealtimeEndpoint: (_model_latency, _endpoint_errors),
    MultiModelEndpoint: (_model_latency, _endpoint_errors),
    ServerlessEndpoint: (_model_latency, _endpoint_errors),
    AsyncEndpoint: (_model_latency, _queued_errors, _backlog_age),
    LambdaEndpoint: (_duration, _function_errors, _throttles),
    # Batch has no metrics of its jobs.
    BatchJob: (),
}
"""What can be watched of each kind of workload."""
