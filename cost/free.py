"""What AWS gives away each month. It is an input of every purchase (`free`); here it is laid over a whole month.

with_free_tier(purchases)             # what is free for ever
with_free_tier(purchases, month=1)    # and what is free in an account's first months
"""

import csv
import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from cost.errors import InvalidCatalog
from cost.purchases import Charge, Purchase
from cost.purchases.charge import Discounted, Metered

FREE_TIERS: Final = Path(__file__).parent / "data" / "tables" / "free_tiers.csv"


@dataclass(frozen=True)
class FreeTier:
    """`quantity` units a month of all `dimensions` of a service together.

    `months` is for how many months after an account's first use; None is for ever.
    """

    service: str
    dimensions: frozenset[str]
    unit: str
    quantity: Decimal
    months: int | None
    source: str
    as_of: str
    note: str = ""

    def covers(self, charge: Charge) -> bool:
        """Whether it takes something off `charge`."""
        return charge.service == self.service and charge.dimension in self.dimensions

    def given_in(self, month: int | None) -> bool:
        """Whether it is given in that month of an account, from 1 on; None is long after."""
        return self.months is None or (month is not None and month <= self.months)


@functools.cache
def free_tiers() -> tuple[FreeTier, ...]:
    """Every free tier that is known."""
    with FREE_TIERS.open(newline="", encoding="utf-8") as stream:
        return tuple(_tier(row) for row in csv.DictReader(stream))


def with_free_tier(
    purchases: Iterable[Purchase], tiers: Iterable[FreeTier] | None = None, *, month: int | None = None
) -> list[Purchase]:
    """`purchases` of one account and one month, each with what is left for it of its free tier, in their order.

    A function with provisioned concurrency has no part in Lambda's free tier: leave its requests out of
    `purchases`. What says itself what is free keeps that.
    """
    given = [tier for tier in (free_tiers() if tiers is None else tiers) if tier.given_in(month)]
    left = {tier: tier.quantity for tier in given}
    found: list[Purchase] = []
    for purchase in purchases:
        charge = purchase.charge
        tier = next((tier for tier in given if tier.covers(charge)), None)
        if tier is None or not _takes(purchase):
            found.append(purchase)
            continue
        if tier.unit != charge.unit:
            raise InvalidCatalog(
                f"the free tier of {charge.service} {charge.dimension} is in {tier.unit}s; write {charge.unit}."
            )
        taken = min(left[tier], charge.quantity)
        left[tier] -= taken
        found.append(_with(purchase, taken))
    return found


def _takes(purchase: Purchase) -> bool:
    """Whether a free tier can be laid over it."""
    if isinstance(purchase, Discounted):
        return _takes(purchase.purchase)
    return isinstance(purchase, Metered) and not purchase.free


def _with(purchase: Purchase, free: Decimal) -> Purchase:
    if isinstance(purchase, Discounted):
        return replace(purchase, purchase=_with(purchase.purchase, free))
    assert isinstance(purchase, Metered)
    return replace(purchase, free=free)


def _tier(row: dict[str, str]) -> FreeTier:
    return FreeTier(
        service=row["service"],
        dimensions=frozenset(row["dimensions"].split(";")),
        unit=row["unit"],
        quantity=Decimal(row["quantity"]),
        months=int(row["months"]) if row["months"] else None,
        source=row["source"],
        as_of=row["as_of"],
        note=row["note"],
    )
