"""modelyard invoke: one request to what is deployed."""

import mimetypes
import sys
from pathlib import Path
from typing import Annotated

import typer

from infra.cli import console
from infra.cli.options import EnvironmentName, open_environment
from infra.errors import Misuse

GIVE = 'The request is missing or given twice; write either --json \'{"text": "..."}\' or --file FILE.'


def register(application: typer.Typer) -> None:
    """Add the verb."""
    application.command()(invoke)


def invoke(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A workload, STACK/WORKLOAD, or its name on AWS.")
    ],
    env: EnvironmentName,
    json: Annotated[str | None, typer.Option("--json", metavar="TEXT", help="The request, as JSON.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="The request; - is stdin.")
    ] = None,
    content_type: Annotated[
        str | None,
        typer.Option("--content-type", metavar="TYPE", help="By default what the file's name says."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="MODEL", help="The model meant, of an endpoint with several."),
    ] = None,
) -> None:
    """Send one request, or run a job; the answer goes to stdout, the latency to stderr."""
    from infra.connection import connect
    from infra.operations import invoke as operation

    body = _body(json, file)
    project, environment = open_environment(env)
    connection = connect(environment, project)
    connection.check_account()
    found = operation.find(name, connection)
    if (body is None) is not (found.kind in operation.WITHOUT_REQUEST):
        raise Misuse(
            GIVE if body is None else f"{found.name} is a {found.kind} and takes no request; leave it out."
        )
    guessed = content_type or (mimetypes.guess_type(file.name)[0] if file else None) or operation.JSON
    request = operation.Request(body or b"", guessed, model=target)
    response = operation.invoke(found, request, connection)
    sys.stdout.buffer.write(response.body.rstrip(b"\n") + b"\n")
    console.say(f"{found.name}: {response.latency_ms:.0f} ms, {response.content_type}")


def _body(text: str | None, file: Path | None) -> bytes | None:
    if text is not None and file is not None:
        raise Misuse(GIVE)
    if text is not None:
        return text.encode()
    if file is None:
        return None
    if str(file) == "-":
        return sys.stdin.buffer.read()
    if not file.is_file():
        raise Misuse(f"There is no file {file}; name one that holds the request, or write --json.")
    return file.read_bytes()
