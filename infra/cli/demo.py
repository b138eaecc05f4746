"""modelyard demo: all of it, on an embedded AWS of its own."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import typer

from infra import environment, loader
from infra.cli import console, report
from infra.cli.options import here
from infra.connection import Connection, connect
from infra.errors import ModelyardError
from infra.project import Project
from infra.stack import Stack

STACK, ENVIRONMENT, TICKETS = "triage", "local", "stacks/tickets.json"


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(demo)


def demo() -> None:
    """Package, price, deploy, invoke and tear down the example stack, on an embedded AWS of its own."""
    from infra.local import daemon

    found = here()
    project = dataclasses.replace(found, embedded=found.root / ".modelyard" / "demo")
    # What an earlier demo left that was killed.
    daemon.down(project.embedded)
    try:
        console.say("Starting the embedded AWS")
        daemon.up(project.embedded, parent_pipe=True)
        _run(project)
    finally:
        daemon.down(project.embedded)
    console.say("The embedded AWS is down; nothing of the demo is left.")


def _run(project: Project) -> None:
    from infra.operations import artifacts, deploy
    from infra.operations.census import census

    stack = loader.load(STACK, environment.load(ENVIRONMENT, project.root), project.root)
    connection = connect(stack.environment, project)
    console.say(f"Packaging {STACK}")
    built = artifacts.build(stack, project.artifacts)
    report.artifacts(built)
    report.bill(report.price(stack))
    prepared = deploy.prepare(stack, built, connection, project, console.say)
    report.plan(prepared.plan)
    report.outputs(deploy.carry_out(prepared, built, console.say, report.watch, console.meter), as_json=False)
    tickets = json.loads((project.root / TICKETS).read_text())
    wrong = [
        text for workload in stack.workloads for text in _invoke(stack, workload.name, tickets, connection)
    ]
    console.say(f"Taking {STACK} down")
    leaving = deploy.prepare_destroy(stack, connection, project, console.say)
    report.plan(leaving.plan)
    deploy.carry_out_destroy(leaving, console.say, report.watch)
    left = census(connection)
    if left:
        raise ModelyardError(f"After the destroy there is still: {', '.join(left)}.")
    if wrong:
        raise ModelyardError(
            f"{len(wrong)} tickets got another label than a person would give: {'; '.join(wrong)}."
        )


def _invoke(
    stack: Stack, workload: str, tickets: list[Mapping[str, Any]], connection: Connection
) -> list[str]:
    """Send every ticket to one workload and show the answers; the texts whose label is not the one expected."""
    from infra.operations import invoke

    target = invoke.find(f"{stack.name}/{workload}", connection)
    rows, wrong = [], []
    for ticket in tickets:
        response = invoke.invoke(
            target, invoke.Request(json.dumps({"text": ticket["text"]}).encode()), connection
        )
        answer = json.loads(response.body)
        rows.append([ticket["text"], answer["label"], f"{answer['score']:.2f}", f"{response.latency_ms:.0f}"])
        if answer["label"] != ticket["label"]:
            wrong.append(f"{ticket['text']!r} is {ticket['label']}, {target.name} says {answer['label']}")
    console.put_table(
        f"{target.name} ({target.kind})",
        ["ticket", "label", "score", "ms"],
        rows,
        right=frozenset({"score", "ms"}),
    )
    return wrong
