"""The threads that answer what waits in the backlog: whole batches through the handler, or one stream."""

import asyncio
import contextlib
import itertools
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_packaging.hosts.backlog import Backlog, Job
from model_packaging.hosts.faults import Fault, HandlerFault, one_line
from model_packaging.hosts.handler import Handler

Outcome = Any
"""What a job is replied with: bytes and their content type, a `Parts`, or the Fault."""

OnBatch = Callable[[int, float], None]
Say = Callable[[str], None]


@dataclass(eq=False)
class Parts:
    """A streamed answer: its content type, and its parts as they come; None is the end, a Fault the handler's."""

    content_type: str
    loop: asyncio.AbstractEventLoop
    is_gone: bool = False
    _queue: "asyncio.Queue[bytes | Fault | None]" = field(default_factory=lambda: asyncio.Queue(1))

    def put(self, part: bytes | Fault | None) -> None:
        """Hand over a part, in the handler's thread; waits until there is a place for it, or nobody wants it."""
        if self.is_gone:
            return
        putting = self._queue.put(part)
        try:
            asyncio.run_coroutine_threadsafe(putting, self.loop).result()
        except RuntimeError:  # the loop has ended
            putting.close()
            self.is_gone = True

    async def get(self) -> bytes | Fault | None:
        """The next part, in the loop."""
        return await self._queue.get()

    def abandon(self) -> None:
        """The caller is gone: what the handler is about to hand over has a place, and nothing more is wanted."""
        self.is_gone = True
        with contextlib.suppress(asyncio.QueueEmpty):
            self._queue.get_nowait()


class Engine:
    """`threads` threads over one handler; they start with the first request, and never keep the process alive."""

    def __init__(self, handler: Handler, backlog: Backlog, threads: int, on_batch: OnBatch, say: Say) -> None:
        self._handler, self._backlog, self._threads = handler, backlog, threads
        self._on_batch, self._say = on_batch, say
        self._started = False

    def start(self) -> None:
        """Start the threads where they do not run yet."""
        if not self._started:
            self._started = True
            for _ in range(self._threads):
                threading.Thread(target=self._work, name="modelyard", daemon=True).start()

    def _work(self) -> None:
        while batch := self._backlog.take():
            if batch[0].is_streamed:
                self._stream(batch[0])
                self._backlog.finish(batch)
                continue
            outcomes = answers(self._handler, batch, self._say)
            now = self._backlog.clock()
            for job in batch:
                job.done = now
            self._backlog.finish(batch)
            self._on_batch(len(batch), now - batch[0].taken)
            reply(batch, outcomes)

    def _stream(self, job: Job) -> None:
        """Everything that the handler does for a stream is done here, in its thread."""
        parts: Iterator[bytes] = iter(())
        try:
            parts, content_type = self._handler.stream(job.body, job.content_type)
        except Fault as fault:
            reply([job], [fault])
            return
        except BaseException as error:
            reply([job], [_ended(error)])
            return
        replied = Parts(content_type, job.future.get_loop())
        reply([job], [replied])
        last: Fault | None = None
        try:
            for part in parts:
                if replied.is_gone:
                    return
                replied.put(part)
        except Fault as fault:
            last = fault
        except BaseException as error:
            last = _ended(error)
        finally:
            job.done = self._backlog.clock()
        replied.put(last)


def reply(jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
    """Settle the jobs' futures, each in its loop; the loop is woken once, and not for each."""
    pairs = zip((job.future for job in jobs), outcomes, strict=True)
    for loop, group in itertools.groupby(pairs, key=lambda pair: pair[0].get_loop()):
        with contextlib.suppress(RuntimeError):  # a loop that has ended waits for nothing
            loop.call_soon_threadsafe(_settle, list(group))


def _settle(pairs: "Sequence[tuple[asyncio.Future[Outcome], Outcome]]") -> None:
    for future, outcome in pairs:
        if not future.done():
            future.set_result(outcome)


def answers(handler: Handler, batch: Sequence[Job], say: Say) -> list[Outcome]:
    """The outcome of each job, in their order. What is wrong with one leaves the others alone."""
    outcomes: list[Outcome] = [None] * len(batch)
    items: dict[int, Any] = {}
    for place, job in enumerate(batch):
        try:
            items[place] = handler.read(job.body, job.content_type)
        except BaseException as error:
            outcomes[place] = _ended(error)
    for place, prediction in zip(items, predictions(handler, list(items.values()), say), strict=True):
        outcomes[place] = prediction
        if not isinstance(prediction, Fault):
            try:
                outcomes[place] = handler.write(prediction, batch[place].accept)
            except BaseException as error:
                outcomes[place] = _ended(error)
    return outcomes


def predictions(handler: Handler, items: Sequence[Any], say: Say) -> list[Any]:
    """A prediction or a Fault for each item: together, and one by one where that does not go, which is said."""
    if len(items) > 1:
        try:
            return handler.predict_batch(items)
        except Fault as fault:
            say(f"{fault} The {len(items)} items are predicted one by one.")
        except BaseException as error:
            return [_ended(error)] * len(items)
    return [_alone(handler, item) for item in items]


def _alone(handler: Handler, item: Any) -> Any:
    try:
        return handler.predict(item)
    except BaseException as error:
        return _ended(error)


def _ended(error: BaseException) -> Fault:
    """The fault itself; of sys.exit() and the like, that the handler meant to end the host."""
    if isinstance(error, Fault):
        return error
    traceback.print_exception(error, file=sys.stderr)
    return HandlerFault(f"The handler raised {type(error).__name__}: {one_line(error)}")
