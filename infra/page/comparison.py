"""The page of a comparison: which plan, what it costs at other traffic, what a faster answer costs, and the month."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import count, islice
from typing import Any, Final

from cost import PriceCatalog
from cost.amount import plain
from cost.comparison import Assessed, Crossing
from cost.comparison.crossing import curve, usd
from infra.comparison.statement import COLUMNS, NUMBERS, Statement
from infra.page import charts
from infra.page.charts import SECOND, SURFACE, Chart, Named, chart, values
from infra.page.document import Page, Section, legend, place, table

CENT: Final = 0.01
"""Below it a curve is not drawn: nobody is billed less."""
SHOWN_CROSSINGS: Final = 12
MINUTES_PER_HOUR: Final = 60


def page(told: Statement, catalog: PriceCatalog) -> Page:
    """The page of `told`; costs at other traffic are at the prices of `catalog`."""
    best = told.comparison.best
    priced = [row for row in best if row.usd is not None]
    series = charts.colored(row.plan.name for row in priced)
    crossed = list(islice(told.crossings, SHOWN_CROSSINGS))
    shown = [row for row in priced if row.month is not None and row.month.instances is not None]
    drawn = {
        "requests": _requests(told, catalog, series, crossed),
        "frontier": _frontier(told, series),
        "traffic": _traffic(told),
        **{
            f"instances-{number}": _instances(row, one)
            for number, (row, one) in enumerate(zip(shown, _of(shown, series), strict=True))
        },
    }
    return Page(
        title=f"What serving {told.question.subject} costs",
        verdict=told.sentence,
        tiles=_tiles(told),
        sections=[
            Section(
                "The best of each kind",
                f"Of {len(told.comparison.rows)} plans. Those that will do come first, the cheapest first.",
                _plans(told, series),
            ),
            Section(
                "Cost over requests a month",
                "Each plan at other amounts of the same traffic, both axes logarithmic. Numbers mark where two plans "
                "change places.",
                legend(series)
                + place("requests", "cost over requests a month")
                + _break_evens(told, crossed),
            ),
            Section(
                "Cost against latency",
                "Each dot is a plan with its p99 at this traffic. The line is the frontier: from the cheapest to the "
                "fastest, whoever wants an answer sooner pays more.",
                legend(series) + place("frontier", "cost against p99") + _frontier_list(told),
            ),
            Section(
                "The month",
                "Requests in each hour, and the most instances that were billed in it."
                if shown
                else "Requests in each hour. No priced plan of these has instances that one could count.",
                place("traffic", "requests per hour")
                + "".join(
                    legend([one]) + place(f"instances-{number}", f"instances per hour: {one.name}")
                    for number, one in enumerate(_of(shown, series))
                ),
            ),
        ],
        charts=drawn,
        notes=told.notes,
        data=told.to_json(),
    )


def _tiles(told: Statement) -> list[tuple[str, str]]:
    best = told.comparison.recommended or told.comparison.nearest
    if best is None:
        return []
    (row,) = [row for row in told.rows(True) if row.plan == best.plan.name][:1]
    named = "cheapest that will do" if told.met else "comes nearest"
    found = [
        (named, row.plan),
        ("USD a month", row.usd),
        ("USD per 1,000 requests", row.per_thousand),
        ("p99", f"{row.p99} ms" if row.p99 else ""),
        ("cold starts", row.cold),
    ]
    return [(name, value) for name, value in found if value]


def _plans(told: Statement, series: Sequence[Named]) -> str:
    colors = {one.name: one.color for one in series}
    best = told.comparison.recommended
    html = table(COLUMNS, told.rows(False), NUMBERS, colors)
    return html if best is None else html.replace("<tbody><tr>", "<tbody><tr class=best>", 1)


def _requests(
    told: Statement, catalog: PriceCatalog, series: Sequence[Named], crossed: Sequence[Crossing]
) -> Chart:
    demand, profile = told.question.demand, told.question.profile
    plans = {row.plan.name: row.plan for row in told.comparison.best if row.usd is not None}
    points = [
        {
            "series": name,
            "requests": float(requests),
            "usd": float(cost),
            "said": f"{plain(requests)} requests",
            "costs": f"{cost:,.2f} USD a month",
        }
        for name, plan in plans.items()
        for requests, cost in curve(plan, demand, profile, catalog)
        if cost >= CENT
    ]
    marks = []
    for number, crossing in zip(count(1), crossed, strict=False):
        at = usd(crossing.above, demand.times(crossing.requests), profile, catalog)
        if at is not None and at >= CENT:
            marks.append(
                {
                    "requests": float(crossing.requests),
                    "usd": float(at),
                    "number": str(number),
                    "said": f"from {plain(crossing.requests)} requests a month on",
                    "series": f"{crossing.above.name} costs less than {crossing.below.name}",
                }
            )
    x, y = charts.axis("requests a month", "requests", log=True), charts.axis("USD a month", "usd", log=True)
    where = {"x": x, "y": y}
    told_of = charts.tooltip(("series", "plan"), ("said", "at"), ("costs", "costs"))
    return chart(
        [
            {
                "data": values(points),
                "mark": {"type": "line", "strokeWidth": 2, "point": {"size": 25, "opacity": 1}},
                "encoding": {**where, "color": charts.color(series), "tooltip": told_of},
            },
            *charts.rule("requests", float(demand.requests), f"{plain(demand.requests)} now"),
            {
                "data": values(marks),
                "mark": {
                    "type": "point",
                    "shape": "circle",
                    "size": 260,
                    "filled": True,
                    "color": SURFACE,
                    "stroke": SECOND,
                    "strokeWidth": 1.5,
                    "opacity": 1,
                },
                "encoding": {**where, "tooltip": charts.tooltip(("series", "break-even"), ("said", "at"))},
            },
            {
                "data": values(marks),
                "mark": {"type": "text", "color": charts.INK, "fontSize": 11, "fontWeight": "bold"},
                "encoding": {**where, "text": {"field": "number"}},
            },
        ],
        height=400,
    )


def _frontier(told: Statement, series: Sequence[Named]) -> Chart:
    best = {row.plan.name for row in told.comparison.best}
    all_points = [_point(row) for row in told.comparison.rows if row.usd and row.p99_ms is not None]
    others = [point for point in all_points if point["series"] not in best]
    where = {
        "x": charts.axis("USD a month", "usd", log=True),
        "y": charts.axis("p99, ms", "p99", log=True),
        "tooltip": charts.tooltip(
            ("series", "plan"), ("costs", "USD a month"), ("said", "p99"), ("why", "why not")
        ),
    }
    line = [_point(row) for row in told.comparison.frontier if row.usd]
    objective = told.question.demand.p99_ms
    return chart(
        [
            {
                "data": values(others),
                "mark": {"type": "circle", "size": 28, "color": charts.FAINT, "opacity": 0.55},
                "encoding": where,
            },
            {
                "data": values(line),
                "mark": {
                    "type": "line",
                    "interpolate": "step-after",
                    "color": charts.INK,
                    "strokeWidth": 1.5,
                },
                "encoding": where,
            },
            {
                "data": values(line),
                "mark": {"type": "point", "size": 170, "filled": False, "color": charts.INK, "opacity": 1},
                "encoding": where,
            },
            {
                "data": values(point for point in all_points if point["series"] in best),
                "mark": {"type": "circle", "size": 80, "opacity": 1, "stroke": SURFACE, "strokeWidth": 1},
                "encoding": {**where, "color": charts.color(series)},
            },
            *(charts.rule("p99", objective, f"asked: {objective:,g} ms", across=True) if objective else ()),
        ],
        height=360,
    )


def _point(row: Assessed) -> dict[str, Any]:
    assert row.usd is not None and row.p99_ms is not None
    return {
        "series": row.plan.name,
        "usd": float(row.usd),
        "p99": row.p99_ms,
        "costs": f"{row.usd:,.2f}",
        "said": f"{row.p99_ms:,.0f} ms",
        "why": row.ruled_out or "it will do",
    }


def _hours(per_minute: Any, of: Any) -> Iterator[tuple[float, float]]:
    """Day of the month, from 0, and what `of` makes of an hour's minutes."""
    for hour in range(len(per_minute) // MINUTES_PER_HOUR):
        minutes = per_minute[hour * MINUTES_PER_HOUR : (hour + 1) * MINUTES_PER_HOUR]
        yield hour / 24, float(of(minutes))


def _traffic(told: Statement) -> Chart:
    demand = told.question.demand
    rows = [{"day": day, "requests": requests} for day, requests in _hours(demand.arriving.per_minute, sum)]
    return _over_days(
        rows, "requests", "requests per hour", charts.FAINT, float(demand.hours) / 24, tickCount=4
    )


def _instances(row: Assessed, one: Named) -> Chart:
    assert row.month is not None and row.month.instances is not None
    counts = list(_hours(row.month.instances, max))
    rows = [{"day": day, "instances": most} for day, most in counts]
    most = int(max(count for _, count in counts))
    return _over_days(
        rows,
        "instances",
        "instances",
        one.color,
        len(counts) / 24,
        values=charts.steps(most),
        most=most * 1.05,
    )


def _over_days(
    rows: Sequence[Mapping[str, float]], field: str, title: str, color: str, days: float, **more: Any
) -> Chart:
    return chart(
        [
            {
                "data": values(rows),
                "mark": {"type": "area", "interpolate": "step-after", "color": color, "opacity": 0.7},
                "encoding": {
                    "x": charts.axis("day of the month", "day", most=days, grid=False),
                    "y": charts.axis(title, field, minExtent=44, **more),
                },
            }
        ],
        height=110,
    )


def _of(shown: Sequence[Assessed], series: Sequence[Named]) -> list[Named]:
    """The series of the plans that are shown, in their order."""
    named = {one.name: one for one in series}
    return [named[row.plan.name] for row in shown]


def _break_evens(told: Statement, crossed: Sequence[Crossing]) -> str:
    more = len(told.crossings) - len(crossed)
    lines = "".join(f"<li>{escape(line)}</li>" for line in told.break_evens[: len(crossed)])
    rest = f"<p>and {more} more, where dearer plans cross</p>" if more else ""
    return f"<ol>{lines}</ol>{rest}" if lines else "<p>No two of these change places.</p>"


def _frontier_list(told: Statement) -> str:
    return f"<ol>{''.join(f'<li>{escape(line)}</li>' for line in told.frontier)}</ol>"
