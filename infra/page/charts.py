"""Charts as data, in Vega-Lite's vocabulary. Colours are variables of the page's style sheet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Chart = Mapping[str, Any]
Rows = Iterable[Mapping[str, Any]]

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
"""The name of the vocabulary; nobody fetches it."""
COLORS: Final = tuple(f"var(--series-{number})" for number in range(1, 9))
INK, SECOND, FAINT, GRID, SURFACE = (
    f"var(--{name})" for name in ("ink", "second", "faint", "grid", "surface")
)
CONFIG: Final = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": SECOND,
        "titleColor": SECOND,
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "gridColor": GRID,
        "domainColor": FAINT,
        "tickColor": FAINT,
        "labelOverlap": True,
        "labelFlush": True,
    },
}


@dataclass(frozen=True)
class Named:
    """A series and its colour, which stays with it in every chart and table of the page."""

    name: str
    color: str


def colored(names: Iterable[str]) -> list[Named]:
    """Colours in order; there are eight, and a ninth has none of its own."""
    found = list(names)
    return [Named(name, COLORS[at] if at < len(COLORS) else FAINT) for at, name in enumerate(found)]


def chart(layers: Sequence[Chart], height: int = 320, **more: Any) -> Chart:
    """A chart as wide as its place; a layer without data would leave its axes without an extent, and is left out."""
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": CONFIG,
        "layer": [layer for layer in layers if layer["data"]["values"]],
        **more,
    }


def axis(title: str, field: str, *, log: bool = False, most: float | None = None, **more: Any) -> Chart:
    """A quantitative axis, logarithmic where it is said; one that is not begins at 0, and ends at `most`."""
    scale: dict[str, Any] = {"type": "log", "nice": False, "padding": 12} if log else {"zero": True}
    ticks: dict[str, Any] = {"values": _POWERS} if log else {}
    if most is not None:
        scale = {**scale, "domain": [0, most], "nice": False}
    return {
        "field": field,
        "type": "quantitative",
        "scale": scale,
        "axis": {"title": title, "labelExpr": _SHORT, **ticks, **more},
    }


_POWERS: Final = [10.0**power for power in range(-4, 10)]
_SHORT: Final = (
    "".join(
        f"datum.value >= {size:.0f} ? datum.value / {size:.0f} + '{sign}' : "
        for size, sign in ((1e9, "B"), (1e6, "M"), (1e3, "k"))
    )
    + "'' + datum.value"
)
"""10k, 1M, 1B: as people who pay write it, and not the G and m of physics."""


def steps(most: int) -> list[int]:
    """Whole numbers from 0 to `most`, a handful of them."""
    return list(range(0, most + 1, max(1, round(most / 4))))


def color(series: Sequence[Named], field: str = "series") -> Chart:
    """The colour of a series; there is no legend, since the page has one for all of its charts."""
    return {
        "field": field,
        "type": "nominal",
        "legend": None,
        "scale": {"domain": [one.name for one in series], "range": [one.color for one in series]},
    }


def values(rows: Rows) -> Chart:
    """A chart's own data."""
    return {"values": list(rows)}


_ONCE: Final[Mapping[str, Any]] = {"data": {"values": [{}]}}
"""What is drawn once needs a row of data all the same."""


def rule(field: str, value: float, label: str, *, across: bool = False) -> list[Chart]:
    """A dashed line at `value` of the axis of `field`, and what it is."""
    at, rest = ("y", "x") if across else ("x", "y")
    place = (
        {"align": "right", "baseline": "bottom", "dx": -4, "dy": -4}
        if across
        else {
            "align": "right",
            "baseline": "top",
            "dx": -4,
            "dy": 4,
        }
    )
    where = {at: {"datum": value, "type": "quantitative"}}
    return [
        {**_ONCE, "mark": {"type": "rule", "strokeDash": [4, 4], "color": SECOND}, "encoding": where},
        {
            **_ONCE,
            "mark": {"type": "text", "text": label, "color": SECOND, "fontSize": 12, **place},
            "encoding": {**where, rest: {"value": "width" if across else 0}},
        },
    ]


def tooltip(*fields: tuple[str, str]) -> list[Chart]:
    """What is shown when a point is touched: fields and their titles."""
    return [{"field": field, "title": title, "type": "nominal"} for field, title in fields]
