"""modelyard status: what AWS says of what is deployed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli import console
from infra.cli.options import AsJson, EnvironmentName, open_environment

if TYPE_CHECKING:
    from infra.connection import Connection
    from infra.operations.status import Live
    from infra.project import Project

COLUMNS = (
    "stack",
    "workload",
    "name on AWS",
    "state",
    "instances",
    "invocations, 1 h",
    "errors, 1 h",
    "p99, ms",
    "last used",
    "USD this month",
)
NUMBERS = frozenset({"instances", "invocations, 1 h", "errors, 1 h", "p99, ms", "USD this month"})


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(status)


def status(
    env: EnvironmentName,
    drift: Annotated[
        bool,
        typer.Option(
            "--drift", help="Also what somebody changed by hand; runs Terraform once for each stack."
        ),
    ] = False,
    json: AsJson = False,
) -> None:
    """List what is deployed: state, instances, the last hour, the last use, and this month at list price."""
    from infra.connection import connect
    from infra.operations import status as operation

    project, environment = open_environment(env)
    connection = connect(environment, project)
    connection.check_account()
    now = connection.now()
    live = [operation.more(one, connection, now) for one in operation.status(connection, now)]
    drifted = _drift(live, connection, project) if drift else {}
    if json:
        workloads = [_data(item) for item in live]
        console.put_json({"workloads": workloads, "drift": drifted} if drift else workloads)
    elif not live:
        console.say(f"Nothing is deployed in environment {environment.place}.")
    else:
        _show(live, f"Environment {env}, {environment.region}")
        for stack, lines in drifted.items():
            for line in lines:
                console.put(f"{stack} was changed by hand: {line}")
        if drift and not any(drifted.values()):
            console.put("Nothing was changed by hand.")
        elif drift:
            console.say("A deploy of the stack makes it again as it was planned.")


def _show(live: "list[Live]", title: str) -> None:
    console.put_table(title, list(COLUMNS), [_row(item) for item in live], right=NUMBERS)
    for item in live:
        if item.reason:
            console.put(f"{item.deployed.name}: {item.reason}")


def _drift(live: "Sequence[Live]", connection: "Connection", project: "Project") -> dict[str, list[str]]:
    """What differs, by stack."""
    from infra.operations import drift

    found: dict[str, list[str]] = {}
    for item in live:
        stack = item.deployed.stack
        if stack not in found:
            found[stack] = list(drift.of_stack(stack, connection, project, console.say))
        found[stack] += drift.of_count(item.deployed, connection)
    return found


def _row(item: "Live") -> list[str]:
    measures = item.measures
    return [
        item.deployed.stack,
        item.deployed.workload,
        item.deployed.name,
        item.state,
        _or_dash(item.instances),
        str(item.invocations_last_hour),
        _or_dash(measures.errors),
        "-" if measures.p99_ms is None else f"{measures.p99_ms:.0f}",
        item.last_used.strftime("%Y-%m-%d %H:%M") if item.last_used else "-",
        "-" if item.usd_this_month is None else f"{item.usd_this_month:,.2f}",
    ]


def _or_dash(count: int | None) -> str:
    return "-" if count is None else str(count)


def _data(item: "Live") -> dict[str, object]:
    return {
        "stack": item.deployed.stack,
        "workload": item.deployed.workload,
        "kind": item.deployed.kind,
        "name": item.deployed.name,
        "state": item.state,
        "reason": item.reason,
        "instances": item.instances,
        "invocations_last_hour": item.invocations_last_hour,
        "errors_last_hour": item.measures.errors,
        "p99_ms_last_hour": item.measures.p99_ms,
        "last_used": item.last_used.isoformat() if item.last_used else None,
        "usd_this_month": None if item.usd_this_month is None else str(item.usd_this_month),
        "last_changed": item.last_changed.isoformat() if item.last_changed else None,
    }
