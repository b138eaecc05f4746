"""What both SageMaker hosts do with an HTTP request: its body within the limit, its id, and what is refused."""

import json
import os
import re
import sys
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from model_packaging.hosts.codecs import JSON
from model_packaging.hosts.faults import Fault

BODY_LIMIT_BYTES = int(os.environ.get("MODELYARD_BODY_LIMIT_BYTES") or 6_291_456)
"""BodyBlob's maximum (botocore's model of InvokeEndpoint); an asynchronous endpoint takes up to 1 GB."""

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class TooLarge(Fault):
    """The body is longer than SageMaker takes."""

    status = 413


async def body_of(request: Request) -> bytes:
    """The whole body. Raises TooLarge."""
    too_large = TooLarge(
        f"The body is longer than {BODY_LIMIT_BYTES} bytes, SageMaker's limit; send less at once."
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > BODY_LIMIT_BYTES:
        raise too_large
    chunks, length = [], 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > BODY_LIMIT_BYTES:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


def request_id(request: Request) -> str:
    """The caller's own id where it sent one, else a new one; the same for the whole request."""
    known = getattr(request.state, "request_id", None)
    if known is None:
        sent = request.headers.get("x-amzn-requestid", "")
        known = request.state.request_id = sent if REQUEST_ID.fullmatch(sent) else str(uuid.uuid4())
    return str(known)


def failure(
    request: Request, status: int, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer that says what was wrong, and a line in the log."""
    known = request_id(request)
    print(f"{status} {known} {message}", file=sys.stderr, flush=True)
    return Response(
        json.dumps({"error": message, "request_id": known}).encode(),
        status_code=status,
        headers={**(headers or {}), "content-type": JSON, "x-amzn-requestid": known},
    )


def refused(served: str) -> Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]]:
    """Starlette's exception handlers: `served` says which paths are served."""

    async def unknown(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        message = f"{request.method} {request.url.path} is not served; {served}"
        return failure(request, error.status_code, message, error.headers)

    async def failed(request: Request, error: Exception) -> Response:
        return failure(
            request, 500, f"The host failed with {type(error).__name__}; its log has the traceback."
        )

    return {HTTPException: unknown, Exception: failed}
