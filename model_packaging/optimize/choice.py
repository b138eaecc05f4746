"""Which variant wins: the fastest that keeps the budget."""

from collections.abc import Sequence
from dataclasses import dataclass

from model_packaging.profile import Row


@dataclass(frozen=True)
class Choice:
    """`met` is False where no variant keeps the budget and the original was taken instead."""

    row: Row
    met: bool


def choose(rows: Sequence[Row], eligible: Sequence[str], at_least: float) -> Choice:
    """The fastest of the eligible rows with a mean agreement of `at_least`; else the original, which is the first.

    Equal to the hundredth of a millisecond, the smaller wins, and then the one that comes first.
    """
    candidates = [row for row in rows if row.variant in eligible and row.failed is None]
    kept = [row for row in candidates if row.agreement is not None and row.agreement >= at_least]
    if not kept:
        return Choice(next(row for row in rows if row.variant == eligible[0]), met=False)
    order = list(eligible)
    best = min(
        kept, key=lambda row: (round(row.p50_ms or 0, 2), row.size_bytes or 0, order.index(row.variant))
    )
    return Choice(best, met=True)
