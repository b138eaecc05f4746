"""The page of a bill: what each workload costs between its least and its most, and every line of it."""

from collections.abc import Iterator
from typing import Any, Final

from infra.bill.difference import Difference
from infra.bill.markdown import item_notes, sources
from infra.bill.statement import Bill, WorkloadBill
from infra.page import charts
from infra.page.charts import Chart, chart, values
from infra.page.document import Page, Section, legend, place, table

COLUMNS: Final = ("workload", "item", "quantity", "minimum", "expected", "maximum", "price", "as of")
NUMBERS: Final = frozenset({"minimum", "expected", "maximum"})
PER_WORKLOAD: Final = 44


def page(bill: Bill, change: Difference | None) -> Page:
    """The page of `bill`, and of what changes in it where that was asked."""
    series = charts.colored(workload.name for workload in bill.workloads)
    told = [] if change is None else [Section("What changes", change.summary, _changes(change))]
    return Page(
        title=f"What {bill.stack} costs on {bill.environment}",
        verdict=bill.summary,
        tiles=_tiles(bill),
        sections=[
            *told,
            Section(
                "By workload",
                "USD a month: a bar from the least to the most, and a mark at what is expected. What follows use has "
                "no most: its bar ends at what is known.",
                legend(series) + place("workloads", "cost by workload"),
            ),
            Section(
                "Each line, and the unit prices",
                f"A month of {bill.hours_per_month} hours in {bill.region}.",
                table(
                    COLUMNS,
                    [tuple(row[:8]) for row in bill.rows],
                    NUMBERS,
                    {one.name: one.color for one in series},
                ),
            ),
        ],
        charts={"workloads": _workloads(bill, series)},
        notes=[*bill.notes, *item_notes(bill.rows), *sources(bill.rows)],
        data=bill.to_json(),
    )


def _tiles(bill: Bill) -> list[tuple[str, str]]:
    used = any(workload.expected is not None for workload in bill.workloads)
    most = str(bill.maximum.total) if bill.maximum.lines else ""
    found = [
        ("minimum, USD a month", str(bill.minimum.total)),
        ("expected", bill.told if used else ""),
        ("maximum", f"{most}{' + usage' if bill.follows and most else ''}"),
    ]
    return [(name, value) for name, value in found if value]


def _workloads(bill: Bill, series: list[charts.Named]) -> Chart:
    rows = [row for row in (_range(workload) for workload in bill.workloads) if row is not None]
    expected = [row for row in rows if row["expected"] is not None]
    y = {"field": "series", "type": "nominal", "sort": None, "axis": None}
    told = charts.tooltip(("series", "workload"), ("said", "USD a month"))
    bars = {"x": charts.axis("USD a month", "low"), "x2": {"field": "high"}, "y": y, "tooltip": told}
    return chart(
        [
            {
                "data": values(rows),
                "mark": {"type": "bar", "height": 20, "cornerRadius": 4},
                "encoding": {**bars, "color": charts.color(series)},
            },
            {
                "data": values(expected),
                "mark": {"type": "tick", "thickness": 3, "size": 30, "color": charts.INK},
                "encoding": {"x": {"field": "expected", "type": "quantitative"}, "y": y, "tooltip": told},
            },
        ],
        height=max(1, len(rows)) * PER_WORKLOAD,
    )


def _range(workload: WorkloadBill) -> dict[str, Any] | None:
    """A workload's bar; None where no price of it is known."""
    least, most = workload.minimum.total, workload.maximum.total
    counted = workload.counted.total.usd if workload.expected is not None else None
    if least.usd is None:
        return None
    ends = [usd for usd in (least.usd, most.usd, counted) if usd is not None]
    said = f"{least} to {most}" if workload.maximum.lines else str(least)
    return {
        "series": workload.name,
        "low": float(least.usd),
        "high": float(max(ends)),
        "expected": None if counted is None else float(counted),
        "said": said + (f", expected {counted:,.2f}" if counted is not None else ""),
    }


def _changes(change: Difference) -> str:
    rows = list(_changed(change))
    columns = ("workload", "what", "before", "after", "change")
    return table(columns, rows, frozenset(columns[2:]), {}) if rows else ""


def _changed(change: Difference) -> Iterator[tuple[str, ...]]:
    for one in change.workloads:
        for part in one.changes:
            if part.usd != 0 and not one.repeats(part):
                yield (f"{one.name} ({one.kind})", part.column, *part.sides, part.added)
