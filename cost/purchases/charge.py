"""What every purchase comes to: a quantity of one dimension of one service."""

import functools
import operator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar, NamedTuple, Protocol

from cost.amount import Amount, checked, plain
from cost.errors import InvalidPurchase


@dataclass(frozen=True)
class Charge:
    """`quantity` units of a dimension; `unit` is what the price must be quoted in.

    `share` is how much of the list price is paid: below 1 with a discount, above it with a fee.
    """

    service: str
    dimension: str
    region: str
    unit: str
    quantity: Decimal
    description: str
    note: str = ""
    share: Decimal = Decimal(1)


class Purchase(Protocol):
    """Anything that comes to one charge."""

    @property
    def charge(self) -> Charge:
        """What it is billed as; raises `InvalidPurchase` for a quantity that nobody can buy."""
        ...


class Meter(NamedTuple):
    """How a class of purchases is billed; `{field}` stands for what the purchase has there.

    `quantity` names the fields whose product is the quantity.
    """

    service: str
    dimension: str
    unit: str
    quantity: tuple[str, ...]
    description: str


@dataclass(frozen=True, kw_only=True)
class Metered:
    """A purchase whose charge is its class's `meter` with its own fields.

    `region` is where it is bought; of providers that have none, `global`. `free` is what a free tier takes
    off the quantity, before any tier of the price is filled, as AWS's own examples do.
    """

    meter: ClassVar[Meter]

    region: str
    free: Amount = 0

    @property
    def charge(self) -> Charge:
        fields = vars(self)
        unit = self.meter.unit
        bought = functools.reduce(operator.mul, (checked(name, fields[name]) for name in self.meter.quantity))
        free = checked("free", self.free)
        return Charge(
            service=self.meter.service.format_map(fields),
            dimension=self.meter.dimension.format_map(fields),
            region=self.region,
            unit=unit,
            quantity=max(bought - free, Decimal(0)),
            description=self.meter.description.format_map(fields),
            note=f"after {plain(free)} free {unit if unit in UNCOUNTED else f'{unit}s'}" if free else "",
        )


UNCOUNTED = frozenset({"GB"})
"""Units without a plural."""


@dataclass(frozen=True, kw_only=True)
class Discounted:
    """`purchase` at `discount` below its list price, 0 to below 1, such as a savings plan's 0.28.

    A savings plan is paid for every hour of its term, used or not: this is the price of the hours it covers.
    """

    purchase: Purchase
    discount: Decimal
    reason: str = "savings plan"

    @property
    def charge(self) -> Charge:
        discount = checked("discount", self.discount)
        if discount >= 1:
            raise InvalidPurchase(f"discount is {discount}; allowed is 0 to below 1: write 0.28 for 28 %.")
        charge = self.purchase.charge
        words = f"{self.reason}: {plain(discount * 100)} % below list price"
        return replace(
            charge,
            share=charge.share * (1 - discount),
            description=f"{charge.description} ({self.reason})",
            note="; ".join(note for note in (charge.note, words) if note),
        )
