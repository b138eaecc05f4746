"""Which variant wins: the fastest that keeps the budget."""

from collections.abc import Sequence
from dataclasses import dataclass

from model_packaging.profile import Row

SAME_SPEED = 1.05
"""What is so much slower at most counts as equally fast: a measurement repeats to about that."""
IN_REACH, FINALISTS = 2.0, 3
"""Who is measured once more, in turn: measured one after the other, a machine's clock may have changed between them."""


@dataclass(frozen=True)
class Choice:
    """`met` is False where no variant keeps the budget and the original was taken instead."""

    row: Row
    met: bool


def choose(rows: Sequence[Row], eligible: Sequence[str], at_least: float) -> Choice:
    """The fastest of the eligible rows with a mean agreement of `at_least`; else the original, which is the first.

    Of those that are equally fast the smallest wins, and then the one that comes first.
    """
    kept = _kept(rows, eligible, at_least)
    if not kept:
        return Choice(next(row for row in rows if row.variant == eligible[0]), met=False)
    order = list(eligible)
    fastest = min(row.p50_ms or 0 for row in kept)
    equal = [row for row in kept if (row.p50_ms or 0) <= fastest * SAME_SPEED]
    return Choice(min(equal, key=lambda row: (row.size_bytes or 0, order.index(row.variant))), met=True)


def finalists(rows: Sequence[Row], eligible: Sequence[str], at_least: float) -> list[str]:
    """The variants between which a second look has to decide, the fastest first; none where nobody is in doubt."""
    kept = sorted(_kept(rows, eligible, at_least), key=lambda row: row.p50_ms or 0)
    near = [row.variant for row in kept if (row.p50_ms or 0) <= (kept[0].p50_ms or 0) * IN_REACH]
    return near[:FINALISTS] if len(near) > 1 else []


def _kept(rows: Sequence[Row], eligible: Sequence[str], at_least: float) -> list[Row]:
    return [
        row
        for row in rows
        if row.variant in eligible
        and row.failed is None
        and row.agreement is not None
        and row.agreement >= at_least
    ]
