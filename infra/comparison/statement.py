"""A comparison as it is told: a sentence, rows of a table, notes, and JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from cost.amount import plain
from cost.comparison import Assessed, Comparison, Crossing, assumptions
from cost.comparison.by_request import Lambda
from infra.comparison.question import Question

UNKNOWN = ""


class Row(NamedTuple):
    """One plan as text; an empty cell is not known."""

    plan: str
    usd: str
    per_thousand: str
    p50: str
    p99: str
    cold: str
    ruled_out: str


COLUMNS = ("plan", "USD a month", "per 1,000", "p50 ms", "p99 ms", "cold", "why not")
NUMBERS = frozenset(COLUMNS[1:6])


@dataclass(frozen=True)
class Statement:
    """What was asked, how the plans compare, and where they change places."""

    question: Question
    comparison: Comparison
    crossings: tuple[Crossing, ...]

    @property
    def met(self) -> bool:
        """Whether some plan serves the demand as it is asked for."""
        return self.comparison.recommended is not None

    @property
    def sentence(self) -> str:
        """The recommended plan; where there is none, what comes nearest."""
        demand, best = self.question.demand, self.comparison.recommended
        asked = f"{plain(demand.requests)} requests a month ({demand.traffic}) in {demand.region}"
        keeping = "" if demand.p99_ms is None else f" with a p99 of at most {demand.p99_ms:,g} ms"
        if best is not None:
            return (
                f"{best.plan.name} is the cheapest of {len(self.comparison.rows)} plans for {asked}{keeping}: "
                f"{_told(best)}."
            )
        nearest = self.comparison.nearest
        comes = "" if nearest is None else f"; nearest comes {nearest.plan.name}: {_told(nearest)}"
        return f"None of {len(self.comparison.rows)} plans serves {asked}{keeping}{comes}."

    def rows(self, whole: bool) -> list[Row]:
        """The best of each kind, or every plan; those that will do first, the cheapest first."""
        return [_row(row) for row in (self.comparison.rows if whole else self.comparison.best)]

    @property
    def frontier(self) -> list[str]:
        """From the cheapest to the fastest: who wants an answer sooner pays more."""
        return [
            f"{row.plan.name}: {_amount(row)} USD a month, p99 {row.p99_ms:,.0f} ms{_but(row)}"
            for row in self.comparison.frontier
        ]

    @property
    def break_evens(self) -> list[str]:
        """Where the best plans of two kinds change places, by cost alone."""
        return [
            f"from {plain(crossing.requests)} requests a month on, {crossing.above.name} costs less than "
            f"{crossing.below.name}"
            for crossing in self.crossings
        ]

    @property
    def notes(self) -> list[str]:
        """What it rests on, and how old the prices are."""
        profile, asked = self.question.profile, self.question.rests_on
        speed = f"p50 {profile.p50_ms:,.1f} ms and p99 {profile.p99_ms:,.1f} ms"
        return [
            f"requests: {asked['requests']}",
            f"speed of the model: {speed} ({asked['speed']}), on {profile.threads} vCPU ({asked['threads']})",
            f"its memory: {profile.memory_mb:,} MB ({asked['memory']}); loading it: {profile.load_ms:,.0f} ms "
            f"({asked['loading']})",
            *self._assumptions,
            f"Latencies are simulated, with seed {self.question.demand.seed}.",
            *self._prices,
        ]

    @property
    def _assumptions(self) -> Iterator[str]:
        plans = [row.plan for row in self.comparison.rows]
        return assumptions(
            arm64=any(isinstance(plan, Lambda) and plan.architecture == "arm64" for plan in plans)
        )

    @property
    def _prices(self) -> Iterator[str]:
        """The prices of the rows that are shown, by source: the dates that they are from."""
        dates: dict[str, set[str]] = {}
        for row in self.comparison.best:
            for line in row.estimate.lines if row.estimate else ():
                if line.source:
                    dates.setdefault(line.source, set()).add(line.as_of)
        for source, found in dates.items():
            yield f"prices of {', '.join(sorted(found))}: {source}"

    def to_json(self) -> dict[str, Any]:
        """All of it; amounts of money are strings, and null is what is not known."""
        demand, profile = self.question.demand, self.question.profile
        best, nearest = self.comparison.recommended, self.comparison.nearest
        return {
            "subject": self.question.subject,
            "demand": {
                "region": demand.region,
                "requests_per_month": str(demand.requests),
                "traffic": demand.traffic,
                "p99_ms": demand.p99_ms,
                "may_wait": demand.may_wait,
                "payload_kb": str(demand.payload_kb),
                "response_kb": str(demand.response_kb),
                "hours_per_month": str(demand.hours),
                "seed": demand.seed,
            },
            "profile": {name: getattr(profile, name) for name in _PROFILE},
            "rests_on": self.question.rests_on,
            "recommended": None if best is None else best.plan.name,
            "nearest": None if best is not None or nearest is None else nearest.plan.name,
            "plans": [_json(row) for row in self.comparison.rows],
            "frontier": [row.plan.name for row in self.comparison.frontier],
            "break_even": [
                {"below": at.below.name, "above": at.above.name, "requests_per_month": str(at.requests)}
                for at in self.crossings
            ],
            "assumptions": list(self._assumptions),
            "summary": self.sentence,
        }


_PROFILE = ("p50_ms", "p99_ms", "memory_mb", "load_ms", "threads", "gpu", "gpu_p50_ms", "gpu_p99_ms")


def _told(row: Assessed) -> str:
    month = row.month
    latency = ""
    if month is not None and month.p50_ms is not None and month.p99_ms is not None:
        latency = f", p50 {month.p50_ms:,.0f} ms, p99 {month.p99_ms:,.0f} ms, {month.cold_share:.2%} cold"
    return f"{_amount(row)} USD a month{' (an estimate)' if row.estimated else ''}{latency}"


def _but(row: Assessed) -> str:
    return f" ({row.ruled_out})" if row.ruled_out else ""


def _amount(row: Assessed) -> str:
    if row.usd is None:
        return UNKNOWN
    amount = "below 0.01" if row.usd == 0 and row.exact else f"{row.usd:,.2f}"
    return f"about {amount}" if row.estimated else amount


def _row(row: Assessed) -> Row:
    month, thousand = row.month, row.usd_per_thousand
    return Row(
        plan=row.plan.name,
        usd=_amount(row),
        per_thousand=UNKNOWN if thousand is None else f"{thousand:,.4f}",
        p50=UNKNOWN if month is None or month.p50_ms is None else f"{month.p50_ms:,.0f}",
        p99=UNKNOWN if month is None or month.p99_ms is None else f"{month.p99_ms:,.0f}",
        cold=UNKNOWN if month is None else f"{month.cold_share:.2%}",
        ruled_out=row.ruled_out,
    )


def _json(row: Assessed) -> dict[str, Any]:
    month = row.month
    return {
        "plan": row.plan.name,
        "kind": row.plan.kind,
        "usd": _text(row.usd),
        "estimated": row.estimated,
        "usd_per_1000_requests": _text(row.usd_per_thousand),
        "p50_ms": None if month is None else month.p50_ms,
        "p99_ms": None if month is None else month.p99_ms,
        "cold_share": None if month is None else month.cold_share,
        "refused_share": None if month is None else month.refused_share,
        "ruled_out": row.ruled_out or None,
        "lines": [
            {
                "description": line.description,
                "quantity": str(line.quantity),
                "unit": line.unit,
                "unit_price": _text(line.unit_price),
                "usd": _text(line.usd),
                "source": line.source or None,
                "as_of": line.as_of or None,
                "confidence": line.confidence or None,
                "note": line.note or None,
            }
            for line in (row.estimate.lines if row.estimate else ())
        ],
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
