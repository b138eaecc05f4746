"""The bill as values, and as what is shown: rows of a table, one line, JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from cost import Estimate, Line, Rate, Total
from cost.amount import dollars, plain
from cost.price import CONFIDENCES, ESTIMATED

BY_USE = "depends on usage"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class WorkloadBill:
    """One workload's month.

    `expected` is None where no usage is given, or where only traffic decides between minimum and maximum.
    `at_least` is what its usage comes to for certain where `expected` is not known; None without usage. `maximum` is
    what has a limit, at it; `follows` says how what has none is billed on top. `notes` say what the expected month
    rests on, or why it is not known.
    """

    name: str
    kind: str
    minimum: Estimate
    expected: Estimate | None
    maximum: Estimate
    rates: tuple[Rate, ...]
    follows: str = ""
    notes: tuple[str, ...] = ()
    at_least: Estimate | None = None

    @property
    def counted(self) -> Estimate:
        """As expected, or else at its least: with its usage, where that is told."""
        return next(one for one in (self.expected, self.at_least, self.minimum) if one is not None)

    @property
    def told(self) -> tuple[str, ...]:
        """The notes, and what its usage comes to at least where nothing is expected of it."""
        least = None if self.expected is not None or self.at_least is None else self.at_least.total.usd
        if least is None or least == self.minimum.total.usd:
            return self.notes
        return (*self.notes, f"with its usage it is at least {least:,.2f} USD a month")


class Row(NamedTuple):
    """One row of the bill as text; an empty cell has nothing to say."""

    workload: str
    item: str
    quantity: str
    minimum: str
    expected: str
    maximum: str
    price: str
    as_of: str
    source: str
    note: str


@dataclass(frozen=True)
class Bill:
    """The month of a stack. `rates` are unit prices of what the workloads share, `caveats` what is not in it."""

    stack: str
    environment: str
    region: str
    hours_per_month: Decimal
    workloads: tuple[WorkloadBill, ...]
    rates: tuple[Rate, ...]
    embedded_aws: bool = False
    caveats: tuple[str, ...] = ()

    @property
    def minimum(self) -> Estimate:
        """All workloads at their least; what follows use at no use."""
        return sum((workload.minimum for workload in self.workloads), Estimate())

    @property
    def expected(self) -> Estimate | None:
        """All workloads as expected; None as soon as one of them cannot say."""
        known = [workload.expected for workload in self.workloads if workload.expected is not None]
        return sum(known, Estimate()) if len(known) == len(self.workloads) else None

    @property
    def maximum(self) -> Estimate:
        """What has a limit, at it; `follows` names what comes on top."""
        return sum((workload.maximum for workload in self.workloads), Estimate())

    @property
    def counted(self) -> Estimate:
        """What a budget is held against: each workload as expected, or else at its least."""
        return sum((workload.counted for workload in self.workloads), Estimate())

    @property
    def told(self) -> str:
        """`counted` in words: 'at least' where a workload cannot say what is expected, and its least is in it."""
        total, shown = self.counted.total, str(self.counted.total)
        exact = self.expected is not None or total.at_least or total.usd is None
        return shown if exact else f"at least {shown}"

    @property
    def follows(self) -> list[str]:
        """How what has no limit is billed, such as 'Lambda per request'."""
        return list(dict.fromkeys(workload.follows for workload in self.workloads if workload.follows))

    @property
    def summary(self) -> str:
        """One line: `triage on dev: 84.15 to 168.10 USD a month, plus Lambda per request`."""
        words = " and ".join(self.follows)
        if (usage := self._expected_of_use) is not None:
            words += f" ({usage:,.2f} USD expected)"
        where = f"{self.stack} on {self.environment}"
        if not self.maximum.lines:
            return f"{where}: {words or '0.00 USD a month'}"
        return f"{where}: {_span(self.minimum.total, self.maximum.total)}{words and f', plus {words}'}"

    @property
    def _expected_of_use(self) -> Decimal | None:
        """What use is expected to add to the minimum of what it follows; None where no usage tells."""
        told = [
            (workload.expected.total.usd, workload.minimum.total.usd)
            for workload in self.workloads
            if workload.follows and workload.expected is not None
        ]
        known = [expected - least for expected, least in told if expected is not None and least is not None]
        return sum(known, Decimal(0)) if known else None

    @property
    def _estimated(self) -> bool:
        return self.minimum.total.estimated or self.maximum.total.estimated

    @property
    def rows(self) -> list[Row]:
        """The bill as a table: each workload's lines and unit prices, then the total."""
        rows = [row for workload in self.workloads for row in _rows(workload)]
        rows += [_rate_row(self.stack, rate) for rate in self.rates]
        expected = "" if self.expected is None else str(self.expected.total)
        open_ended = " + usage" if self.follows else ""
        maximum = f"{self.maximum.total}{open_ended}" if self.maximum.lines else BY_USE
        return [*rows, Row("total", "", "", str(self.minimum.total), expected, maximum, "", "", "", "")]

    @property
    def notes(self) -> list[str]:
        """What the amounts rest on, and what is not in them."""
        grades = {**CONFIDENCES, ESTIMATED: "an estimate, and no price"} if self._estimated else CONFIDENCES
        trust = "; ".join(f"{grade} {meaning}" for grade, meaning in grades.items())
        notes = [
            f"USD a month of {plain(self.hours_per_month)} hours in {self.region}: "
            "list price, before tax, no free tier, no savings plan.",
            "In the amounts only where they are declared, or the usage tells them: data, logs and volumes. "
            "Never in them: stored artifacts, data and images, and requests to KMS. Unit prices are in the table, but "
            "for KMS, of which none is held.",
            *(f"{workload.name}: {note}" for workload in self.workloads for note in workload.told),
            *self.caveats,
            f"A price has the date it was valid and how far to trust it: {trust}.",
        ]
        if self.embedded_aws:
            notes.insert(0, "The embedded AWS costs nothing; this is what AWS would ask.")
        return notes

    def to_json(self) -> dict[str, Any]:
        """The bill as JSON takes it; every amount is a string, and null where it is not known."""
        return {
            "stack": self.stack,
            "environment": self.environment,
            "region": self.region,
            "currency": "USD",
            "hours_per_month": _exact(self.hours_per_month),
            "workloads": [_workload_json(workload) for workload in self.workloads],
            "rates": [_rate_json(rate) for rate in self.rates],
            "minimum": _total_json(self.minimum.total),
            "expected": None if self.expected is None else _total_json(self.expected.total),
            "maximum": _total_json(self.maximum.total) if self.maximum.lines else None,
            "plus": self.follows,
            "summary": self.summary,
            "notes": self.notes,
        }


