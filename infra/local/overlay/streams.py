"""Answers of functions that come in parts: InvokeWithResponseStream, and URLs whose mode is RESPONSE_STREAM."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from moto.awslambda.responses import LambdaResponse

from infra.local import eventstream
from infra.local.overlay import functions, invocations
from infra.local.overlay.invocations import Result, Target

PATHS = (
    r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/response-streaming-invocations/?$",
)
"""Patterns of requests that moto has no route for."""

PRELUDE_END = b"\0" * 8

Answer = tuple[int, dict[str, str], Any]


@dataclass(frozen=True)
class _Failed:
    error: Exception


class Stream:
    """One invocation whose answer is read while it is made: parts first, then how it ended."""

    def __init__(self, run: Callable[[Callable[[bytes], None]], Result]) -> None:
        self._parts: queue.Queue[bytes | Result | _Failed] = queue.Queue()
        self.result: Result | None = None
        threading.Thread(target=self._run, args=(run,), daemon=True).start()

    def __iter__(self) -> Iterator[bytes]:
        """The parts as they come; an answer in one piece is one part. Raises what kept the function from running."""
        came = False
        while True:
            part = self._parts.get()
            if isinstance(part, bytes):
                came = True
                yield part
                continue
            if isinstance(part, _Failed):
                raise part.error
            self.result = part
            if not came:
                yield part.payload
            return

    def _run(self, run: Callable[[Callable[[bytes], None]], Result]) -> None:
        try:
            self._parts.put(run(self._parts.put))
        except Exception as error:
            self._parts.put(_Failed(error))


def over_http(target: Target, event: str) -> Answer:
    """The answer of a function's URL: status and headers as soon as they are there, and the body in parts.

    Raises Fault and as `invocations.run` does. An answer without AWS's prelude is the body itself.
    """
    stream = Stream(lambda on_part: invocations.run(target, event, on_part))
    parts = iter(stream)
    start = b""
    for part in parts:
        start += part
        if PRELUDE_END in start:
            break
    head, found, body = start.partition(PRELUDE_END)
    if not found:
        failed = stream.result is not None and stream.result.is_error
        return (502 if failed else 200), {"Content-Type": "application/octet-stream"}, start
    prelude = json.loads(head)
    headers = {str(name).title(): str(value) for name, value in prelude.get("headers", {}).items()}
    return int(prelude.get("statusCode", 200)), headers, _with(body, parts)


def _with(first: bytes, parts: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from parts


def invoke_with_response_stream(self: LambdaResponse) -> Answer:
    name = functions.bare_name(unquote(self.path.rstrip("/").split("/")[-2]))
    qualifier = self.querystring.get("Qualifier", [None])[0]
    target = Target(self.backend.get_function(name, qualifier), qualifier)
    event = invocations.event_of(self, "RequestResponse")
    stream = Stream(lambda on_part: invocations.run(target, event, on_part))
    parts = iter(stream)
    try:
        first = next(parts)  # what keeps the function from running is an error of the request
    except StopIteration:
        first = b""
    headers = {
        "Content-Type": eventstream.CONTENT_TYPE,
        "X-Amz-Executed-Version": str(target.function.version),
        "X-Amzn-Remapped-Content-Type": "application/octet-stream",
    }
    return 200, headers, _messages(first, parts, stream)


def _messages(first: bytes, parts: Iterator[bytes], stream: Stream) -> Iterator[bytes]:
    """The parts as events, and the last one, which says how it ended; an error's payload is its details."""
    held = first
    for part in parts:
        yield eventstream.event("PayloadChunk", held)
        held = part
    result = stream.result
    complete: dict[str, str] = {}
    if result is not None and result.is_error:
        described = json.loads(result.payload)
        complete = {
            "ErrorCode": described.get("errorType", "Unhandled"),
            "ErrorDetails": result.payload.decode(),
        }
    if held and not (result is not None and held == result.payload and complete):
        yield eventstream.event("PayloadChunk", held)
    yield eventstream.document("InvokeComplete", complete)


OPERATIONS = {"invoke_with_response_stream": invoke_with_response_stream}
