"""modelyard idle: what nobody uses and what it costs; with --remove its end, and with --schedule its sleep."""

import json as parse
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra import loader
from infra.cli import console, report
from infra.cli import schedule as schedules
from infra.cli.options import AsJson, EnvironmentName, Yes, open_environment
from infra.errors import Misuse
from infra.project import Project
from infra.stack import Stack

if TYPE_CHECKING:
    from infra.connection import Connection
    from infra.operations.deploy import PreparedDestroy
    from infra.operations.idle import IdleRule, Verdict
    from infra.operations.removal import Outcome, World

RECORD = "removed.jsonl"


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(idle)


def idle(
    env: EnvironmentName,
    hours: Annotated[
        float | None,
        typer.Option("--hours", metavar="N", min=0, help="Idle is what nobody used for so long."),
    ] = None,
    grace_hours: Annotated[
        float,
        typer.Option(min=0, help="What was made or changed within so many hours is kept."),
    ] = 24.0,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take down the stacks of which nothing is used.")
    ] = False,
    expression: Annotated[
        str | None,
        typer.Option(
            "--schedule",
            metavar="EXPRESSION",
            help="Have AWS look by itself, such as 'rate(1 hour)' or 'cron(0 20 * * ? *)' (UTC): a dry run.",
        ),
    ] = None,
    armed: Annotated[
        bool, typer.Option("--armed", help="With --schedule: put to sleep what is idle, and not only tell.")
    ] = False,
    unschedule: Annotated[bool, typer.Option("--unschedule", help="Take the schedule off again.")] = False,
    most: Annotated[
        int | None,
        typer.Option(
            "--max", metavar="M", min=1, help="With --remove or --schedule: so many workloads at the most."
        ),
    ] = None,
    yes: Yes = False,
    json: AsJson = False,
) -> None:
    """List what nobody used, and what it costs a month; what has the tag modelyard:keep is never idle."""
    from infra.connection import connect
    from infra.operations import idle as rules
    from infra.operations.schedule import MOST, Schedule

    _check(hours, remove, expression, armed, unschedule, most)
    if unschedule:
        return schedules.take_off(env, yes)
    assert hours is not None
    rule = rules.IdleRule(hours, grace_hours)
    if expression is not None:
        return schedules.put(env, Schedule(expression, rule, most or MOST, armed), yes, json)
    project, environment = open_environment(env)
    connection = connect(environment, project)
    connection.check_account()
    world = _world(rule, connection, project)
    verdicts = _verdicts(rule, connection, world)
    usd = _usd(verdicts, connection)
    stacks = rules.whole_stacks(verdicts)
    if not json:
        _show(verdicts, usd, stacks, f"{environment.place}, not used for {hours:g} h")
        schedules.tell(connection)
    outcomes: list[Outcome] = []
    if most is not None and stacks:
        if not yes and not console.confirm(
            f"Take down {', '.join(stacks)} on {env}, at most {most} workloads?"
        ):
            raise typer.Exit(1)
        outcomes = _remove(verdicts, usd, rule, most, world, project, connection)
    if json:
        schedule = schedules.found(connection)
        console.put_json({**_data(verdicts, usd, stacks, outcomes), "schedule": schedule})


def _check(
    hours: float | None,
    remove: bool,
    expression: str | None,
    armed: bool,
    unschedule: bool,
    most: int | None,
) -> None:
    """Raise `Misuse` for options that do not go together."""
    scheduled = expression is not None
    if remove + scheduled + unschedule > 1:
        raise Misuse("--remove, --schedule and --unschedule are three things to do; write one of them.")
    if armed and not scheduled:
        raise Misuse("--armed goes with --schedule; write, for example: --schedule 'rate(1 hour)' --armed")
    if remove is not (most is not None) and not scheduled:
        raise Misuse("--remove and --max belong together; write, for example: --remove --max 3")
    if hours is None and not unschedule:
        raise Misuse(
            "--hours is missing: for how long nobody used what is idle; write, for example: --hours 48"
        )


def _world(rule: "IdleRule", connection: "Connection", project: Project) -> "World":
    from infra.operations import activity
    from infra.operations.removal import World

    return World(
        connection.now,
        lambda record: activity.history(record, connection, connection.now(), rule.window),
        lambda stack: _TearDown.of(stack, connection, project),
    )


def _verdicts(rule: "IdleRule", connection: "Connection", world: "World") -> "list[Verdict]":
    from infra.ledger import Ledger
    from infra.operations.idle import judge

    ledger = Ledger.on(connection)
    records = ledger.deployed() if ledger.exists() else []
    histories = [history for record in records if (history := world.look(record)) is not None]
    return judge(histories, rule, world.now())


