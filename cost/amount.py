"""Quantities and money: exact, never a float."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from cost.errors import InvalidPurchase

Amount = Decimal | int
"""What a quantity may be. A float is refused: 0.1 + 0.2 is not a price."""

LARGEST: Final = Decimal(10) ** 18
HOURS_PER_MONTH: Final = Decimal(730)
"""8,760 hours a year over 12: what AWS's own calculator counts as a month."""

_CENT: Final = Decimal("0.01")


def checked(name: str, value: Amount) -> Decimal:
    """`value` as a Decimal; raises `InvalidPurchase` for a float, or outside 0 to 10**18."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise InvalidPurchase(
            f"{name} is {value!r}, a {type(value).__name__}; write a Decimal or an int, as in Decimal('730')."
        )
    exact = Decimal(value)
    if not exact.is_finite() or not 0 <= exact <= LARGEST:
        raise InvalidPurchase(f"{name} is {value}; allowed is 0 to {LARGEST:,f}.")
    return exact


def cents(usd: Decimal) -> Decimal:
    """`usd` rounded to the cent, half up, as AWS's published bills are."""
    return usd.quantize(_CENT, rounding=ROUND_HALF_UP)


def dollars(usd: Decimal) -> str:
    """A price exactly, with at least two places: 0.10, 1.4084 or 0.0000166667."""
    exact = plain(usd)
    places = len(exact.partition(".")[2])
    return exact if places >= 2 else f"{usd:,.2f}"


def plain(value: Decimal) -> str:
    """`value` without exponent or trailing zeros, with thousands separated: 6,000,000 or 0.0000166667."""
    exact = f"{value:,f}"
    return exact.rstrip("0").rstrip(".") if "." in exact else exact
