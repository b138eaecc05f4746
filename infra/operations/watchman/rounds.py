"""One round of the watchman: what is idle and costs by the hour is put to sleep, one by one, and never too many."""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.ledger import Deployed, Hourly
from infra.operations.idle import History, IdleRule

SLEPT, WOULD, SAVED, KEPT, LEFT, ASLEEP, FAILED = (
    "put to sleep",
    "would be put to sleep",
    "saved",
    "kept",
    "left",
    "asleep",
    "failed",
)


@dataclass(frozen=True)
class Outcome:
    """What became of one workload, and why; `idle_hours` is None where nobody could say."""

    deployed: Deployed
    outcome: str
    reason: str
    idle_hours: float | None = None

    def to_json(self) -> dict[str, object]:
        """As JSON takes it."""
        record = self.deployed
        return {
            "stack": record.stack,
            "workload": record.workload,
            "kind": record.kind,
            "name": record.name,
            "outcome": self.outcome,
            "reason": self.reason,
            "idle_hours": None if self.idle_hours is None else round(self.idle_hours, 2),
        }


@dataclass(frozen=True)
class World:
    """What a round needs to know and do: AWS's time, and a look at a workload; of a stack what goes when it sleeps,
    and what sleeps; whether what goes of a workload is there; and to put one to sleep.
    """

    now: Callable[[], datetime.datetime]
    look: Callable[[Deployed], History | None]
    hourly: Callable[[str], Hourly | None]
    asleep: Callable[[str], frozenset[str]]
    remains: Callable[[Sequence[tuple[str, str]]], bool]
    put_to_sleep: Callable[[Deployed, Sequence[tuple[str, str]]], None]


def go(
    records: Sequence[Deployed], rule: IdleRule, most: int, armed: bool, world: World
) -> Iterator[Outcome]:
    """What becomes of each of `records` that is there, told as it happens; first of all that stay as they are.

    Where it is not `armed` nothing is done, and it is told what would be. At most `most` are put to sleep, those first
    that were not used for longest. An error is the outcome of its own workload, and of no other.
    """
    candidates: list[tuple[Outcome, Sequence[tuple[str, str]]]] = []
    recorded = _Recorded(world)
    for record in records:
        try:
            found = _judged(record, rule, world, recorded)
        except Exception as error:
            yield Outcome(record, FAILED, _said(error))
            continue
        if found is None:
            continue
        outcome, resources = found
        if resources:
            candidates.append((outcome, resources))
        else:
            yield outcome
    candidates.sort(key=lambda one: (-(one[0].idle_hours or 0), one[0].deployed.name))
    begun = 0
    for outcome, resources in candidates:
        if begun == most:
            yield Outcome(
                outcome.deployed, LEFT, f"{most} of at most {most} are dealt with", outcome.idle_hours
            )
            continue
        settled = _settle(outcome, resources, rule, world) if armed else outcome
        begun += settled.outcome != SAVED
        yield settled


class _Recorded:
    """What is recorded of each stack, read once: a stack of ten workloads is not read ten times."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[str, tuple[Hourly | None, frozenset[str]]] = {}

    def of(self, stack: str) -> tuple[Hourly | None, frozenset[str]]:
        if stack not in self._known:
            self._known[stack] = self._world.hourly(stack), self._world.asleep(stack)
        return self._known[stack]


def _judged(
    record: Deployed, rule: IdleRule, world: World, recorded: _Recorded
) -> tuple[Outcome, Sequence[tuple[str, str]]] | None:
    """What a workload comes to at a first look, and what of it is to go; None where it is not there."""
    hourly, asleep = recorded.of(record.stack)
    if hourly is None or record.workload not in hourly:
        lacking = f"what of it goes is not recorded; run once more: modelyard deploy {record.stack}"
        return Outcome(record, LEFT, lacking), ()
    resources = hourly[record.workload]
    if not resources:
        return Outcome(record, LEFT, "nothing of it is billed by the hour"), ()
    # Where it should sleep and remains, an earlier round was cut short: this one goes on.
    if record.workload in asleep and not world.remains(resources):
        return Outcome(record, ASLEEP, "it sleeps"), ()
    history = world.look(record)
    if history is None:
        return None
    verdict = rule.verdict(history, world.now())
    if not verdict.is_idle:
        return Outcome(record, KEPT, verdict.kept, verdict.idle_hours), ()
    return Outcome(record, WOULD, f"not used for {rule.hours:g} h", verdict.idle_hours), resources


def _settle(first: Outcome, resources: Sequence[tuple[str, str]], rule: IdleRule, world: World) -> Outcome:
    """Look again, and put it to sleep unless that says otherwise."""
    record = first.deployed
    try:
        history = world.look(record)
        if history is None:
            return Outcome(record, SAVED, "it is gone meanwhile", first.idle_hours)
        verdict = rule.verdict(history, world.now())
        if not verdict.is_idle:
            return Outcome(record, SAVED, verdict.kept, verdict.idle_hours)
        world.put_to_sleep(record, resources)
    except Exception as error:
        return Outcome(record, FAILED, _said(error), first.idle_hours)
    return Outcome(record, SLEPT, first.reason, verdict.idle_hours)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def failures(outcomes: Sequence[Mapping[str, object]]) -> list[str]:
    """A line for each workload with which something went wrong."""
    return [f"{one['name']}: {one['reason']}" for one in outcomes if one["outcome"] == FAILED]
