"""What waits for an asynchronous endpoint, in order; it outlives every instance of the endpoint."""

import collections
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

LOOK_SECONDS = 0.2
"""How often it is looked whether there are instances; they come and go without a word."""

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Waiting:
    """One asynchronous request. `source` is where its input lies, or the input itself.

    `deliveries` counts how often an instance had it and died.
    """

    inference_id: str
    source: str | bytes
    headers: Mapping[str, str]
    output: str
    failure: str | None
    received: datetime
    expires: datetime
    timeout_seconds: float
    deliveries: int = 0


class Backlog:
    """Hands each request to `work` in a thread of its own, `capacity()` at a time.

    `work` gives False for a request that was not done: it is the first again.
    """

    def __init__(self, capacity: Callable[[], int], work: Callable[[Waiting], bool]) -> None:
        self._capacity, self._work = capacity, work
        self._changed = threading.Condition()
        self._waiting: collections.deque[Waiting] = collections.deque()
        self._running: list[Waiting] = []
        self._closed = False
        threading.Thread(target=self._dispatch, daemon=True).start()

    def put(self, request: Waiting) -> None:
        """Queue a request."""
        with self._changed:
            self._waiting.append(request)
            self._changed.notify_all()

    def take_expired(self, now: datetime) -> list[Waiting]:
        """The waiting requests whose time is over; they wait no longer."""
        with self._changed:
            expired = [request for request in self._waiting if request.expires <= now]
            self._waiting = collections.deque(one for one in self._waiting if one not in expired)
            return expired

    def requests(self) -> list[Waiting]:
        """All that wait or are being worked on."""
        with self._changed:
            return [*self._running, *self._waiting]

    def close(self) -> None:
        """Begin no further request; what waits is lost."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _dispatch(self) -> None:
        while True:
            capacity = self._capacity()
            with self._changed:
                if self._closed:
                    return
                while self._waiting and len(self._running) < capacity:
                    request = self._waiting.popleft()
                    self._running.append(request)
                    threading.Thread(target=self._run, args=(request,), daemon=True).start()
                self._changed.wait(LOOK_SECONDS)

    def _run(self, request: Waiting) -> None:
        done = True
        try:
            done = self._work(request)
        except Exception:
            log.exception("asynchronous request %s failed", request.inference_id)
        finally:
            with self._changed:
                self._running.remove(request)
                if not done and not self._closed:
                    self._waiting.appendleft(request)
                self._changed.notify_all()
