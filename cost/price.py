"""What one unit costs, from when, and who says so."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cost.errors import InvalidCatalog

UNITS: Final = frozenset(
    {
        "alarm-month",
        "dashboard-month",
        "environment",
        "GB",
        "GB-month",
        "GB-second",
        "hour",
        "instance-hour",
        "IOPS-month",
        "MB/s-month",
        "notification",
        "request",
        "second",
        "token",
        "vCPU-second",
    }
)
CONFIDENCES: Final = {
    "A": "a price list, a bill or AWS's own reference",
    "B": "an AWS sample, or one careful repository",
    "C": "typed by hand by third parties",
}
ESTIMATED: Final = "E"
"""The confidence of what no table holds: another price of the same machine, times a known ratio."""

COLUMNS: Final = (
    "service",
    "dimension",
    "region",
    "unit",
    "tier_from",
    "tier_to",
    "usd",
    "source",
    "as_of",
    "confidence",
    "note",
)
"""The columns of a table of prices."""


@dataclass(frozen=True)
class Tier:
    """The price of the units from `start` up to `end` of one month; `end` None is without end.

    `as_of` is an ISO date, its year or month, or 'undated'. `confidence` is a key of `CONFIDENCES`, or
    `ESTIMATED`.
    """

    usd: Decimal
    source: str
    as_of: str
    confidence: str
    note: str = ""
    start: Decimal = Decimal(0)
    end: Decimal | None = None


@dataclass(frozen=True)
class Price:
    """List price of one dimension of a service in one region, in tiers of the monthly quantity.

    The tiers begin at 0 and leave no gap. Where the last has an end, what lies beyond is not known.
    """

    service: str
    dimension: str
    region: str
    unit: str
    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise InvalidCatalog(
                f"{self}: unit {self.unit!r} is unknown; known are {', '.join(sorted(UNITS))}."
            )
        edge: Decimal | None = Decimal(0)
        for tier in self.tiers:
            if tier.start != edge:
                raise InvalidCatalog(f"{self}: a tier begins at {tier.start}; it must begin at {edge}.")
            if tier.end is not None and tier.end <= tier.start:
                raise InvalidCatalog(
                    f"{self}: a tier from {tier.start} ends at {tier.end}; it must end above."
                )
            edge = tier.end

    def __str__(self) -> str:
        return f"{self.service} {self.dimension} in {self.region}"

    @property
    def usd(self) -> Decimal:
        """The first tier's price of one unit."""
        return self.tiers[0].usd

    def slices(self, quantity: Decimal) -> list[tuple[Tier | None, Decimal]]:
        """`quantity` split over the tiers; None stands for what lies beyond the last known tier.

        Never empty: nothing bought is one slice of 0 in the first tier.
        """
        found: list[tuple[Tier | None, Decimal]] = []
        for tier in self.tiers:
            if tier.start < quantity or tier.start == 0:
                found.append((tier, (quantity if tier.end is None else min(quantity, tier.end)) - tier.start))
        last = self.tiers[-1].end
        if last is not None and quantity > last:
            found.append((None, quantity - last))
        return found


@dataclass(frozen=True)
class Missing:
    """No price is held; `reason` is one line that says of what, and where one is."""

    service: str
    dimension: str
    region: str
    reason: str
