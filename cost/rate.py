"""A unit price as people quote it: for a million requests, for a thousand GB-seconds, for a GB."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from cost.amount import cents, dollars
from cost.catalog import PriceCatalog
from cost.estimate import lookup
from cost.price import Missing
from cost.purchases import Purchase


@dataclass(frozen=True)
class Rate:
    """What `description` costs, exactly, at the first tier; `usd` is None where no price is held.

    `confidence` is that of the least trusted price in it.
    """

    description: str
    usd: Decimal | None
    source: str
    as_of: str
    confidence: str
    note: str = ""

    @classmethod
    def of(cls, description: str, purchases: Iterable[Purchase], catalog: PriceCatalog) -> "Rate":
        """The price of `purchases` together, unrounded; unknown as soon as one of them is."""
        usd = Decimal(0)
        sources: dict[str, None] = {}
        dates: dict[str, None] = {}
        notes: dict[str, None] = {}
        confidence = "A"
        for charge in (purchase.charge for purchase in purchases):
            price = lookup(charge, catalog)
            if isinstance(price, Missing):
                return cls(description, None, "", "", "", price.reason)
            first = price.tiers[0]
            usd += charge.quantity * first.usd * charge.share
            sources[first.source] = dates[first.as_of] = None
            confidence = max(confidence, first.confidence)
            notes.update(dict.fromkeys(note for note in (charge.note, first.note) if note))
        return cls(description, usd, "; ".join(sources), "; ".join(dates), confidence, "; ".join(notes))

    def __str__(self) -> str:
        return "unknown" if self.usd is None else _readable(self.usd)


def _readable(usd: Decimal) -> str:
    """To the cent from ten dollars on, exact below it."""
    return dollars(cents(usd) if usd >= 10 else usd)
