"""The HTML file: its style, its parts, and the script that draws the charts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any, Final

from infra.page.charts import Chart, Named

OPTIONS: Final = {"actions": False, "renderer": "svg", "tooltip": {"theme": "custom"}}


@dataclass(frozen=True)
class Section:
    """A heading, what it shows, in a sentence, and its content as HTML."""

    title: str
    says: str
    content: str


@dataclass(frozen=True)
class Page:
    """A whole page. `charts` are by the id of the place that they are drawn in."""

    title: str
    verdict: str
    tiles: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    charts: Mapping[str, Chart]
    notes: Sequence[str]
    data: Mapping[str, Any]

    def html(self, library: str) -> str:
        """One file; `library` is the JavaScript that has `draw`."""
        charts = json.dumps({"charts": self.charts, "options": OPTIONS}, separators=(",", ":"))
        return "\n".join(
            [
                "<!doctype html>",
                '<html lang="en"><head><meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                '<meta name="color-scheme" content="light dark">',
                f"<title>{escape(self.title)}</title>",
                # An empty one: without it a browser asks for favicon.ico.
                '<link rel="icon" href="data:,">',
                f"<style>{_file('style.css')}</style></head><body><main>",
                f"<header><h1>{escape(self.title)}</h1><p class=verdict>{escape(self.verdict)}</p></header>",
                tiles(self.tiles),
                *(
                    f"<section><h2>{escape(one.title)}</h2><p>{escape(one.says)}</p>{one.content}</section>"
                    for one in self.sections
                ),
                "<details><summary>What this rests on</summary><ul>",
                *(f"<li>{escape(note)}</li>" for note in self.notes),
                "</ul></details></main>",
                f'<script type="application/json" id="data">{_inline(json.dumps(self.data))}</script>',
                f'<script type="application/json" id="charts">{_inline(charts)}</script>',
                f"<script type=module>{_script(library)}\n{_file('draw.js')}</script>",
                "</body></html>",
            ]
        )


def tiles(found: Sequence[tuple[str, str]]) -> str:
    """Figures, each with what it is."""
    if not found:
        return ""
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in found)
    return f"<dl class=tiles>{cells}</dl>"


def table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: frozenset[str], colors: Mapping[str, str]
) -> str:
    """A table that scrolls in itself where it is too wide; the first cell of a row has its series' colour."""
    head = "".join(
        f"<th scope=col{' class=n' if column in numbers else ''}>{escape(column)}</th>" for column in columns
    )
    body = "".join(
        "<tr>"
        + f"<th scope=row>{swatch(colors.get(row[0]))}{escape(row[0])}</th>"
        + "".join(
            f'<td{" class=n" if column in numbers else ""} data-of="{escape(column)}">{escape(cell)}</td>'
            for column, cell in zip(columns[1:], row[1:], strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f"<div class=wide tabindex=0 role=region aria-label=table><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def legend(series: Sequence[Named]) -> str:
    """The names of a chart's series with their colours."""
    items = "".join(f"<li>{swatch(one.color)}{escape(one.name)}</li>" for one in series)
    return f"<ul class=legend>{items}</ul>"


def swatch(color: str | None) -> str:
    """A small field of a colour; nothing for a series that is drawn nowhere."""
    return f'<i style="background:{color}"></i>' if color else ""


def place(name: str, label: str) -> str:
    """Where the chart `name` is drawn."""
    return f'<div class=chart id="{name}" role=img aria-label="{escape(label)}"></div>'


def _inline(data: str) -> str:
    """JSON that cannot end its script, and whose text stays text."""
    return data.replace("<", "\\u003c")


def _script(library: str) -> str:
    """In a script an end tag would end it, also within a string."""
    return library.replace("</script", "<\\/script")


def _file(name: str) -> str:
    return files("infra.page").joinpath(name).read_text(encoding="utf-8").strip()
