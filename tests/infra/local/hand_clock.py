"""A clock that a test drives."""

from datetime import UTC, datetime, timedelta

from infra.local.clock import Work

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""A Monday."""


class HandClock:
    """Stands still but for `advance`, which runs the work that becomes due, in order, on the caller's thread."""

    speed = 1.0

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._works: list[tuple[float, Work]] = []
        self._stopped = False

    def now(self) -> datetime:
        return self._now

    def pause(self, seconds: float) -> bool:
        self.advance(seconds)
        return not self._stopped

    def every(self, seconds: float, work: Work) -> None:
        self._works.append((seconds, work))

    def stop(self) -> None:
        self._stopped = True

    def advance(self, seconds: float) -> None:
        end = self._now + timedelta(seconds=seconds)
        while not self._stopped:
            upcoming = [(self._next(period), number) for number, (period, _) in enumerate(self._works)]
            due = [one for one in upcoming if one[0] <= end]
            if not due:
                break
            moment = min(due)[0]
            self._now = moment
            for at, number in sorted(due):
                if at == moment:
                    self._works[number][1](moment)
        self._now = end

    def jump(self, seconds: float) -> None:
        """Let time pass in which nothing is done: a week of beats takes a minute."""
        self._now += timedelta(seconds=seconds)

    def _next(self, period: float) -> datetime:
        return datetime.fromtimestamp((self._now.timestamp() // period + 1) * period, UTC)
