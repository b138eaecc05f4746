"""The embedded AWS's time: real time, or as many times as fast from the moment that the server starts."""

import logging
import math
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

log = logging.getLogger(__name__)

Work = Callable[[datetime], object]


class Clock(Protocol):
    """What tells the time, waits for it, and does work at it."""

    speed: float

    def now(self) -> datetime:
        """The time, in UTC."""
        ...

    def pause(self, seconds: float) -> bool:
        """Wait that many seconds of this time; False where the clock was stopped meanwhile."""
        ...

    def every(self, seconds: float, work: Work) -> None:
        """Run `work(now)` at each multiple of that many seconds of this time, until the clock is stopped.

        What was missed while it ran is caught up with one run.
        """
        ...

    def stop(self) -> None:
        """End all waiting and all work."""
        ...


class RunningClock:
    """Starts at the real time of now and runs `speed` times as fast."""

    def __init__(self, speed: float = 1.0, real: Callable[[], float] = time.time) -> None:
        if not 0 < speed < math.inf:
            raise ValueError(f"speed is {speed:g}; write a number above 0")
        self.speed = speed
        self._real = real
        self._origin = real()
        self._start = datetime.fromtimestamp(self._origin, UTC)
        self._stopped = threading.Event()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(self._real() - self._origin) * self.speed)

    def pause(self, seconds: float) -> bool:
        return not self._stopped.wait(max(0.0, seconds) / self.speed)

    def every(self, seconds: float, work: Work) -> None:
        threading.Thread(target=self._repeat, args=(seconds, work), daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _repeat(self, seconds: float, work: Work) -> None:
        due = (self.now().timestamp() // seconds + 1) * seconds
        while self.pause(due - self.now().timestamp()):
            run(work, self.now())
            due = max(due + seconds, self.now().timestamp() // seconds * seconds)


def run(work: Work, now: datetime) -> None:
    """Run it; a failure is told in the server's log, and the next run comes all the same."""
    try:
        work(now)
    except Exception:
        log.exception("work on the clock failed")
