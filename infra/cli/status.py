"""modelyard status: what AWS says of what is deployed."""

from typing import TYPE_CHECKING

import typer

from infra.cli import console
from infra.cli.options import AsJson, EnvironmentName, open_environment

if TYPE_CHECKING:
    from infra.operations.status import Live


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(status)


def status(env: EnvironmentName, json: AsJson = False) -> None:
    """List what is deployed in an environment: state, instances, invocations."""
    from infra.connection import connect
    from infra.operations import status as operation

    project, environment = open_environment(env)
    connection = connect(environment, project)
    connection.check_account()
    live = operation.status(connection, connection.now())
    if json:
        console.put_json([_data(item) for item in live])
    elif not live:
        console.say(f"Nothing is deployed in environment {env}.")
    else:
        console.put_table(
            f"Environment {env}, {environment.region}",
            ["stack", "workload", "name on AWS", "state", "instances", "invocations, 1 h", "changed"],
            [_row(item) for item in live],
            right=frozenset({"instances", "invocations, 1 h"}),
        )
        for item in live:
            if item.reason:
                console.put(f"{item.deployed.name}: {item.reason}")


def _row(item: "Live") -> list[str]:
    return [
        item.deployed.stack,
        item.deployed.workload,
        item.deployed.name,
        item.state,
        "-" if item.instances is None else str(item.instances),
        str(item.invocations_last_hour),
        item.last_changed.strftime("%Y-%m-%d %H:%M") if item.last_changed else "-",
    ]


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
        "last_changed": item.last_changed.isoformat() if item.last_changed else None,
    }
