"""How long each part of a piece of work took, in real time."""

import time
from collections import Counter

from infra.local.telemetry import Metric

MICROSECONDS = 1_000_000


class Stopwatch:
    """Sums the laps by name."""

    def __init__(self) -> None:
        self._started = self._last = time.monotonic()
        self._parts: Counter[str] = Counter()

    def lap(self, part: str) -> None:
        """What went on since the last lap was `part`."""
        now = time.monotonic()
        self._parts[part] += int((now - self._last) * MICROSECONDS)
        self._last = now

    def total(self) -> float:
        """Microseconds up to the last lap."""
        return (self._last - self._started) * MICROSECONDS

    def metrics(self) -> tuple[Metric, ...]:
        """Each part as a metric of its name."""
        return tuple(Metric(name, took, "Microseconds") for name, took in self._parts.items())
