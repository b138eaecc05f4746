"""All verbs in one typer application."""

import typer

from infra.cli import (
    bootstrap,
    compare,
    cost,
    demo,
    deploy,
    destroy,
    doctor,
    idle,
    import_ids,
    invoke,
    local,
    package,
    plan,
    serve,
    sleep,
    status,
    synth,
    wake,
)

application = typer.Typer(
    name="modelyard",
    help="Models on AWS from Python-defined stacks, at a price known before the apply.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="--debug, anywhere, shows the traceback of an error.",
)

VERBS = (
    doctor,
    bootstrap,
    package,
    serve,
    cost,
    compare,
    synth,
    plan,
    deploy,
    destroy,
    import_ids,
    status,
    invoke,
    idle,
    sleep,
    wake,
    demo,
)
for verb in VERBS:
    verb.register(application)
application.add_typer(local.application, name="local")
