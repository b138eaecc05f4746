"""modelyard serve: a model folder behind its host on this machine, with a page to try it."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from infra.cli import console
from infra.cli.options import open_stack
from infra.errors import Misuse
from model_packaging import origins


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(serve)


def serve(
    what: Annotated[
        str,
        typer.Argument(
            metavar="DIR|FILE|STACK/WORKLOAD",
            help="A model folder, a built model.tar.gz, or a stack's workload (with --env).",
        ),
    ],
    env: Annotated[
        str | None, typer.Option("--env", metavar="NAME", help="stacks/environments/NAME.toml.")
    ] = None,
    port: Annotated[
        int,
        typer.Option("--port", metavar="N", help="A port of 127.0.0.1; 0 is a free one.", min=0, max=65535),
    ] = 0,
) -> None:
    """Answer requests as a SageMaker endpoint does, on this machine, with an interactive page at /docs."""
    from model_packaging.serving.server import serve as serve_folder

    known = origins.remedy(Path(what)) if Path(what).is_file() else None
    if known is not None:
        raise Misuse(f"{what} {known}, and serve that folder.")
    if Path(what).is_file():
        _artifact(Path(what), port)
        return
    if Path(what).is_dir():
        if env is not None:
            raise Misuse(f"{what} is a folder, and belongs to no environment; leave out --env.")
        directory = Path(what).resolve()
    else:
        directory = _workload(what, env)
    serve_folder(directory.name, directory, port, console.put)


def _artifact(file: Path, port: int) -> None:
    """What SageMaker would unpack at /opt/ml/model, for as long as it is served."""
    from model_packaging.serving.server import serve as serve_folder
    from model_packaging.unpack import unpack

    with tempfile.TemporaryDirectory(prefix="modelyard-") as scratch:
        target = Path(scratch) / "model"
        unpack(file, target)
        serve_folder(file.name, target, port, console.put)


def _workload(what: str, env: str | None) -> Path:
    """The model folder of a stack's workload, with its weights; its variables are set as its container has them."""
    from model_packaging.prepare import prepare

    name, _, wanted = what.rpartition("/")
    if not name or env is None:
        raise Misuse(f"{what!r} is no folder; name one, or a workload: STACK/WORKLOAD --env NAME.")
    _, stack = open_stack(name, env)
    named = {workload.name: workload for workload in stack.workloads}
    if wanted not in named:
        raise Misuse(f"{name} has no workload {wanted!r}; it has {', '.join(named)}.")
    workload = named[wanted]
    if len(workload.models) != 1:
        folders = ", ".join(str(model.directory(stack.base)) for model in workload.models)
        raise Misuse(f"{wanted} serves several models; name the folder of one: {folders}.")
    (model,) = workload.models
    prepare(model, stack.base)
    os.environ.update(getattr(workload, "environment", {}))
    return model.directory(stack.base)
