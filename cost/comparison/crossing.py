"""From how many requests a month on one plan is cheaper than another."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise
from typing import Final

from cost.catalog import PriceCatalog
from cost.comparison.demand import Demand, Profile
from cost.comparison.plan import Plan, Unsuitable
from cost.estimate import Estimate

FEWEST, MOST = Decimal(1000), Decimal(1_000_000_000)
POINTS_PER_DECADE: Final = 4
EXACTNESS: Final = Decimal("1.002")
"""A crossing is given to two in a thousand."""
BEYOND: Final = Decimal("1.02")
"""Far enough above a crossing to see which plan is the cheaper there."""


def usd(plan: Plan, demand: Demand, profile: Profile, catalog: PriceCatalog) -> Decimal | None:
    """What the month costs, to the fraction of a cent; None where the plan cannot serve it or has no price."""
    try:
        return Estimate.of(plan.purchases(demand, profile), catalog).exact
    except Unsuitable:
        return None


def grid() -> list[Decimal]:
    """Requests a month, evenly spaced in powers of ten."""
    decades = 6 * POINTS_PER_DECADE
    return [
        (FEWEST * Decimal(10) ** (Decimal(step) / POINTS_PER_DECADE)).quantize(Decimal(1))
        for step in range(decades + 1)
    ]


def curve(
    plan: Plan, demand: Demand, profile: Profile, catalog: PriceCatalog
) -> Iterator[tuple[Decimal, Decimal]]:
    """Requests a month and what they cost, over `grid`; a gap where the plan cannot serve them."""
    for requests in grid():
        amount = usd(plan, demand.times(requests), profile, catalog)
        if amount is not None:
            yield requests, amount


def break_even(
    first: Plan, second: Plan, demand: Demand, profile: Profile, catalog: PriceCatalog
) -> Decimal | None:
    """The fewest requests a month from which the cheaper of the two is the other; None where that never changes."""

    def difference(requests: Decimal) -> Decimal | None:
        at = demand.times(requests)
        one, other = usd(first, at, profile, catalog), usd(second, at, profile, catalog)
        return None if one is None or other is None else one - other

    for low, high in pairwise(grid()):
        before, after = difference(low), difference(high)
        if before is None or after is None or before == 0 or (before > 0) == (after > 0):
            continue
        while high / low > EXACTNESS:
            middle = (low * high).sqrt().quantize(Decimal(1))
            if middle in (low, high):
                break
            here = difference(middle)
            if here is None:
                return None
            low, high = (low, middle) if (here > 0) != (before > 0) else (middle, high)
        return high
    return None


@dataclass(frozen=True)
class Crossing:
    """From `requests` a month on `above` costs less than `below`, which is the cheaper before."""

    below: Plan
    above: Plan
    requests: Decimal


def crossings(
    chosen: Iterable[Plan], demand: Demand, profile: Profile, catalog: PriceCatalog
) -> list[Crossing]:
    """Where any two of `chosen` change places, from the fewest requests on."""
    found = []
    for first, second in combinations(chosen, 2):
        at = break_even(first, second, demand, profile, catalog)
        if at is None:
            continue
        more = demand.times(min(at * BEYOND, MOST))
        one, other = (usd(plan, more, profile, catalog) for plan in (first, second))
        if one is not None and other is not None:
            below, above = (first, second) if other < one else (second, first)
            found.append(Crossing(below, above, at))
    return sorted(found, key=lambda crossing: crossing.requests)
