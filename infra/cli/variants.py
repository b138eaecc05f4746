"""The table of a model's measured profile, as `modelyard package` shows it."""

from typing import TYPE_CHECKING

from infra.cli import console

if TYPE_CHECKING:
    from model_packaging.profile import Profile, Row

COLUMNS = ["variant", "MB", "p50 ms", "p99 ms", "per s, 1 thread", "2 threads", "agreement", "worst"]
UNKNOWN = "-"


def show(profile: "Profile") -> None:
    """The table on stderr: what is chosen is marked, what failed says why."""
    budget = profile.budget
    console.say_table(
        f"{budget['by']} over {budget['items']} items, at least {budget['at_least']:g}; {profile.measured_on}",
        COLUMNS,
        [_cells(row, profile.chosen) for row in profile.variants],
        right=frozenset(COLUMNS[1:]),
    )
    for row in profile.variants:
        if row.failed is not None:
            console.say(f"{row.variant}: {row.failed}")
    if not budget["met"]:
        console.say("No variant keeps the budget: this is the original, exported.")


def sentence(profile: "Profile") -> str:
    """What was chosen, in a line."""
    row = profile.row
    kept = f"{profile.budget['by']} {_number(row.agreement, 4)}"
    if not profile.budget["met"]:
        return f"{row.variant}, since no variant keeps {kept.split()[0]} {profile.budget['at_least']:g}"
    return f"{row.variant}, p50 {_number(row.p50_ms, 2)} ms a call, {kept}; measured on {profile.measured_on}"


def _cells(row: "Row", chosen: str) -> list[str]:
    size = None if row.size_bytes is None else row.size_bytes / 1e6
    return [
        f"{row.variant} *" if row.variant == chosen else row.variant,
        _number(size, 1),
        _number(row.p50_ms, 2),
        _number(row.p99_ms, 2),
        _number(row.per_second.get("1"), 0),
        _number(row.per_second.get("2"), 0),
        _number(row.agreement, 4),
        _number(row.worst, 4),
    ]


def _number(value: float | None, digits: int) -> str:
    return UNKNOWN if value is None else f"{value:,.{digits}f}"
