"""How many instances there are in each minute of a month, by the rules that Application Auto Scaling follows.

Source of the rules: Application Auto Scaling User Guide, 'Target tracking scaling policies', and the alarms that
it makes: AlarmHigh looks at 3 minutes above the target, AlarmLow at 15 minutes below 90 % of it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counts = NDArray[np.int64]
    Seconds = NDArray[np.float64]

HIGH_MINUTES: Final = 3
LOW_MINUTES: Final = 15
LOW_SHARE: Final = 0.9
WAKE_MINUTES: Final = 2
"""HasBacklogWithoutCapacity for 2 of 2 minutes wakes an endpoint from zero."""


@dataclass(frozen=True, eq=False)
class Capacity:
    """Instances of every minute, of shape (minutes,): those that serve, and those that are billed."""

    serving: "Counts"
    billed: "Counts"

    def ahead(self) -> tuple["Counts", "Seconds"]:
        """For who arrives in each minute: the instances that serve, or come at the next change; and when that is.

        The time is in seconds from the month's begin.
        """
        import numpy as np

        begins = np.concatenate([[0], np.flatnonzero(np.diff(self.serving)) + 1])
        counts = self.serving[begins]
        following, until = np.append(counts[1:], 0), np.append(begins[1:], len(self.serving))
        lengths = until - begins
        return np.repeat(np.maximum(counts, following), lengths), np.repeat(until * 60.0, lengths)


class _Ordered:
    """Instances minute by minute: `wanted` are asked for and billed, `serving` are there, `arriving` on their way."""

    def __init__(self, count: int) -> None:
        self.wanted = self.serving = count
        self.changed = -math.inf  # the minute of the last order
        self.arriving: list[tuple[int, int]] = []  # the minute from which a count serves
        self._served: list[int] = []
        self._billed: list[int] = []

    def enter(self, minute: int) -> None:
        """What was ordered for this minute serves."""
        while self.arriving and self.arriving[0][0] <= minute:
            self.serving = self.arriving.pop(0)[1]
        self._served.append(self.serving)
        self._billed.append(max(self.wanted, self.serving))

    def order(self, count: int, minute: int, start_minutes: int = 0) -> None:
        """Another count, which serves `start_minutes` after this minute."""
        self.wanted, self.changed = count, minute
        self.arriving.append((minute + 1 + start_minutes, count))

    @property
    def capacity(self) -> Capacity:
        """All minutes that were entered."""
        import numpy as np

        return Capacity(np.array(self._served), np.array(self._billed))


@dataclass(frozen=True)
class Fixed:
    """Always the same count."""

    count: int

    def over(self, requests: "Counts") -> Capacity:
        """The month in which `requests` come, a number per minute."""
        import numpy as np

        there = np.full(len(requests), self.count)
        return Capacity(there, there)


@dataclass(frozen=True)
class Weekly:
    """The same in every week, by a timetable: `counts` are those of its minutes."""

    counts: tuple[int, ...]

    def over(self, requests: "Counts") -> Capacity:
        """The month in which `requests` come, a number per minute; it begins as the week does."""
        import numpy as np

        there = np.resize(np.array(self.counts), len(requests))
        return Capacity(there, there)


@dataclass(frozen=True)
class Tracking:
    """Target tracking of requests per instance and minute, between two counts.

    `start_minutes` pass until a new instance serves; it is billed from the beginning.
    """

    minimum: int
    maximum: int
    per_instance: float
    scale_out_cooldown_seconds: int = 60
    scale_in_cooldown_seconds: int = 300
    start_minutes: int = 5

    def over(self, requests: "Counts") -> Capacity:
        """The month in which `requests` come, a number per minute."""

        def look(count: int, serving: int) -> tuple[bool, bool, int]:
            load = count / serving
            asked = math.ceil(count / self.per_instance)
            return load > self.per_instance, load < LOW_SHARE * self.per_instance, asked

        return _tracked(self, requests, look)


@dataclass(frozen=True)
class Utilization:
    """Target tracking of the share of provisioned concurrency that is busy, above 0 to 1, between two counts.

    More than all of it is never busy, so that it grows by at most 1 / `target` at a time. A minute without a request
    publishes no metric: nothing is given back in it. Both alarms look at the average (as AWS makes them by default).
    `start_minutes` pass until more is ready, which is billed meanwhile: an assumption.
    """

    minimum: int
    maximum: int
    target: float
    scale_out_cooldown_seconds: int = 60
    scale_in_cooldown_seconds: int = 300
    start_minutes: int = 2

    def over(self, requests: "Counts", seconds: float) -> Capacity:
        """The month in which `requests` come, a number per minute, of which each runs for `seconds`."""

        def look(count: int, serving: int) -> tuple[bool, bool, int]:
            busy = min(1.0, count * seconds / 60 / serving)
            asked = math.ceil(round(serving * busy / self.target, 9))
            return busy > self.target, bool(count) and busy < LOW_SHARE * self.target, asked

        return _tracked(self, requests, look)


def _tracked(
    policy: Tracking | Utilization, requests: "Counts", look: Callable[[int, int], tuple[bool, bool, int]]
) -> Capacity:
    """What a target's two alarms make of each minute.

    `look` says of a minute's requests and of what serves them whether that is above the target, whether it is far below
    it, and how much it asks for.
    """
    out_minutes = math.ceil(policy.scale_out_cooldown_seconds / 60)
    in_minutes = math.ceil(policy.scale_in_cooldown_seconds / 60)
    ordered = _Ordered(policy.minimum)
    high = low = 0
    for minute, count in enumerate(requests.tolist()):
        ordered.enter(minute)
        above, below, asked = look(count, ordered.serving)
        high = high + 1 if above else 0
        low = low + 1 if below else 0
        need = min(policy.maximum, max(policy.minimum, asked))
        quiet = minute - ordered.changed
        if high >= HIGH_MINUTES and need > ordered.wanted and quiet >= out_minutes:
            ordered.order(need, minute, policy.start_minutes)
        elif low >= LOW_MINUTES and need < ordered.wanted and not ordered.arriving and quiet >= in_minutes:
            ordered.order(need, minute)
    return ordered.capacity


@dataclass(frozen=True)
class Backlog:
    """An asynchronous endpoint: target tracking of waiting requests per instance, down to zero.

    `served_per_instance` is how many requests an instance gets through in a minute.
    """

    maximum: int
    per_instance: float
    served_per_instance: float
    minimum: int = 0
    scale_in_cooldown_seconds: int = 300
    start_minutes: int = 6

    def over(self, requests: "Counts") -> Capacity:
        """The month in which `requests` come, a number per minute."""
        in_minutes = math.ceil(self.scale_in_cooldown_seconds / 60)
        ordered = _Ordered(self.minimum)
        backlog = 0.0
        high = low = without = 0
        for minute, count in enumerate(requests.tolist()):
            ordered.enter(minute)
            serving = ordered.serving
            backlog = max(0.0, backlog + count - serving * self.served_per_instance)
            without = without + 1 if backlog >= 1 and serving == 0 else 0
            load = backlog / max(1, serving)
            high = high + 1 if serving and load > self.per_instance else 0
            low = low + 1 if load < LOW_SHARE * self.per_instance and not backlog >= 1 else 0
            need = min(self.maximum, max(1, math.ceil(backlog / self.per_instance)))
            settled = not ordered.arriving and minute - ordered.changed >= in_minutes
            if without >= WAKE_MINUTES and ordered.wanted == 0:
                ordered.order(1, minute, self.start_minutes)
            elif high >= HIGH_MINUTES and need > ordered.wanted:
                ordered.order(need, minute, self.start_minutes)
            elif low >= LOW_MINUTES and ordered.wanted > self.minimum and settled:
                ordered.order(self.minimum, minute)
        return ordered.capacity
