"""modelyard import-ids: what each resource is called by an import, for a stack that moves to another engine."""

from dataclasses import asdict

import typer

from infra.cli import console
from infra.cli.options import AsJson, EngineName, EnvironmentName, StackName, open_stack


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command(name="import-ids")(import_ids)


def import_ids(
    stack: StackName, env: EnvironmentName, engine: EngineName = "terraform", json: AsJson = False
) -> None:
    """List the identifiers that `terraform import` and `pulumi import` take, from the engine's state or by name."""
    from infra.blueprint import blueprint
    from infra.connection import connect
    from infra.errors import EngineError, ToolchainError
    from infra.operations import artifacts, engines, identifiers

    chosen = engines.named(engine)
    project, loaded = open_stack(stack, env)
    connection = connect(loaded.environment, project)
    content = blueprint(loaded, artifacts.keys(artifacts.identify(loaded, project.artifacts)))
    try:
        held = engines.workspace(chosen, content, loaded.name, connection, project, console.say).held()
    except (EngineError, ToolchainError) as error:
        console.say(
            f"{chosen.title}'s state is not read ({error}); these are the names that the stack gives."
        )
        held = {}
    found = identifiers.identify(content, loaded.environment, held)
    if json:
        console.put_json([asdict(one) for one in found])
        return
    for one in found:
        console.put(f"{one.type}.{one.name} {one.id or '-'}")
