"""Metrics as CloudWatch keeps them: one series for each exact set of dimensions, and statistics of its periods."""

import bisect
import re
import threading
from calendar import timegm
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, MetricAggregatedDatum, MetricDatumBase

from infra.local.overlay.faults import NotModelled

Key = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions."""

COMPUTED = "AWS/S3"
"""What moto does not keep but counts, over all buckets, with each question."""

Points = dict[float, float]
"""A value for the start of each period that has one, in seconds since the epoch."""


@dataclass(frozen=True)
class Sample:
    """One datum, or several that were sent as one."""

    at: float
    low: float
    high: float
    total: float
    count: float
    unit: str


def key_of(namespace: str, name: str, dimensions: Iterable[Mapping[str, str]]) -> Key:
    """The series of a request: its dimensions match exactly, where moto takes any series that has them too."""
    return namespace, name, frozenset((one["Name"], one["Value"]) for one in dimensions)


def seconds_of(moment: datetime) -> float:
    """Seconds since the epoch; moto's times have no zone, and are UTC."""
    if moment.tzinfo is None:
        return timegm(moment.timetuple()) + moment.microsecond / 1e6
    return moment.timestamp()


class Index:
    """All that was put into one backend, by series and time. Reads what is new with each question."""

    def __init__(self) -> None:
        self._samples: dict[Key, list[Sample]] = {}
        self._read = 0
        self._lock = threading.Lock()

    def between(self, data: Sequence[MetricDatumBase], key: Key, start: float, end: float) -> list[Sample]:
        """The samples of a series from `start` to before `end`; `data` is the backend's, which only grows."""
        with self._lock:
            for datum in data[self._read :]:
                self._read += 1
                bisect.insort(self._samples.setdefault(_key_of_datum(datum), []), _sample(datum), key=_at)
            found = self._samples.get(key, [])
            first, last = (bisect.bisect_left(found, moment, key=_at) for moment in (start, end))
            return found[first:last]


def samples(backend: CloudWatchBackend, key: Key, start: float, end: float) -> list[Sample]:
    """The samples of a series from `start` to before `end`."""
    index: Index = backend.__dict__.setdefault("series_index", Index())
    found = index.between(backend.metric_data, key, start, end)
    if key[0] != COMPUTED:
        return found
    provided = [_sample(one) for one in backend.aws_metric_data if _key_of_datum(one) == key]
    return [*found, *(one for one in provided if start <= one.at < end)]


def points(
    found: Iterable[Sample], start: float, period: float, statistic: str, unit: str | None = None
) -> Points:
    """The statistic of each period from `start` on that has samples, of one unit where it is given."""
    compute = statistic_of(statistic)
    periods: dict[float, list[Sample]] = {}
    for one in found:
        if unit is None or one.unit == unit:
            periods.setdefault(start + (one.at - start) // period * period, []).append(one)
    computed = {moment: compute(group) for moment, group in sorted(periods.items())}
    return {moment: value for moment, value in computed.items() if value is not None}


def statistic_of(name: str) -> Callable[[Sequence[Sample]], float | None]:
    """How a statistic is computed; None is no datapoint. Raises NotModelled for one that is not known here."""
    if name in STATISTICS:
        return STATISTICS[name]
    if percentile := re.fullmatch(r"p(\d{1,2}(\.\d{1,10})?|100)", name):
        share = float(percentile[1]) / 100
        return lambda group: _percentile(group, share)
    raise NotModelled("cloudwatch", "statistic", name)


STATISTICS: Mapping[str, Callable[[Sequence[Sample]], float | None]] = {
    "SampleCount": lambda group: sum(one.count for one in group),
    "Sum": lambda group: sum(one.total for one in group),
    "Minimum": lambda group: min(one.low for one in group),
    "Maximum": lambda group: max(one.high for one in group),
    "Average": lambda group: _average(group),
}


def _average(group: Sequence[Sample]) -> float | None:
    count = sum(one.count for one in group)
    return sum(one.total for one in group) / count if count else None


def _percentile(group: Sequence[Sample], share: float) -> float | None:
    if any(one.low != one.high for one in group):
        return None  # as on AWS: a set of statistics hides its single values
    values = sorted(value for one in group for value in [one.low] * int(one.count))
    if not values:
        return None
    rank = share * (len(values) - 1)
    below = int(rank)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (rank - below)


def _at(sample: Sample) -> float:
    return sample.at


def _key_of_datum(datum: MetricDatumBase) -> Key:
    return (
        datum.namespace,
        datum.name,
        frozenset((one.name or "", one.value or "") for one in datum.dimensions),
    )


def _sample(datum: Any) -> Sample:
    at, unit = seconds_of(datum.timestamp), datum.unit or "None"
    if isinstance(datum, MetricAggregatedDatum):
        return Sample(at, datum.min, datum.max, datum.sum, datum.sample_count, unit)
    return Sample(at, datum.value, datum.value, datum.value, 1, unit)
