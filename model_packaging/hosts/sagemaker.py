"""The SageMaker host: GET /ping and POST /invocations, as a SageMaker container answers them.

    SM_MODEL_DIR              where the model lies               /opt/ml/model
    SAGEMAKER_BIND_TO_PORT    the port                           8080
    MODELYARD_BIND            the address                        0.0.0.0
    SAGEMAKER_MULTI_MODEL     `true`: several models, loaded on request; see `multi_model`

The model is loaded before the port is opened: until then SageMaker's health check finds nobody, and a
handler that cannot load ends the process with its traceback and exit code 1. Requests are answered one
at a time, in a thread: a handler need not be thread-safe, and /ping answers while it works.
"""

import contextlib
import functools
import io
import os
import signal
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from model_packaging.hosts import multi_model
from model_packaging.hosts.codecs import accepted
from model_packaging.hosts.exchange import body_of, failure, refused, request_id
from model_packaging.hosts.faults import Fault
from model_packaging.hosts.handler import JSON_LINES, Handler
from model_packaging.hosts.workers import Workers, memory_bytes

STREAMED = {"text/event-stream", JSON_LINES}
"""Where Accept names one of them, and the handler has `stream_fn`, it answers as it is made: SageMaker does not tell
a container which of its two operations was called."""

DRAIN_SECONDS = 25
"""Given to running requests after SIGTERM; SageMaker sends SIGKILL 30 seconds after it."""


def application(handler: Handler) -> Starlette:
    """The two routes over a loaded handler."""
    one_at_a_time = anyio.CapacityLimiter(1)

    async def ping(request: Request) -> Response:
        return Response(status_code=200)

    async def invocations(request: Request) -> Response:
        try:
            body = await body_of(request)
            if handler.stream_fn is not None and set(accepted(request.headers.get("accept"))) & STREAMED:
                return await _streamed(handler, body, request, one_at_a_time)
            work = functools.partial(
                handler.transform, body, request.headers.get("content-type"), request.headers.get("accept")
            )
            answer, content_type = await anyio.to_thread.run_sync(work, limiter=one_at_a_time)
        except ClientDisconnect:
            return Response(status_code=499)
        except Fault as fault:
            return failure(request, fault.status, str(fault))
        return Response(
            answer, headers={"content-type": content_type, "x-amzn-requestid": request_id(request)}
        )

    return Starlette(
        routes=[Route("/ping", ping, methods=["GET"]), Route("/invocations", invocations, methods=["POST"])],
        exception_handlers=refused("GET /ping and POST /invocations are."),
    )


async def _streamed(
    handler: Handler, body: bytes, request: Request, one_at_a_time: anyio.CapacityLimiter
) -> Response:
    """The parts of `stream_fn` as they are made; the next request waits for the last of them."""
    await one_at_a_time.acquire_on_behalf_of(request)
    try:
        work = functools.partial(handler.stream, body, request.headers.get("content-type"))
        parts, content_type = await anyio.to_thread.run_sync(work)
    except BaseException:
        one_at_a_time.release_on_behalf_of(request)
        raise

    async def each() -> AsyncIterator[bytes]:
        try:
            while (part := await anyio.to_thread.run_sync(next, parts, None)) is not None:
                yield part
        finally:
            one_at_a_time.release_on_behalf_of(request)

    headers = {"content-type": content_type, "x-amzn-requestid": request_id(request)}
    return StreamingResponse(each(), headers=headers)


def serve(environment: Mapping[str, str], run: Callable[..., Any] = uvicorn.run) -> int:
    """Serve what `environment` names until SIGTERM. Returns the exit code."""
    if environment.get("SAGEMAKER_MULTI_MODEL", "").lower() == "true":
        return _serve_many(environment, run)
    model_dir = Path(environment.get("SM_MODEL_DIR") or "/opt/ml/model")
    try:
        handler = Handler.load(model_dir)
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return 1
    print(f"loaded {model_dir}", file=sys.stderr, flush=True)
    _listen(application(handler), environment, run)
    return 0


def _serve_many(environment: Mapping[str, str], run: Callable[..., Any]) -> int:
    workers = Workers(environment, memory_bytes(environment))
    try:
        _listen(multi_model.application(workers), environment, run)
    finally:
        workers.close()
    return 0


def _listen(app: Starlette, environment: Mapping[str, str], run: Callable[..., Any]) -> None:
    run(
        app,
        host=environment.get("MODELYARD_BIND") or "0.0.0.0",  # noqa: S104  SageMaker calls from outside the container
        port=int(environment.get("SAGEMAKER_BIND_TO_PORT") or 8080),
        access_log=False,
        log_level="warning",
        lifespan="off",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def main() -> int:
    """The process that an endpoint runs. SIGTERM and SIGINT end it with 0, after the running requests."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # what a handler prints is in the log when it is printed
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn drains and then raises the signal again, which would end the process as killed.
        signal.signal(number, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        return serve(os.environ)
    return 0


if __name__ == "__main__":
    sys.exit(main())
