"""modelyard invoke: one request to what is deployed."""

import mimetypes
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli import console
from infra.cli.options import EnvironmentName, open_environment
from infra.errors import Misuse

if TYPE_CHECKING:
    from infra.operations.invoke import Response
    from infra.operations.streaming import Stream

_TEXT = re.compile(r"text/.*|application/(.*\+|x-|x-nd)?(json(lines)?|xml|yaml)", re.IGNORECASE)

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
    stream: Annotated[bool, typer.Option("--stream", help="Show the answer's parts as they come.")] = False,
    asynchronous: Annotated[
        bool, typer.Option("--async", help="Only of an asynchronous endpoint: upload, wait, fetch.")
    ] = False,
    deadline_seconds: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="How long a cold start, throttling or a queue is waited for: 300; asynchronous, 1800; a job, to its "
            "end.",
            show_default=False,
        ),
    ] = None,
    retry_unsafe: Annotated[
        bool,
        typer.Option(
            "--retry-unsafe", help="Send it again where it may have run, too: it may then run twice."
        ),
    ] = False,
) -> None:
    """Send one request, or run a job; the answer goes to stdout, the latency and where it went to stderr."""
    from infra.connection import connect
    from infra.operations import invoke as operation

    body = _body(json, file)
    project, environment = open_environment(env)
    connection = connect(environment, project)
    connection.check_account()
    found = operation.find(name, connection)
    if (body is None) is not (found.kind in operation.WITHOUT_REQUEST):
        raise Misuse(
            GIVE if body is None else f"{found.name} is {found.a_kind} and takes no request; leave it out."
        )
    if asynchronous and (stream or found.kind != "AsyncEndpoint"):
        raise Misuse(f"{found.name} is {found.a_kind} and answers at once; leave --async out.")
    guessed = content_type or (mimetypes.guess_type(file.name)[0] if file else None) or operation.JSON
    request = operation.Request(body or b"", guessed, model=target)
    patience = operation.patience_for(found, deadline_seconds, retry_unsafe)
    if stream:
        started = time.perf_counter()
        _stream(operation.stream(found, request, connection, patience), found.name, started)
        return
    response = operation.invoke(found, request, connection, patience)
    sys.stdout.buffer.write(shown(response.body, response.content_type))
    console.say(f"{found.name}: {response.latency_ms:.0f} ms, {response.content_type}: {_where(response)}")
    for line in operation.remarks(found, response, connection):
        console.say(line)


def shown(body: bytes, content_type: str) -> bytes:
    """An answer as it goes to stdout: to the byte what came, but that a text ends its last line, for a terminal."""
    is_text = _TEXT.fullmatch(content_type.partition(";")[0].strip()) is not None
    return body + b"\n" if is_text and body and not body.endswith(b"\n") else body


def _stream(begun: "Stream", name: str, started: float) -> None:
    first, count = 0.0, 0
    for part in begun.parts:
        first = first or time.perf_counter() - started
        count += 1
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
    console.say(
        f"{name}: {count} {'part' if count == 1 else 'parts'}, the first after {first * 1000:.0f} ms, the last after "
        f"{(time.perf_counter() - started) * 1000:.0f} ms, {begun.content_type}"
    )


def _where(response: "Response") -> str:
    """Where the time went, and how often it was sent again."""
    spent = ", ".join(f"{ms:.0f} ms {stage}" for stage, ms in response.spent_ms.items())
    times = "once" if response.retries == 1 else f"{response.retries} times"
    retried = f"; sent again {times}" if response.retries else ""
    return f"{spent}{retried}"


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