def _span(minimum: Total, maximum: Total) -> str:
    """`84.15 to 168.10 USD a month`; one number where both are the same."""
    if minimum.usd is None or maximum.usd is None:
        return "price unknown"
    if minimum.usd == maximum.usd:
        return f"{minimum} USD a month"
    most = f"{maximum.usd:,.2f}" if minimum.words == maximum.words else str(maximum)
    return f"{minimum} to {most} USD a month"


def _rows(workload: WorkloadBill) -> Iterator[Row]:
    columns = (workload.minimum, workload.expected, workload.maximum)
    lines = {line.description: line for column in columns if column for line in column.lines}
    for line in lines.values():
        found = [_find(column, line.description) for column in columns]
        yield Row(
            workload=workload.name,
            item=line.description,
            quantity=_quantities(found, line.unit),
            minimum=_usd(found[0]),
            expected=_usd(found[1]),
            maximum=_usd(found[2]) or (BY_USE if workload.follows else ""),
            price=UNKNOWN if line.unit_price is None else f"{dollars(line.unit_price)} per {line.unit}",
            as_of=_dated(line),
            source=line.source,
            note=line.note,
        )
    for rate in workload.rates:
        yield _rate_row(workload.name, rate)


def _dated(priced: Line | Rate) -> str:
    """When the price was valid and how far to trust it: `2026-05-08, A`."""
    return f"{priced.as_of}, {priced.confidence}" if priced.as_of else ""


def _find(column: Estimate | None, description: str) -> Line | None:
    lines = () if column is None else column.lines
    return next((line for line in lines if line.description == description), None)


def _usd(line: Line | None) -> str:
    if line is None:
        return ""
    return UNKNOWN if line.usd is None else f"{line.usd:,.2f}"


def _quantities(lines: list[Line | None], unit: str) -> str:
    """`730 to 1,460 instance-hours`: from the least to the most of the columns."""
    amounts = sorted({line.quantity for line in lines if line is not None})
    shown = dict.fromkeys(_short(amount) for amount in (amounts[0], amounts[-1]))
    return f"{' to '.join(shown)} {unit}{'' if amounts[-1] == 1 or unit == 'GB' else 's'}"


def _short(amount: Decimal) -> str:
    """A quantity as people read it: whole from 1,000 on, else with at most four places."""
    return plain(round(amount, 0 if amount >= 1000 else 4))


def _rate_row(workload: str, rate: Rate) -> Row:
    return Row(workload, rate.description, "", "", "", "", str(rate), _dated(rate), rate.source, rate.note)


def _workload_json(workload: WorkloadBill) -> dict[str, Any]:
    return {
        "name": workload.name,
        "type": workload.kind,
        "minimum": _estimate_json(workload.minimum),
        "expected": None if workload.expected is None else _estimate_json(workload.expected),
        "maximum": _estimate_json(workload.maximum) if workload.maximum.lines else None,
        "plus": workload.follows or None,
        "rates": [_rate_json(rate) for rate in workload.rates],
    }


def _estimate_json(estimate: Estimate) -> dict[str, Any]:
    return {**_total_json(estimate.total), "lines": [_line_json(line) for line in estimate.lines]}


def _total_json(total: Total) -> dict[str, Any]:
    usd = None if total.usd is None else str(total.usd)
    return {"usd": usd, "at_least": total.at_least, "estimated": total.estimated}


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "description": line.description,
        "quantity": _exact(line.quantity),
        "unit": line.unit,
        "unit_price": None if line.unit_price is None else _exact(line.unit_price),
        "usd": None if line.usd is None else str(line.usd),
        "source": line.source or None,
        "as_of": line.as_of or None,
        "confidence": line.confidence or None,
        "note": line.note or None,
    }


def _rate_json(rate: Rate) -> dict[str, Any]:
    return {
        "description": rate.description,
        "usd": None if rate.usd is None else _exact(rate.usd),
        "source": rate.source or None,
        "as_of": rate.as_of or None,
        "confidence": rate.confidence or None,
        "note": rate.note or None,
    }


def _exact(value: Decimal) -> str:
    return plain(value).replace(",", "")
