"""The bill as a comment on a pull request: stable text, so that a comment can be compared and replaced."""

from collections.abc import Iterator, Sequence
from typing import Final

from cost import Estimate
from infra.bill.difference import SAME, Change, Difference, WorkloadChange
from infra.bill.statement import BY_USE, Bill, Row, WorkloadBill

MONEY: Final = frozenset({"minimum", "expected", "maximum", "change"})
COLUMNS: Final = ("workload", "minimum", "expected", "maximum", "change")
ITEMS: Final = ("workload", "item", "quantity", "minimum", "expected", "maximum", "price", "as of")


def comment(bill: Bill, change: Difference | None) -> str:
    """Markdown as GitHub and GitLab read it; `change` is against what there is, None where nobody asked.

    Its first line, a comment that is not shown, says whose bill it is.
    """
    parts = [
        f"<!-- modelyard cost {bill.stack} --env {bill.environment} -->",
        f"### {_text(bill.summary)}",
        *([] if change is None else [_headline(change)]),
        _table(COLUMNS if change else COLUMNS[:-1], list(_workloads(bill, change))),
        _folded("Each line, and the unit prices", _table(ITEMS, [tuple(row[:8]) for row in bill.rows])),
        _folded("What this rests on", "\n".join(f"- {_text(note)}" for note in _notes(bill, change))),
    ]
    return "\n\n".join(parts) + "\n"


def _headline(change: Difference) -> str:
    summary = _text(change.summary)
    named = {one.column: one for one in change.total if one.usd is not None}
    told = named.get("expected") or named.get("minimum")
    if told is None or told.usd == 0:
        return f"{summary[:1].upper()}{summary[1:]}."
    return f"**{told.added[:1].upper()}{told.added[1:]} USD a month.** {summary[:1].upper()}{summary[1:]}."


def _workloads(bill: Bill, change: Difference | None) -> Iterator[Sequence[str]]:
    changes = {one.name: one for one in change.workloads} if change else {}
    for workload in bill.workloads:
        cells: tuple[str, ...] = (
            f"{workload.name} ({workload.kind})",
            str(workload.minimum.total),
            _amount(workload.expected),
            _maximum(workload),
        )
        yield (*cells, _change(changes.get(workload.name))) if change else cells
    for name in changes.keys() - {workload.name for workload in bill.workloads}:
        yield (f"~~{name}~~", "", "", "", _change(changes[name]))
    total = bill.rows[-1]
    used = any(workload.expected is not None for workload in bill.workloads)
    amounts = ("total", total.minimum, bill.told if used else "", total.maximum)
    cells = tuple(f"**{cell}**" if cell else "" for cell in amounts)
    yield (*cells, f"**{_sum(change.total)}**" if change.total else "") if change else cells


def _amount(estimate: Estimate | None) -> str:
    return "" if estimate is None else str(estimate.total)


def _maximum(workload: WorkloadBill) -> str:
    if not workload.maximum.lines:
        return BY_USE if workload.follows else ""
    return f"{workload.maximum.total}{' + usage' if workload.follows else ''}"


def _change(found: WorkloadChange | None) -> str:
    if found is None:
        return ""
    return "" if found.kind == SAME else f"{_sum(found.changes)} ({found.kind})"


def _sum(changes: Sequence[Change]) -> str:
    """What is expected, or else the least, and where only the maximum changes that one."""
    named = {change.column: change for change in changes}
    for column in ("expected", "minimum", "maximum"):
        if column in named and named[column].usd != 0:
            return f"{named[column].added}{' at most' if column == 'maximum' and named[column].usd else ''}"
    return "0.00"


def _notes(bill: Bill, change: Difference | None) -> Iterator[str]:
    yield from (change.lines[1:] if change else ())
    yield from bill.notes
    yield from item_notes(bill.rows)
    yield from sources(bill.rows)


def item_notes(rows: Sequence[Row]) -> list[str]:
    """Each note once for a workload, by the first of its rows that has it."""
    first: dict[tuple[str, str], str] = {}
    for row in rows:
        if row.note:
            first.setdefault((row.workload, row.note), row.item)
    return [f"{workload}, {item}: {note}" for (workload, note), item in first.items()]


def sources(rows: Sequence[Row]) -> list[str]:
    """Each source of a price once."""
    return [f"source: {source}" for source in dict.fromkeys(row.source for row in rows if row.source)]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    aligned = ["--:" if column in MONEY else "---" for column in columns]
    cells = [[_text(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in [list(columns), aligned, *cells])


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def _text(cell: str) -> str:
    """A cell in which nothing is markup: prices have `<` and `|` nowhere, sources of others may."""
    return cell.strip().replace("|", "\\|").replace("<", "&lt;")
