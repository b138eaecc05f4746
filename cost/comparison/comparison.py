"""Plans judged by the same month: the cheapest that is fast enough, and what a faster one costs."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from cost.catalog import PriceCatalog
from cost.comparison.by_request import LAMBDA_LIMIT, SERVERLESS_LIMIT, Lambda, Serverless
from cost.comparison.demand import Demand, Profile
from cost.comparison.on_instances import AlwaysOn
from cost.comparison.plan import Plan, Unsuitable
from cost.comparison.plans import plans
from cost.estimate import Estimate
from cost.simulation.month import Month

REFUSED_SHARE: Final = 0.0001
"""One refused request in 10,000 is allowed."""
MOST_SPARE: Final = 3
REFUSING: Final[Mapping[str, str]] = {
    Lambda.kind: f"more than {LAMBDA_LIMIT:,} come at a time, an account's default quota: ask AWS for a higher one",
    Serverless.kind: f"more than {SERVERLESS_LIMIT} come at a time, the most of one endpoint",
}
"""Why a kind of plan refuses requests, and what would mend it."""
NOTICED: Final = 0.99
"""A p99 that is a hundredth lower is faster; less than that is the draw of the simulation."""


@dataclass(frozen=True)
class Assessed:
    """One plan's month. `ruled_out` says why it will not do, and is empty where it will.

    `estimate` is None where it cannot serve the demand at all, `month` where nothing is known of its latency.
    """

    plan: Plan
    requests: Decimal
    estimate: Estimate | None = None
    month: Month | None = None
    ruled_out: str = ""

    @property
    def usd(self) -> Decimal | None:
        """The month's cost; None where a price is missing."""
        if self.estimate is None or self.estimate.total.at_least:
            return None
        return self.estimate.total.usd

    @property
    def exact(self) -> Decimal | None:
        """The same before it is rounded to cents, of which many plans have equally many; None likewise."""
        return None if self.estimate is None else self.estimate.exact

    @property
    def estimated(self) -> bool:
        """Whether a price in it is an estimate."""
        return self.estimate is not None and self.estimate.total.estimated

    @property
    def usd_per_thousand(self) -> Decimal | None:
        """What 1,000 requests cost, of the exact amount."""
        return None if self.exact is None else self.exact * 1000 / self.requests

    @property
    def p99_ms(self) -> float | None:
        """The latency that 99 of 100 answered requests keep."""
        return None if self.month is None else self.month.p99_ms


@dataclass(frozen=True)
class Comparison:
    """All plans for one demand, the feasible ones first, the cheapest first."""

    demand: Demand
    profile: Profile
    rows: tuple[Assessed, ...]

    @property
    def feasible(self) -> list[Assessed]:
        """The plans that serve the demand as it is asked for."""
        return [row for row in self.rows if not row.ruled_out]

    @property
    def recommended(self) -> Assessed | None:
        """The cheapest of the feasible; None where none is."""
        return next(iter(self.feasible), None)

    @property
    def nearest(self) -> Assessed | None:
        """Where no plan keeps the p99: the one that comes nearest to it."""
        known = [row for row in self.rows if row.p99_ms is not None and row.usd is not None]
        return min(known, key=lambda row: (row.p99_ms, row.exact), default=None)

    @property
    def best(self) -> list[Assessed]:
        """The best of each kind: the cheapest that will do, else the cheapest of those that are ruled out."""
        first: dict[str, Assessed] = {}
        for row in self.rows:
            first.setdefault(row.plan.kind, row)
        return list(first.values())

    @property
    def frontier(self) -> list[Assessed]:
        """From the cheapest to the fastest: whatever is noticeably faster than any of these costs more."""
        best: list[Assessed] = []
        known = [row for row in self.rows if row.exact is not None and row.p99_ms is not None]
        for row in sorted(known, key=lambda row: (row.exact, row.p99_ms)):
            if not best or row.p99_ms < best[-1].p99_ms * NOTICED:  # type: ignore[operator]
                best.append(row)
        return best


def compare(
    demand: Demand, profile: Profile, catalog: PriceCatalog, among: Iterable[Plan] | None = None
) -> Comparison:
    """Every plan of `among`, or of all that a price is held for in the demand's region."""
    chosen = plans(catalog, demand.region) if among is None else among
    rows = [_assess(plan, demand, profile, catalog) for plan in chosen]
    return Comparison(demand, profile, tuple(sorted(rows, key=_order)))


def _order(row: Assessed) -> tuple[bool, bool, Decimal, float, str]:
    p99_ms = math.inf if row.p99_ms is None else row.p99_ms
    return bool(row.ruled_out), row.exact is None, row.exact or Decimal(0), p99_ms, row.plan.name


def _assess(plan: Plan, demand: Demand, profile: Profile, catalog: PriceCatalog) -> Assessed:
    try:
        month = plan.simulate(demand, profile)
        row = Assessed(plan, demand.requests, Estimate.of(plan.purchases(demand, profile), catalog), month)
    except Unsuitable as reason:
        return Assessed(plan, demand.requests, ruled_out=str(reason))
    judged = replace(row, ruled_out=_finding(row, demand))
    if judged.ruled_out and isinstance(plan, AlwaysOn) and _helps(plan, demand, profile):
        return _assess(replace(plan, spare=plan.spare + 1), demand, profile, catalog)
    return judged


def _helps(plan: AlwaysOn, demand: Demand, profile: Profile) -> bool:
    """Whether one more instance could help: where the model alone is fast enough, and requests wait."""
    service, _ = plan.service(profile)
    alone = service.p99_ms <= (demand.p99_ms or float("inf"))
    return alone and plan.spare < MOST_SPARE


def _finding(row: Assessed, demand: Demand) -> str:
    """Why it will not do; empty where it will."""
    if row.usd is None:
        assert row.estimate is not None
        return "; ".join(line.note for line in row.estimate.unpriced) or "a price is unknown"
    month = row.month
    if month is None:
        return "" if demand.p99_ms is None else "nothing is known of its latency"
    if month.p99_ms is None or month.refused_share > REFUSED_SHARE:
        why = REFUSING.get(row.plan.kind)
        return f"{month.refused_share:.2%} of the requests are refused" + (f"; {why}" if why else "")
    if demand.p99_ms is not None and month.p99_ms > demand.p99_ms:
        return f"p99 of {_ms(month.p99_ms)}, above {_ms(demand.p99_ms)}"
    return ""


def _ms(value: float) -> str:
    """Whole milliseconds, and below ten with a decimal."""
    return f"{value:,.1f} ms" if value < 10 else f"{value:,.0f} ms"
