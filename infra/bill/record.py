"""A bill as it is kept beside what is deployed, and priced again later."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, Final

from cost import Estimate, PriceCatalog
from cost.purchases import Charge
from infra.bill.statement import Bill, WorkloadBill

VERSION: Final = 1
COLUMNS: Final = ("minimum", "expected", "maximum")
AT_LEAST: Final = "at_least"
"""What is kept besides: what the usage comes to for certain, where nothing is expected of it."""
_KEPT: Final = (*COLUMNS, AT_LEAST)


@dataclass(frozen=True)
class Recorded:
    """One workload as it was priced: what it buys in each column, and what that came to then, in USD.

    Nothing is bought in a column that was not known, such as what is expected of a workload without usage, or the
    maximum of one without a limit; an amount is None where a price was missing. What is expected is else what the
    usage comes to at least, and without usage the minimum.
    """

    name: str
    bought: Mapping[str, tuple[Charge, ...] | None]
    usd: Mapping[str, Decimal | None]

    def has(self, column: str) -> bool:
        """Whether it was told."""
        return self._told(column) is not None

    def at_least(self, column: str) -> bool:
        """Whether its least stands for what is expected of it."""
        return self._at(column) != column

    def then(self, column: str) -> Decimal | None:
        """What it came to when it was recorded."""
        return self.usd[self._at(column)]

    def today(self, column: str, catalog: PriceCatalog) -> Decimal | None:
        """What it buys, at the prices of `catalog`; as it was priced then where one of them is not held any more."""
        bought = self._told(column)
        if bought is None:
            return None
        total = Estimate.charged(bought, catalog).total
        return self.then(column) if total.at_least else total.usd

    def _told(self, column: str) -> tuple[Charge, ...] | None:
        return self.bought[self._at(column)]

    def _at(self, column: str) -> str:
        if column != "expected":
            return column
        return next(name for name in ("expected", AT_LEAST, "minimum") if self.bought[name] is not None)


@dataclass(frozen=True)
class Record:
    """A stack's bill on the day of its last deploy, `priced_on`, as in 2026-11-22."""

    priced_on: str
    workloads: tuple[Recorded, ...]

    @property
    def has_usage(self) -> bool:
        """Whether the usage of any workload was told."""
        return any(one.bought["expected"] is not None for one in self.workloads)

    def at_least(self, column: str) -> bool:
        """Whether the least of a workload stands for what is expected of it."""
        return any(one.at_least(column) for one in self.workloads)

    def then(self, column: str) -> Decimal | None:
        """What the stack came to on that day; None where a price was missing."""
        return added([one.then(column) for one in self.workloads if one.has(column)])

    def today(self, column: str, catalog: PriceCatalog) -> Decimal | None:
        """The same at the prices of `catalog`."""
        return added([one.today(column, catalog) for one in self.workloads if one.has(column)])

    def to_json(self) -> dict[str, Any]:
        """As JSON takes it; numbers are strings."""
        return {
            "version": VERSION,
            "priced_on": self.priced_on,
            "workloads": [
                {
                    "name": one.name,
                    **{
                        column: {
                            "usd": _text(one.usd[column]),
                            "charges": [
                                {name: str(value) for name, value in asdict(charge).items()}
                                for charge in bought
                            ],
                        }
                        for column, bought in one.bought.items()
                        if bought is not None
                    },
                }
                for one in self.workloads
            ],
        }


def record(bill: Bill, priced_on: str) -> Record:
    """What is kept of `bill`."""
    return Record(priced_on, tuple(_of_workload(workload) for workload in bill.workloads))


def read(data: Mapping[str, Any] | None) -> Record | None:
    """A record from its JSON; None where there is none, or one of a version that is not known.

    Raises `ValueError` for what is no record.
    """
    if data is None or data.get("version") != VERSION:
        return None
    try:
        return Record(data["priced_on"], tuple(_read_workload(table) for table in data["workloads"]))
    except (LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def added(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """Their sum; None where one is not known."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal("0.00")) if len(known) == len(amounts) else None


def amount(estimate: Estimate | None) -> Decimal | None:
    """What it comes to; None where it is not known, or only 'at least'."""
    return None if estimate is None or estimate.total.at_least else estimate.total.usd


def kept(workload: WorkloadBill) -> dict[str, Estimate | None]:
    """What is kept of one workload's bill; None is not known, or has no limit."""
    return {
        "minimum": workload.minimum,
        "expected": workload.expected,
        "maximum": workload.maximum if workload.maximum.lines else None,
        AT_LEAST: workload.at_least,
    }


def _of_workload(workload: WorkloadBill) -> Recorded:
    held = kept(workload)
    return Recorded(
        workload.name,
        {column: None if estimate is None else estimate.charges for column, estimate in held.items()},
        {column: amount(estimate) for column, estimate in held.items()},
    )


def _read_workload(table: Mapping[str, Any]) -> Recorded:
    if "minimum" not in table:
        raise ValueError("a workload has no minimum")
    return Recorded(
        table["name"],
        {
            column: tuple(_charge(charge) for charge in table[column]["charges"]) if column in table else None
            for column in _KEPT
        },
        {column: _decimal(table[column]["usd"]) if column in table else None for column in _KEPT},
    )


def _charge(table: Mapping[str, str]) -> Charge:
    numbers = {field.name for field in fields(Charge) if field.type is Decimal}
    return Charge(**{name: _number(value) if name in numbers else value for name, value in table.items()})  # type: ignore[arg-type]


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else str(usd)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else _number(text)


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or number < 0:
        raise ValueError(f"{text} is no quantity")
    return number
