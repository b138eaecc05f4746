"""modelyard synth: the Terraform JSON, for people who run Terraform themselves."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli import console
from infra.cli.options import EnvironmentName, StackName, open_stack
from infra.errors import Misuse

if TYPE_CHECKING:
    from infra.blueprint import Blueprint


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(synth)


def synth(
    stack: StackName,
    env: EnvironmentName,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where cdk.tf.json is written.")],
) -> None:
    """Write cdk.tf.json, for people who run Terraform themselves."""
    from infra import rules
    from infra.blueprint import blueprint
    from infra.engines import private_file
    from infra.engines.terraform import synth as terraform

    project, loaded = open_stack(stack, env)
    if out.exists() and not out.is_dir():
        raise Misuse(f"--out {out} is a file; name a folder, and {terraform.FILE} is written into it.")
    terraform.warm_up()
    from infra.operations import artifacts

    identities = artifacts.identify(loaded, project.artifacts)
    content = blueprint(loaded, artifacts.keys(identities))
    rules.check(loaded, content)
    text = terraform.synth(content, loaded.environment, loaded.name, _major(content))
    out.mkdir(parents=True, exist_ok=True)
    file = out / terraform.FILE
    private_file.write(file, text)
    console.say(
        f"The artifacts are expected in s3://{loaded.environment.artifact_bucket}; "
        "modelyard package --upload puts them there."
    )
    console.put(str(file))


def _major(content: "Blueprint") -> int:
    """That of the provider that is here; where there is no Terraform, or it makes no difference, the newest."""
    from infra.engines.terraform import dialect, toolchain
    from infra.errors import ToolchainError

    if not dialect.is_bound(content):
        return dialect.NEWEST  # looking for the provider asks Terraform for its version: 0.25 s
    try:
        return toolchain.find(os.environ).provider_major
    except ToolchainError:
        return dialect.NEWEST
