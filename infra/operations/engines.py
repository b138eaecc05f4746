"""The engines by the word for --engine, and the folders in which they work."""

import dataclasses
import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from infra.blueprint import Blueprint
from infra.connection import Connection
from infra.engines.pulumi.workspace import PULUMI, open_workspace
from infra.engines.terraform.workspace import TERRAFORM
from infra.engines.workspace import Engine, Workspace
from infra.environment import Environment
from infra.errors import Misuse
from infra.operations import turns, whereabouts
from infra.project import Project

ENGINES: Mapping[str, Engine] = {engine.name: engine for engine in (TERRAFORM, PULUMI)}


def named(name: str) -> Engine:
    """The engine for --engine; raises `Misuse` for another word."""
    if name not in ENGINES:
        raise Misuse(f"--engine is {name!r}; allowed are {', '.join(ENGINES)}.")
    return ENGINES[name]


def adopting(engine: Engine, file: Path) -> Engine:
    """`engine`, which takes over what `file` lists, as `modelyard import-ids --json` prints it, instead of making it.

    Raises `Misuse` for an engine that takes them otherwise, and for another file.
    """
    if engine is not PULUMI:
        raise Misuse(
            f"--adopt is Pulumi's; {engine.title} takes each with `import` (README, 'From one engine to the other')."
        )
    try:
        rows = json.loads(file.read_text())
        listed = {f"{row['type']}.{row['name']}": row["id"] for row in rows if row["id"] is not None}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Misuse(
            f"--adopt {file} is not what `modelyard import-ids STACK --env E --json` prints ({error}); "
            "write that there."
        ) from None
    return dataclasses.replace(engine, open=functools.partial(open_workspace, adopt=listed))


def directory(engine: Engine, state: str, environment: Environment, project: Project) -> Path:
    """Where `engine` works on one state of `environment`."""
    return project.working_directory(environment, engine.folder(state))


def workspace(
    engine: Engine,
    content: Blueprint,
    state: str,
    connection: Connection,
    project: Project,
    say: Callable[[str], None],
) -> Workspace:
    """The engine's workspace of one state, in its folder below .modelyard, which no other run has meanwhile.

    Raises `Misuse` where the state is of another region or account.
    """
    environment = connection.environment
    folder = directory(engine, state, environment, project)
    turns.take(folder, say)
    opened = engine.open(content, environment, state, folder, connection.variables, say)
    if environment.state_bucket is None:  # which has the region in its settings, and is looked at before
        whereabouts.refuse(state, opened.held(), environment)
    return opened
