"""CloudWatch as AWS fills it: metrics of invocations, and the output of processes."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Metric:
    """One datapoint; the unit is CloudWatch's name of it."""

    name: str
    value: float
    unit: str


def put_metrics(
    account_id: str,
    region: str,
    namespace: str,
    dimensions: dict[str, str],
    metrics: Iterable[Metric],
    at: datetime,
) -> None:
    """Put `metrics` into moto's CloudWatch, as the service in `namespace` would."""
    from moto.cloudwatch.models import cloudwatch_backends

    naive = at.astimezone(UTC).replace(tzinfo=None)  # moto compares it with naive times, in UTC
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    cloudwatch_backends[account_id][region].put_metric_data(
        namespace,
        [
            {
                "MetricName": metric.name,
                "Dimensions": named,
                "Timestamp": naive,
                "Value": metric.value,
                "Unit": metric.unit,
            }
            for metric in metrics
        ],
    )


class LogStream:
    """A stream of CloudWatch Logs, made with its group when the first line is written."""

    _lock = threading.Lock()  # moto's stores are plain dicts and lists

    def __init__(
        self, account_id: str, region: str, group: str, name: str, clock: Callable[[], datetime]
    ) -> None:
        self.account_id, self.region, self.group, self.name = account_id, region, group, name
        self._clock = clock

    def write(self, line: str) -> None:
        """Put one line, with the time of now."""
        event = {"timestamp": int(self._clock().timestamp() * 1000), "message": line}
        backend = self._backend()
        with self._lock:
            backend.ensure_log_group(self.group)
            backend.ensure_log_stream(self.group, self.name)
            # past the backend, which refuses what is 2 hours ahead of real time: AWS's time here may run faster
            backend.groups[self.group].put_log_events(self.name, [event])

    def _backend(self) -> Any:
        from moto.logs.models import logs_backends

        return logs_backends[self.account_id][self.region]
