"""modelyard bootstrap: the bucket of Terraform's states."""

import typer

from infra.cli import console
from infra.cli.options import AsJson, EnvironmentName, Yes, open_environment


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(bootstrap)


def bootstrap(env: EnvironmentName, yes: Yes = False, json: AsJson = False) -> None:
    """Make the environment's state bucket, private, versioned and encrypted; or mend what it lacks."""
    from infra.connection import connect
    from infra.operations import bootstrap as operation

    project, environment = open_environment(env)
    operation.named(environment)
    connection = connect(environment, project)
    lacking = operation.inspect(connection)
    for line in lacking.lines:
        console.say(f"  will {line}")
    if lacking.lines:
        if not yes and not console.confirm(f"Do that to {lacking.bucket} on {env}?"):
            raise typer.Exit(1)
        operation.carry_out(lacking, connection, console.say)
    console.say(f"State bucket {lacking.bucket} of environment {env} is there, with all that makes it safe.")
    if json:
        console.put_json({"bucket": lacking.bucket, "done": lacking.lines})
