"""What both SageMaker hosts do with an HTTP request: its body within the limit, its id, and what is refused."""

import asyncio
import json
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from model_packaging.hosts.codecs import JSON
from model_packaging.hosts.faults import Fault
from model_packaging.hosts.journal import Journal, level_of

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")

LINGER_BYTES, LINGER_SECONDS = 32 * 1024 * 1024, 5

IDLE_SECONDS = 60.0
"""How long a body may stand still between two of its pieces, as nginx has it (client_body_timeout): who sent half of it
and is gone without a word, as behind a broken network, would be held for good."""


class TooLarge(Fault):
    """The body is longer than SageMaker takes."""

    status = 413


class TooSlow(Fault):
    """The body stopped coming."""

    status = 408


UNREAD = (TooLarge.status, TooSlow.status)
"""What answers a body that is not read to its end."""


class Refusal(Response):
    """An answer to a request whose body is not read: the connection ends with it.

    What still comes is thrown away for a moment. A connection that is closed with bytes unread is reset, and a
    client that sends its whole body before it reads would never see the answer.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [*self.raw_headers, (b"connection", b"close")]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                await _skip(receive)
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _skip(receive: Receive) -> None:
    left = LINGER_BYTES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body", False):
            return


async def body_of(request: Request, limit_bytes: int, idle_seconds: float = IDLE_SECONDS) -> bytes:
    """The whole body. Raises TooLarge, TooSlow, and ClientDisconnect where the caller went away."""
    too_large = f"The body is longer than {limit_bytes} bytes, the limit here; send less at once."
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit_bytes:
        raise TooLarge(too_large)
    chunks, length = [], 0
    while True:
        try:
            async with asyncio.timeout(idle_seconds):
                message = await request.receive()
        except TimeoutError:
            raise TooSlow(
                f"Nothing of the body came for {idle_seconds:g} seconds, after {length} bytes; send it again."
            ) from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect()
        chunk = message.get("body", b"")
        length += len(chunk)
        if length > limit_bytes:
            raise TooLarge(too_large)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def request_id(request: Request) -> str:
    """The caller's own id where it sent one, else a new one; the same for the whole request."""
    known = getattr(request.state, "request_id", None)
    if known is None:
        sent = request.headers.get("x-amzn-requestid", "")
        known = request.state.request_id = sent if REQUEST_ID.fullmatch(sent) else str(uuid.uuid4())
    return str(known)


def failure(
    request: Request,
    journal: Journal,
    status: int,
    message: str,
    headers: Mapping[str, str] | None = None,
    logged: Mapping[str, Any] | None = None,
) -> Response:
    """The answer that says what was wrong, and a line in the log, which also has what is in `logged`."""
    known = request_id(request)
    journal.write(
        level_of(status), {"request_id": known, "status": status, **(logged or {}), "message": message}
    )
    kind = Refusal if status in UNREAD else Response
    return kind(
        json.dumps({"error": message, "request_id": known}).encode(),
        status_code=status,
        headers={**(headers or {}), "content-type": JSON, "x-amzn-requestid": known},
    )


def refused(
    served: str, journal: Journal
) -> Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]]:
    """Starlette's exception handlers: `served` says which paths are served."""

    async def unknown(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        message = f"{request.method} {request.url.path} is not served; {served}"
        return failure(request, journal, error.status_code, message, error.headers)

    async def failed(request: Request, error: Exception) -> Response:
        message = f"The host failed with {type(error).__name__}; its log has the traceback."
        return failure(request, journal, 500, message)

    return {HTTPException: unknown, Exception: failed}
