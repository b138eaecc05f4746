"""From purchases to a sum: lines rounded to the cent, then added."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from cost.amount import cents, plain
from cost.catalog import PriceCatalog
from cost.errors import InvalidCatalog
from cost.price import ESTIMATED, Missing, Price, Tier
from cost.purchases import Charge, Purchase
from cost.purchases.charge import UNCOUNTED


@dataclass(frozen=True)
class Line:
    """One line of a bill. `unit_price` and `usd` are None where no price is held; `note` then says so.

    `usd` is rounded to the cent, as a bill is; `exact` is not.
    """

    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    usd: Decimal | None
    source: str
    as_of: str
    confidence: str
    note: str = ""

    @property
    def exact(self) -> Decimal | None:
        """The amount before it is rounded."""
        return None if self.unit_price is None else self.quantity * self.unit_price

    @property
    def estimated(self) -> bool:
        """Whether it rests on an estimate, and on no price of what is bought."""
        return self.confidence == ESTIMATED


@dataclass(frozen=True)
class Total:
    """What the priced lines come to; `usd` is None where there are lines and none is priced.

    `at_least`: some line has no price, so the true sum is higher than, or equal to, `usd`. `estimated`: some
    line's price is an estimate, so the true sum is about `usd`.
    """

    usd: Decimal | None
    at_least: bool
    estimated: bool = False

    @property
    def words(self) -> str:
        """What is to be said before the amount: empty, 'at least', 'about', or both."""
        said = [("at least", self.at_least), ("about", self.estimated)]
        return " ".join(word for word, holds in said if holds)

    def __str__(self) -> str:
        return "unknown" if self.usd is None else f"{self.words} {self.usd:,.2f}".lstrip()


@dataclass(frozen=True)
class Estimate:
    """Lines in USD for one month: list price, before tax. `charges` are what was priced, to price it again."""

    lines: tuple[Line, ...] = ()
    charges: tuple[Charge, ...] = ()

    @classmethod
    def of(cls, purchases: Iterable[Purchase], catalog: PriceCatalog) -> "Estimate":
        """`purchases` at the prices of `catalog`: a line for each, or one for each tier that it reaches.

        Raises `InvalidPurchase` for a quantity that nobody can buy, `InvalidCatalog` where the catalogue
        quotes a price in another unit than the purchase counts.
        """
        return cls.charged((purchase.charge for purchase in purchases), catalog)

    @classmethod
    def charged(cls, charges: Iterable[Charge], catalog: PriceCatalog) -> "Estimate":
        """The same of charges, such as those of another estimate at other prices."""
        held = tuple(charges)
        return cls(tuple(line for charge in held for line in _lines(charge, catalog)), held)

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.lines + other.lines, self.charges + other.charges)

    @property
    def total(self) -> Total:
        """The sum of the lines as they are shown, each rounded to the cent."""
        priced = [line.usd for line in self.lines if line.usd is not None]
        if self.lines and not priced:
            return Total(None, at_least=True)
        return Total(
            sum(priced, Decimal("0.00")),
            at_least=len(priced) < len(self.lines),
            estimated=any(line.estimated for line in self.lines),
        )

    @property
    def exact(self) -> Decimal | None:
        """The sum before rounding, for amounts below a cent; None where a price is missing."""
        amounts = [line.exact for line in self.lines]
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Decimal(0)) if len(known) == len(amounts) else None

    @property
    def unpriced(self) -> list[Line]:
        """The lines that no price is held for."""
        return [line for line in self.lines if line.usd is None]


def lookup(charge: Charge, catalog: PriceCatalog) -> Price | Missing:
    """The price of a charge; raises `InvalidCatalog` where it is quoted in another unit."""
    price = catalog.price(charge.service, charge.dimension, charge.region)
    if isinstance(price, Price) and price.unit != charge.unit:
        raise InvalidCatalog(f"{price} is quoted per {price.unit}; a price per {charge.unit} is needed.")
    return price


def _lines(charge: Charge, catalog: PriceCatalog) -> list[Line]:
    price = lookup(charge, catalog)
    if isinstance(price, Missing):
        return [Line(charge.description, charge.quantity, charge.unit, None, None, "", "", "", price.reason)]
    return [_line(charge, price, tier, quantity) for tier, quantity in price.slices(charge.quantity)]


def _line(charge: Charge, price: Price, tier: Tier | None, quantity: Decimal) -> Line:
    if tier is None:
        end = price.tiers[-1].end
        assert end is not None
        note = f"No list price of {price} is known beyond {plain(end)} {_plural(charge.unit)} a month."
        return Line(_named(charge, end, None), quantity, charge.unit, None, None, "", "", "", note)
    usd = tier.usd * charge.share
    named = _named(charge, tier.start, tier.end) if tier.start else charge.description
    return Line(
        description=named + (" (estimated)" if tier.confidence == ESTIMATED else ""),
        quantity=quantity,
        unit=charge.unit,
        unit_price=usd,
        usd=cents(quantity * usd),
        source=tier.source,
        as_of=tier.as_of,
        confidence=tier.confidence,
        note="; ".join(note for note in (charge.note, tier.note) if note),
    )


def _named(charge: Charge, start: Decimal, end: Decimal | None) -> str:
    upto = "" if end is None else f" up to {plain(end)}"
    return f"{charge.description}, above {plain(start)}{upto} {_plural(charge.unit)}"


def _plural(unit: str) -> str:
    return unit if unit in UNCOUNTED else f"{unit}s"
