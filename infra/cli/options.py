"""Arguments that several verbs take, and what they mean."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra import environment, loader, project
from infra.environment import Environment
from infra.project import Project
from infra.stack import Stack

if TYPE_CHECKING:
    from infra.engines.workspace import Engine

StackName = Annotated[
    str,
    typer.Argument(
        metavar="STACK", help="stacks/STACK.py, package.module:function or path/file.py:function."
    ),
]
EnvironmentName = Annotated[str, typer.Option("--env", metavar="NAME", help="stacks/environments/NAME.toml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Data for programs, on stdout.")]
EngineName = Annotated[
    str, typer.Option("--engine", metavar="terraform|pulumi", help="What makes the resources.")
]
Adopt = Annotated[
    Path | None,
    typer.Option("--adopt", metavar="FILE", help="Take over what `import-ids --json` printed; with Pulumi."),
]
OverBudget = Annotated[
    bool, typer.Option("--over-budget", help="Go on although the bill is above monthly_budget_usd.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def here() -> Project:
    """The project that the command runs in."""
    return project.find(Path.cwd())


def open_environment(name: str) -> tuple[Project, Environment]:
    """The project, and one environment of it."""
    found = here()
    return found, environment.load(name, found.root)


def open_stack(name: str, environment_name: str) -> tuple[Project, Stack]:
    """The project, and a checked stack of it for one environment."""
    found, values = open_environment(environment_name)
    return found, loader.load(name, values, found.root)


def choose_engine(name: str, adopt: Path | None, project: Project, stack: Stack) -> "Engine":
    """The engine for --engine and --adopt, which begins to start what takes long with `stack`."""
    from infra.operations import engines

    engine = engines.named(name)
    if adopt is not None:
        engine = engines.adopting(engine, adopt)
    engine.warm_up(engines.directory(engine, stack.name, stack.environment, project))
    return engine
