"""What a deploy changes in the bill: what is deployed now, at the prices of today, against what would be."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from cost import PriceCatalog
from infra.bill.record import COLUMNS, Record, Recorded, added, amount, kept
from infra.bill.statement import Bill, WorkloadBill

NEW, GONE, CHANGED, SAME = "new", "gone", "changed", "same"
NONE: Final = Decimal("0.00")


@dataclass(frozen=True)
class Change:
    """One column of one workload, in USD a month; None is not known, and 0 where the workload is not there.

    A side is 'at least' where nothing is expected of a workload in it, and its minimum stands for that.
    """

    column: str
    before: Decimal | None
    after: Decimal | None
    before_at_least: bool = False
    after_at_least: bool = False

    @property
    def usd(self) -> Decimal | None:
        """What is added; None where one of both is not known."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def sides(self) -> tuple[str, str]:
        """Before and after, in words."""
        return _shown(self.before, self.before_at_least), _shown(self.after, self.after_at_least)

    @property
    def added(self) -> str:
        """What is added, in words: `+3.29`, or 'at least' so much where only what is new may be more."""
        if self.usd is None:
            return "unknown"
        # Where both may be more, it is the difference of what is known of them.
        bound = {(False, True): "at least ", (True, False): "at most "}
        return f"{bound.get((self.before_at_least, self.after_at_least), '')}{self.usd:+,.2f}"

    def __str__(self) -> str:
        before, after = self.sides
        return f"{self.column} {before} -> {after}{'' if self.usd is None else f' ({self.added})'}"


@dataclass(frozen=True)
class WorkloadChange:
    """What becomes of one workload's bill; `kind` is new, gone, changed or same."""

    name: str
    kind: str
    changes: tuple[Change, ...]

    def repeats(self, change: Change) -> bool:
        """Whether it says of what is expected only that it is the minimum: no usage tells more."""
        least = self.changes[0]
        return change.column == "expected" and (change.before, change.after) == (least.before, least.after)


@dataclass(frozen=True)
class Difference:
    """The bill of a stack against what is deployed of it.

    `deployed` says whether anything is; `base` is the record of what that costs, and None where nobody priced it.
    `since` is what it is called where it is something else.
    """

    stack: str
    deployed: bool
    base: Record | None
    workloads: tuple[WorkloadChange, ...] = ()
    total: tuple[Change, ...] = ()
    moved: tuple[Change, ...] = ()
    since: str = ""

    @property
    def summary(self) -> str:
        """One line: what changes in all."""
        if not self.deployed:
            return f"difference: {self.stack} is new, nothing of it is deployed"
        if self.base is None:
            return f"difference: not known, the bill of what is deployed of {self.stack} was never recorded"
        since = self.since or f"what was deployed on {self.base.priced_on}"
        changed = [change for change in self.total if change.usd != 0]
        if not changed and all(one.kind == SAME for one in self.workloads):
            return f"difference to {since}: none"
        told = ", ".join(str(change) for change in changed) or "the sum stays"
        return f"difference to {since}: {told} USD a month"

    @property
    def lines(self) -> list[str]:
        """The summary, each workload that changes, and how the prices have moved since."""
        return [self.summary, *self._changed, *self._moved]

    @property
    def _changed(self) -> Iterator[str]:
        if self.base is None:
            return
        for one in self.workloads:
            told = [str(change) for change in one.changes if change.usd != 0 and not one.repeats(change)]
            if one.kind != SAME:
                yield f"  {one.name} ({one.kind}): {', '.join(told) or 'costs the same'}"

    @property
    def _moved(self) -> Iterator[str]:
        told = [str(change) for change in self.moved if change.usd]
        if told:
            yield f"  prices have moved since then, by what is deployed: {', '.join(told)}"

    def to_json(self) -> dict[str, Any]:
        """For programs; amounts are strings, and null is what is not known."""
        return {
            "deployed": self.deployed,
            "priced_on": None if self.base is None else self.base.priced_on,
            "workloads": [
                {"name": one.name, "change": one.kind, **_changes(one.changes)} for one in self.workloads
            ],
            **_changes(self.total),
            "prices_moved": _changes(self.moved),
            "summary": self.summary,
        }


def difference(
    bill: Bill, deployed: bool, base: Record | None, catalog: PriceCatalog, since: str = ""
) -> Difference:
    """`bill` against `base`, the record of what is deployed or `since` names, both at the prices of `catalog`."""
    if not deployed or base is None:
        return Difference(bill.stack, deployed, None)
    before = {one.name: one for one in base.workloads}
    after = {one.name: one for one in bill.workloads}
    workloads = tuple(
        _workload(name, before.get(name), after.get(name), catalog)
        for name in dict.fromkeys([*after, *before])
    )
    used = base.has_usage or any(one.expected is not None for one in bill.workloads)
    told = [column for column in COLUMNS if used or column != "expected"]
    return Difference(
        bill.stack,
        deployed,
        base,
        workloads,
        tuple(_sum(column, workloads) for column in told),
        tuple(
            Change(
                column,
                base.then(column),
                base.today(column, catalog),
                base.at_least(column),
                base.at_least(column),
            )
            for column in told
        ),
        since,
    )


def saving(stack: str, base: Record | None, catalog: PriceCatalog) -> str:
    """One line: what taking the stack down saves."""
    if base is None:
        return f"saves: not known, the bill of what is deployed of {stack} was never recorded"
    usd = base.today("expected", catalog)
    if usd is None:
        return f"saves: not known, a price is missing in the bill of {base.priced_on}"
    return f"saves {usd:,.2f} USD a month, {'at the least' if base.at_least('expected') else 'as expected'}"


def _workload(
    name: str, before: Recorded | None, after: WorkloadBill | None, catalog: PriceCatalog
) -> WorkloadChange:
    now = {} if after is None else kept(after)
    changes = []
    for column in COLUMNS:
        estimate = after.counted if after is not None and column == "expected" else now.get(column)
        if (before is not None and before.has(column)) or estimate is not None:
            was = NONE if before is None else before.today(column, catalog)
            changes.append(
                Change(
                    column,
                    was,
                    NONE if after is None else amount(estimate),
                    before is not None and before.at_least(column),
                    column == "expected" and after is not None and after.expected is None,
                )
            )
    if before is None or after is None:
        return WorkloadChange(name, NEW if before is None else GONE, tuple(changes))
    same = all(
        before.bought[column] == (None if estimate is None else estimate.charges)
        for column, estimate in now.items()
    )
    return WorkloadChange(name, SAME if same else CHANGED, tuple(changes))


def _sum(column: str, workloads: tuple[WorkloadChange, ...]) -> Change:
    """All workloads together; one without the column, such as a function without a maximum, adds nothing to it."""
    found = [change for one in workloads for change in one.changes if change.column == column]
    return Change(
        column,
        added([change.before for change in found]),
        added([change.after for change in found]),
        any(change.before_at_least for change in found),
        any(change.after_at_least for change in found),
    )


def _changes(changes: tuple[Change, ...]) -> dict[str, Any]:
    return {
        change.column: {
            "before": _text(change.before),
            "after": _text(change.after),
            "before_at_least": change.before_at_least,
            "after_at_least": change.after_at_least,
            "usd": _text(change.usd),
        }
        for change in changes
    }


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else str(usd)


def _shown(usd: Decimal | None, at_least: bool) -> str:
    return "unknown" if usd is None else f"{'at least ' if at_least else ''}{usd:,.2f}"