def _usd(verdicts: "list[Verdict]", connection: "Connection") -> dict[tuple[str, str], Decimal | None]:
    """What each workload costs a month while nobody uses it, by stack and name; None is not known."""
    from cost import PriceCatalog
    from infra.operations import bills

    catalog = PriceCatalog.load()
    stacks = dict.fromkeys(one.history.deployed.stack for one in verdicts)
    found = {stack: bills.at_rest(stack, connection, catalog) for stack in stacks}
    return {
        (stack, name): found[stack].get(name)
        for stack, name in ((one.history.deployed.stack, one.history.deployed.workload) for one in verdicts)
    }


def _show(
    verdicts: "list[Verdict]",
    usd: Mapping[tuple[str, str], Decimal | None],
    stacks: list[str],
    title: str,
) -> None:
    unused = [one for one in verdicts if one.is_idle]
    if not unused:
        console.say(f"Nothing is idle in environment {title}.")
    else:
        console.put_table(
            f"Environment {title}",
            ["stack", "workload", "kind", "idle for", "USD a month"],
            [_row(one, usd) for one in unused],
            right=frozenset({"idle for", "USD a month"}),
        )
    for one in verdicts:
        if not one.is_idle:
            console.say(f"{one.history.deployed.stack}/{one.history.deployed.workload} is kept: {one.kept}")
    for stack in stacks:
        console.say(f"Nothing of {stack} is used.")
    if verdicts and len(unused) == len(verdicts):
        console.say("Nothing of the whole environment is used.")


def _row(one: "Verdict", usd: Mapping[tuple[str, str], Decimal | None]) -> list[str]:
    record = one.history.deployed
    cost = usd[record.stack, record.workload]
    return [
        record.stack,
        record.workload,
        record.kind,
        f"{one.idle_hours:.1f} h{'' if one.history.last_used else ' or more'}",
        "unknown" if cost is None else f"{cost:,.2f}",
    ]


def _remove(
    verdicts: "list[Verdict]",
    usd: Mapping[tuple[str, str], Decimal | None],
    rule: "IdleRule",
    most: int,
    world: "World",
    project: Project,
    connection: "Connection",
) -> "list[Outcome]":
    from infra.operations.removal import remove

    sums: dict[str, Decimal] = {}
    for (stack, _), amount in usd.items():
        sums[stack] = sums.get(stack, Decimal(0)) + (amount or 0)
    outcomes = []
    for outcome in remove(verdicts, sums, rule, most, world):
        console.say(f"{outcome.stack} is {outcome.outcome}: {outcome.reason}")
        _write(outcome, project, connection)
        outcomes.append(outcome)
    return outcomes


def _write(outcome: "Outcome", project: Project, connection: "Connection") -> None:
    """One line more in the file that says what was ever removed as idle, in this clone."""
    from infra.engines import private_file

    file = project.working_directory(connection.environment, "_idle") / RECORD
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    private_file.write(file, f"{before}{parse.dumps(outcome.to_json())}\n")


@dataclass(frozen=True)
class _TearDown:
    """A stack's destroy, planned by the engine that made it."""

    prepared: "PreparedDestroy"

    @classmethod
    def of(cls, name: str, connection: "Connection", project: Project) -> "_TearDown":
        from infra.operations import crossing, deploy

        try:
            stack = loader.load(name, connection.environment, project.root, checked=False)
        except Misuse:
            stack = Stack(name, connection.environment, ())
        engine = crossing.engine_of(stack, connection)
        return cls(deploy.prepare_destroy(stack, connection, project, console.say, engine))

    def refusal(self) -> str:
        if self.prepared.results:
            return (
                f"it is the last stack, and with its bucket {self.prepared.results} objects of inputs and answers "
                f"would go; keep what is needed, then run: modelyard destroy {self.prepared.stack.name}"
            )
        return ""

    def carry_out(self) -> None:
        from infra.operations import deploy

        deploy.carry_out_destroy(self.prepared, console.say, report.watch)


def _data(
    verdicts: "list[Verdict]",
    usd: Mapping[tuple[str, str], Decimal | None],
    stacks: list[str],
    outcomes: "list[Outcome]",
) -> dict[str, Any]:
    def workload(one: "Verdict") -> dict[str, Any]:
        history, record = one.history, one.history.deployed
        cost = usd[record.stack, record.workload]
        return {
            "stack": record.stack,
            "workload": record.workload,
            "kind": record.kind,
            "name": record.name,
            "idle_hours": round(one.idle_hours, 2),
            "last_used": history.last_used.isoformat() if history.last_used else None,
            "usd_per_month": None if cost is None else str(cost),
        }

    return {
        "idle": [workload(one) for one in verdicts if one.is_idle],
        "kept": [{**workload(one), "reason": one.kept} for one in verdicts if not one.is_idle],
        "stacks": stacks,
        "environment": bool(verdicts) and all(one.is_idle for one in verdicts),
        "outcomes": [outcome.to_json() for outcome in outcomes],
    }
