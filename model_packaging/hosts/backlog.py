"""The requests that wait for the model: a bounded queue that threads take batches from.

Who would wait for too long, or finds too many before it, is refused at once and told when to come again. What is alike
in size goes into one batch: a short text beside a long one is padded to its length, and costs as much. The oldest
request is always in the next batch, so nobody waits for ever.
"""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from model_packaging.hosts.faults import Fault
from model_packaging.hosts.pace import Pace
from model_packaging.hosts.settings import Settings

SMALL_BITS = 9
"""Bodies below 512 bytes are alike, and then those of each power of two."""


class Busy(Fault):
    """There is no place left; `retry_after_seconds` is when what waits now will be done."""

    status = 503

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


@dataclass(eq=False, slots=True)
class Job:
    """A request on its way, and the future of its outcome. Times are the backlog's clock, 0 before they come."""

    body: bytes
    content_type: str | None
    accept: str | None
    future: "asyncio.Future[Any]"
    is_streamed: bool = False
    number: int = 0
    entered: float = 0.0
    taken: float = 0.0
    done: float = 0.0
    batch_size: int = 0
    is_gone: bool = False


class Backlog:
    """Thread-safe. `size` and `held_bytes` are of what waits."""

    def __init__(self, settings: Settings, pace: Pace, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._pace, self.clock = settings, pace, clock
        self._changed = threading.Condition(threading.Lock())
        self._queues: dict[int, deque[Job]] = {}
        self._entered = 0
        self._expected, self._freed = 1, -math.inf
        self._closed = False
        self.size = self.held_bytes = self.working = 0

    def check(self, body_bytes: int = 0) -> None:
        """Raises `Busy` where a request with such a body would be refused now."""
        if not self.size:
            return  # one may always wait, however slow the model and large the body
        wait = self._pace.seconds_for(self.size + self.working)
        if (
            self.size >= self._settings.queue_size
            or wait > self._settings.queue_seconds
            or self.held_bytes + body_bytes > self._settings.queue_bytes
        ):
            raise Busy(f"{self.size} requests wait already; try again later.", max(1, math.ceil(wait)))

    def enter(self, job: Job) -> None:
        """Let a request wait for its turn. Raises `Busy`."""
        with self._changed:
            self.check(len(job.body))
            self._entered += 1
            job.number, job.entered = self._entered, self.clock()
            self._queues.setdefault(max(SMALL_BITS, len(job.body).bit_length()), deque()).append(job)
            self.size += 1
            self.held_bytes += len(job.body)
            self._changed.notify()

    def leave(self, job: Job) -> None:
        """Forget a request whose caller is gone; one that is being answered already is answered in vain."""
        with self._changed:
            if not job.is_gone and not job.taken:
                job.is_gone = True
                self._count(job)

    def take(self) -> list[Job]:
        """Wait for the next batch; empty once the backlog is closed. Each needs a `finish`."""
        with self._changed:
            while not self._closed:
                queue = self._oldest()
                if queue is None:
                    self._changed.wait()
                elif (left := self._worth_waiting(queue)) > 0:
                    self._changed.wait(left)
                else:
                    return self._popped(queue)
        return []

    def finish(self, batch: list[Job]) -> None:
        """A batch is answered; what it took is how the pace is learnt."""
        with self._changed:
            self.working -= len(batch)
            # Those who were answered are likely to ask again, beside those who wait.
            self._expected, self._freed = self.size + len(batch), self.clock()
        if not batch[0].is_streamed:
            self._pace.learn(len(batch), batch[0].done - batch[0].taken)

    def close(self) -> None:
        """Let the threads end."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _oldest(self) -> deque[Job] | None:
        for queue in self._queues.values():
            while queue and queue[0].is_gone:
                queue.popleft()
        waiting = [queue for queue in self._queues.values() if queue]
        return min(waiting, key=lambda queue: queue[0].number) if waiting else None

    def _worth_waiting(self, queue: deque[Job]) -> float:
        """Seconds that a thread, idle, still waits for the rest of a batch.

        As long as was said; or, as the profile has it, for as many as there were at the last batch, so that a lone
        client waits for nobody.
        """
        if not self._pace.max_wait_seconds or queue[0].is_streamed or len(queue) >= self._pace.max_batch:
            return 0.0
        if self._pace.is_wait_learnt and self.size >= self._expected:
            return 0.0
        return max(queue[0].entered, self._freed) + self._pace.max_wait_seconds - self.clock()

    def _popped(self, queue: deque[Job]) -> list[Job]:
        batch: list[Job] = []
        most, now = self._pace.max_batch, self.clock()
        while queue and len(batch) < most and not (batch and queue[0].is_streamed):
            job = queue.popleft()
            if job.is_gone:
                continue
            job.taken = now
            self._count(job)
            batch.append(job)
            if job.is_streamed:
                break
        for job in batch:
            job.batch_size = len(batch)
        self.working += len(batch)
        if self.size:
            self._changed.notify()  # for another thread: entries notify one at a time
        return batch

    def _count(self, job: Job) -> None:
        self.size -= 1
        self.held_bytes -= len(job.body)
