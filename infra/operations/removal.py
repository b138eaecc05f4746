"""Takes down the stacks that nobody uses: one by one, each looked at again right before, and never too many."""

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Protocol

from infra.ledger import Deployed
from infra.operations.idle import History, IdleRule, Verdict, judge, whole_stacks

REMOVED, SAVED, LEFT = "removed", "saved", "left"


@dataclass(frozen=True)
class Outcome:
    """What became of one stack: removed, saved by a request or a tag, or left; and why."""

    stack: str
    workloads: tuple[str, ...]
    outcome: str
    reason: str
    usd_per_month: Decimal | None
    at: str

    def to_json(self) -> dict[str, object]:
        """As JSON takes it."""
        usd = None if self.usd_per_month is None else str(self.usd_per_month)
        return {**asdict(self), "usd_per_month": usd}


class TearDown(Protocol):
    """A stack whose tear-down is planned."""

    def refusal(self) -> str:
        """Why it must not be carried out by a rule; empty where nothing speaks against it."""
        ...

    def carry_out(self) -> None:
        """Take it down."""
        ...


@dataclass(frozen=True)
class World:
    """What the removal needs to know and do: AWS's time, a fresh look at a workload, and Terraform."""

    now: Callable[[], datetime.datetime]
    look: Callable[[Deployed], History | None]
    prepare: Callable[[str], TearDown]


def remove(
    verdicts: Sequence[Verdict],
    usd_per_month: Mapping[str, Decimal | None],
    rule: IdleRule,
    most: int,
    world: World,
) -> Iterator[Outcome]:
    """What becomes of each stack of which nothing is used, the dearest first; told as it happens.

    At most `most` workloads go. A stack of more than are left of them is not begun, and after it none is.
    """
    gone = 0
    stacks = sorted(whole_stacks(verdicts), key=lambda stack: (-(usd_per_month.get(stack) or 0), stack))
    for number, stack in enumerate(stacks):
        members = [one.history.deployed for one in verdicts if one.history.deployed.stack == stack]
        too_many = gone + len(members) > most
        if too_many:
            rest = ", ".join(stacks[number:])
            outcome, reason = LEFT, f"{gone} of at most {most} workloads are removed; left are {rest}"
        else:
            outcome, reason = _settle(stack, members, rule, world)
        yield Outcome(
            stack,
            tuple(member.workload for member in members),
            outcome,
            reason,
            usd_per_month.get(stack),
            world.now().isoformat(timespec="seconds"),
        )
        if too_many:
            return
        gone += len(members) if outcome == REMOVED else 0


def _settle(stack: str, members: Sequence[Deployed], rule: IdleRule, world: World) -> tuple[str, str]:
    """Take one stack down, unless something speaks against it; what became of it, and why."""
    # The plan takes seconds, in which a request may come: the look is after it, and the end right after the look.
    prepared = world.prepare(stack)
    if refusal := prepared.refusal():
        return LEFT, refusal
    if used := _used(members, rule, world):
        return SAVED, used
    prepared.carry_out()
    return REMOVED, f"not used for {rule.hours:g} h"


def _used(members: Iterable[Deployed], rule: IdleRule, world: World) -> str:
    """Why the stack is kept after all, by what AWS says now; empty where it still is idle."""
    histories = [history for member in members if (history := world.look(member)) is not None]
    kept = [one for one in judge(histories, rule, world.now()) if not one.is_idle]
    return "; ".join(f"{one.history.deployed.workload}: {one.kept}" for one in kept)
