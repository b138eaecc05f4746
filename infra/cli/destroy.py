"""modelyard destroy: take a stack down."""

from typing import TYPE_CHECKING

import typer

from infra import loader, naming
from infra.cli import console, report
from infra.cli.options import AsJson, EngineName, EnvironmentName, StackName, Yes, open_environment
from infra.environment import Environment
from infra.errors import Misuse
from infra.project import Project
from infra.stack import Stack

if TYPE_CHECKING:
    from infra.connection import Connection


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(destroy)


def destroy(
    stack: StackName,
    env: EnvironmentName,
    yes: Yes = False,
    engine: EngineName = "terraform",
    json: AsJson = False,
) -> None:
    """Take a stack down; with the environment's last stack, its artifact bucket too."""
    from cost import PriceCatalog
    from infra.connection import connect
    from infra.operations import bills, engines, serving
    from infra.operations import deploy as operation

    chosen = engines.named(engine)
    project, environment = open_environment(env)
    connection = connect(environment, project)
    loaded = _stack(stack, environment, project, connection)
    prepared = operation.prepare_destroy(loaded, connection, project, console.say, chosen)
    if saves := bills.saved(loaded.name, connection, PriceCatalog.load()):
        console.say(saves)
    report.plan(prepared.plan, to_stderr=json)
    if prepared.results:
        console.say(
            f"{loaded.name} is the last stack of {env}: its bucket goes, and with it {prepared.results} objects of "
            f"inputs and answers. To keep them: aws s3 sync s3://{environment.artifact_bucket}/data/ DIRECTORY"
        )
    nothing = prepared.plan.empty and not prepared.results
    used = serving.leaving(loaded.name, prepared.plan, connection)
    if not nothing and not console.agreed(f"Destroy {loaded.name} on {env}?", loaded.name, used, yes):
        raise typer.Exit(1)
    there = not nothing or _is_recorded(loaded.name, connection)
    operation.carry_out_destroy(prepared, console.say, report.watch)
    console.say(f"{loaded.name} is gone from {env}." if there else f"Nothing of {loaded.name} was on {env}.")
    if json:
        removed = [change.address for change in prepared.plan.changes]
        console.put_json({"stack": loaded.name, "environment": env, "removed": removed})


def _stack(name: str, environment: Environment, project: Project, connection: "Connection") -> Stack:
    """What is to go. A file that is gone, or no longer loads, must not keep what it once deployed."""
    try:
        return loader.load(name, environment, project.root, checked=False)
    except Misuse:
        if naming.is_part(name) and _is_recorded(name, connection):
            return Stack(name, environment, ())
        raise


def _is_recorded(name: str, connection: "Connection") -> bool:
    from infra.ledger import Ledger

    ledger = Ledger.on(connection)
    return ledger.exists() and name in ledger.stacks()
