"""A request sent until it is answered: again only where it did not run, and not for ever."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from infra.errors import InvocationFailed, Unanswered
from infra.operations.fates import Fate, fate_of, reason_of

DEADLINE_SECONDS = 300.0
"""For how long what is not there yet is waited for: a cold start, a model that is loaded, an end of throttling."""

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0

Answered = TypeVar("Answered")


@dataclass(frozen=True)
class Patience:
    """How long and how boldly a request is sent again.

    No attempt begins after `deadline_seconds`; the last one may take as long as AWS lets it. `harmless`: also where it
    may have run, for it may do so twice. `retry_unsafe`: where the model itself failed, too.
    """

    deadline_seconds: float = DEADLINE_SECONDS
    retry_unsafe: bool = False
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = field(default=random.random)
    harmless: bool = False


@dataclass(frozen=True)
class Attempt:
    """One request: how long was waited before it, how long it took, and why it was not the last."""

    waited_seconds: float
    seconds: float
    reason: str = ""
    fate: Fate | None = None


def until_answered(
    what: str, send: Callable[[], Answered], patience: Patience
) -> tuple[Answered, tuple[Attempt, ...]]:
    """What `send` returns at last, and every attempt; `what` is whom it is sent to, such as 'Endpoint x'.

    Raises `InvocationFailed` with the reason where it was refused or answered with an error, or not taken in time, and
    `Unanswered` where it may have run.
    """
    began = patience.clock()
    attempts: list[Attempt] = []
    waited = 0.0
    while True:
        started = patience.clock()
        try:
            answer = send()
        except Exception as error:
            fate, reason = fate_of(error), reason_of(error)
            attempts.append(Attempt(waited, patience.clock() - started, reason, fate))
            waited = _pause(len(attempts), patience)
            late = patience.clock() - began + waited > patience.deadline_seconds
            if late or not _may_repeat(fate, patience):
                raise _failure(what, attempts, patience) from error
            patience.sleep(waited)
        else:
            attempts.append(Attempt(waited, patience.clock() - started))
            return answer, tuple(attempts)


def _may_repeat(fate: Fate, patience: Patience) -> bool:
    repeated = {
        Fate.NOT_RUN: True,
        Fate.MAY_HAVE_RUN: patience.harmless or patience.retry_unsafe,
        Fate.FAILED: patience.retry_unsafe,
    }
    return repeated.get(fate, False)


def _pause(attempts: int, patience: Patience) -> float:
    """Twice as long each time, and half of it by chance: who was turned away together does not return together."""
    longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, 10))
    return longest * (0.5 + patience.random() / 2)


def _failure(what: str, attempts: list[Attempt], patience: Patience) -> InvocationFailed:
    last, count = attempts[-1], len(attempts)
    times = "once" if count == 1 else f"{count} times"
    if last.fate is Fate.NOT_RUN:
        return InvocationFailed(
            f"{what} did not take the request within {patience.deadline_seconds:g} s: {last.reason} It was sent "
            f"{times} and not run; wait longer with --deadline-seconds.",
            count,
        )
    if last.fate is Fate.MAY_HAVE_RUN:
        again = ", so it is not repeated. If it may run twice, write --retry-unsafe."
        told = "." if _may_repeat(last.fate, patience) else again
        return Unanswered(
            f"{what} gave no answer: {last.reason} The request was sent {times} and may have run{told}", count
        )
    verb = "refused the request" if last.fate is Fate.REFUSED else "answered"
    return InvocationFailed(f"{what} {verb}: {last.reason}", count)
