"""modelyard cost: the bill, before it exists; and `cost refresh`, the prices that it is made with."""

import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from json import loads as parse
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from infra import environment, loader
from infra.cli import console, report
from infra.cli.options import AsJson, EnvironmentName, StackName, open_stack
from infra.cli.page import Html, writer
from infra.errors import Misuse

if TYPE_CHECKING:
    from infra.bill import Bill
    from infra.bill.difference import Difference
    from infra.bill.record import Record
    from infra.page.document import Page
    from infra.project import Project
    from infra.stack import Stack


class Format(StrEnum):
    """How a bill is written."""

    TABLE = "table"
    MARKDOWN = "markdown"


Hours = Annotated[str, typer.Option("--hours", metavar="N", help="How long the month is, to 744 hours.")]


class _BillUnlessNamed(TyperGroup):
    """`cost STACK` is the bill of a stack, and `cost refresh` a command of its own.

    A stack of that name is written stacks/refresh.py:stack.
    """

    # Any: by its version, typer brings a click of its own or takes the installed one.

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = args and args[0] in self.commands
        return super().parse_args(ctx, args if known else [BILL, *args])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        # Without a name of its own, its usage reads `modelyard cost STACK`.
        return (None if name == BILL else name), command, rest


BILL: Final = "bill"
"""What is called where no command is named."""
_group = typer.Typer(
    cls=_BillUnlessNamed, rich_markup_mode=None, help="The bill of a stack, before it exists."
)


def register(application: typer.Typer) -> None:
    """Add the verb."""
    _group.command(
        BILL, hidden=True, epilog="modelyard cost refresh --region R reads AWS's prices of today."
    )(cost)
    _group.command()(refresh)
    application.add_typer(_group, name="cost")


def refresh(
    region: Annotated[str, typer.Option("--region", metavar="R", help="Such as us-east-1.")],
    json: AsJson = False,
) -> None:
    """Read what AWS asks today, keep it for every bill from now on, and say what has changed."""
    from infra import prices

    done = prices.refresh(region, console.say)
    if json:
        console.put_json(done.to_json())
        return
    for change in done.changed:
        console.put(f"changed: {change.line}")
    for change in done.new:
        console.put(f"new: {change.line}")
    listed = ", ".join(f"{name} of {edition.published}" for name, edition in done.editions.items())
    console.put(
        f"{region}: {len(done.changed)} changed, {len(done.new)} new, {done.same} as before; {listed}"
    )
    console.say(
        f"kept in {done.file}; every bill uses them from now on, and without that file those of the kit"
    )


def cost(
    stack: StackName,
    env: EnvironmentName,
    hours: Hours = "730",
    format: Annotated[
        Format, typer.Option("--format", help="markdown is a comment on a pull request.")
    ] = Format.TABLE,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="WHAT",
            help="Show the difference: to what is `deployed`, to another environment, or to a FILE.json that "
            "--json wrote.",
        ),
    ] = None,
    asleep: Annotated[
        bool, typer.Option("--asleep", help="The bill while all of it sleeps: see `modelyard sleep`.")
    ] = False,
    html: Html = None,
    json: AsJson = False,
) -> None:
    """Show the bill before it exists: per workload at minimum, as expected and at maximum."""
    project, loaded = open_stack(stack, env)
    month = _number(hours)
    sleeping = [workload.name for workload in loaded.workloads] if asleep else []
    priced = report.price(loaded, month, sleeping)
    write = writer(html)
    change = None if against is None else _against(against, priced, loaded, (stack, project), month)
    write(lambda: _page(priced, change))
    if json:
        from infra.bill.record import record

        kept = record(priced, datetime.datetime.now(datetime.UTC).date().isoformat())
        compared = {} if change is None else {"difference": change.to_json()}
        console.put_json({**priced.to_json(), **compared, "record": kept.to_json()})
        return
    _SHOWN[format](priced, change)


def _page(priced: "Bill", change: "Difference | None") -> "Page":
    from infra.page import bill

    return bill.page(priced, change)


def _table(priced: "Bill", change: "Difference | None") -> None:
    from infra.bill.markdown import item_notes, sources

    console.put_table(
        f"{priced.stack} on {priced.environment}, USD a month",
        ["workload", "item", "quantity", "minimum", "expected", "maximum", "price", "as of"],
        [list(row[:8]) for row in priced.rows],
        right=frozenset({"minimum", "expected", "maximum"}),
    )
    console.put(priced.summary)
    if change is not None:
        report.difference(change)
    for note in [*item_notes(priced.rows), *priced.notes, *sources(priced.rows)]:
        console.put(note)


def _markdown(priced: "Bill", change: "Difference | None") -> None:
    from infra.bill.markdown import comment

    console.put(comment(priced, change).rstrip("\n"))


_SHOWN: Final = {Format.TABLE: _table, Format.MARKDOWN: _markdown}


def _against(
    what: str, priced: "Bill", stack: "Stack", asked: "tuple[str, Project]", hours: Decimal
) -> "Difference":
    """`priced` against what is deployed, what a file holds, or the same stack elsewhere."""
    name, project = asked
    from cost import PriceCatalog
    from infra.bill.difference import difference
    from infra.bill.record import record

    catalog = PriceCatalog.load()
    if what == "deployed":
        from infra.connection import connect
        from infra.operations import bills

        connection = connect(stack.environment, project)
        connection.check_account()
        return bills.change(priced, connection, catalog)
    if what.endswith(".json"):
        base = _recorded(Path(what), priced)
        return difference(priced, True, base, catalog, f"{what}, priced on {base.priced_on}")
    elsewhere = environment.load(what, project.root)
    there = report.price(loader.load(name, elsewhere, project.root), hours)
    return difference(priced, True, record(there, ""), catalog, what)


def _recorded(file: Path, priced: "Bill") -> "Record":
    """The record of a bill that `cost --json` wrote, of the same stack and a month as long."""
    from cost.amount import plain
    from infra.bill.record import read

    try:
        found = parse(file.read_text(encoding="utf-8"))
        base = read(found["record"])
        stack, hours = str(found["stack"]), Decimal(found["hours_per_month"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        base = None
    if base is None:
        raise Misuse(
            f"--against is {file}, which is no bill; write one with: modelyard cost STACK --env NAME --json > {file}"
        )
    if stack != priced.stack:
        raise Misuse(
            f"--against is {file}, the bill of {stack}, and this one is of {priced.stack}; write that with: "
            f"modelyard cost {priced.stack} --env NAME --json > {file}"
        )
    if hours != priced.hours_per_month:
        raise Misuse(
            f"--against is {file}, the bill of a month of {plain(hours)} hours, and this one has "
            f"{plain(priced.hours_per_month)}; write --hours {hours:f}, or price both alike."
        )
    return base


def _number(hours: str) -> Decimal:
    try:
        return Decimal(hours)
    except InvalidOperation:
        raise Misuse(f"--hours is {hours!r}; allowed is above 0 to 744: write 730.") from None
