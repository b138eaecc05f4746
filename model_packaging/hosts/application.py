"""The SageMaker contract over one loaded handler, as an ASGI application.

It starts with its first request and needs no lifespan events, so it can be mounted in another application as it is.
"""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from model_packaging.hosts.backlog import Backlog, Busy, Job
from model_packaging.hosts.codecs import JSON, JSON_LINES, accepted
from model_packaging.hosts.engine import Engine, Parts
from model_packaging.hosts.exchange import body_of, failure, request_id
from model_packaging.hosts.faults import Fault
from model_packaging.hosts.handler import Handler
from model_packaging.hosts.journal import Journal
from model_packaging.hosts.metrics import CONTENT_TYPE, Metrics
from model_packaging.hosts.pace import Pace, measured
from model_packaging.hosts.settings import Settings
from model_packaging.hosts.transform import execution_parameters

STREAMED = {"text/event-stream", JSON_LINES}
"""Where Accept names one of them, and the handler has `stream_fn`, it answers as it is made: SageMaker does not tell
a container which of its two operations was called."""

WATCHED_AFTER_SECONDS = 0.1
"""Who has waited for so long is asked whether they are still there; asking costs, so the quick are not asked."""

SERVED = "GET /ping, POST /invocations, GET /execution-parameters and GET /metrics are."


class NotServed(Fault):
    """No such path."""

    status = 404


class NotAllowed(Fault):
    """A path that is there, by another method."""

    status = 405


class Application:
    """GET /ping, POST /invocations, GET /execution-parameters and GET /metrics."""

    def __init__(self, handler: Handler, settings: Settings, model_dir: Path | None = None) -> None:
        threads = settings.threads_for(handler.thread_safe)
        batches = {} if model_dir is None else measured(model_dir)
        pace = Pace(settings, batches, handler.predict_batch_fn is not None, threads)
        self._settings, self._is_streaming = settings, handler.stream_fn is not None
        self._transform = execution_parameters(settings, pace.max_batch, threads)
        self._journal = Journal(settings)
        self._backlog = Backlog(settings, pace)
        self._metrics = Metrics(self._backlog)
        self._engine = Engine(handler, self._backlog, threads, self._metrics.batch, self._warn)
        self._routes: dict[str, tuple[str, Callable[[Request], Awaitable[Response]]]] = {
            "/invocations": ("POST", self._invocations),
            "/ping": ("GET", self._ping),
            "/execution-parameters": ("GET", self._parameters),
            "/metrics": ("GET", self._page),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._served(request)(request)
        except ClientDisconnect:
            self._metrics.answered(499)
            return
        except Fault as fault:
            response = self._failed(request, fault)
        except asyncio.CancelledError:  # the time to drain is over, and the handler not done
            response = self._failed(request, Busy("The host ends before the answer; try again.", 1))
        except Exception as error:
            traceback.print_exc()
            message = f"The host failed with {type(error).__name__}; its log has the traceback."
            response = self._failed(request, Fault(message))
        await response(scope, receive, send)

    def close(self) -> None:
        """Let the threads end; for an application whose process goes on."""
        self._backlog.close()

    def _warn(self, message: str) -> None:
        self._journal.write("warning", {"message": message})

    def _served(self, request: Request) -> Callable[[Request], Awaitable[Response]]:
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        method, serve = self._routes.get(path, ("", self._ping))
        if request.method == method:
            return serve
        kind = NotAllowed if method else NotServed
        raise kind(f"{request.method} {path} is not served; {SERVED}")

    async def _ping(self, request: Request) -> Response:
        return Response(status_code=200)

    async def _parameters(self, request: Request) -> Response:
        return Response(self._transform, headers={"content-type": JSON})

    async def _page(self, request: Request) -> Response:
        return Response(self._metrics.page(), headers={"content-type": CONTENT_TYPE})

    async def _invocations(self, request: Request) -> Response:
        self._engine.start()
        self._backlog.check()
        body = await body_of(request, self._settings.body_limit_bytes)
        headers = request.headers
        accept = headers.get("accept")
        job = Job(
            body=body,
            content_type=headers.get("content-type"),
            accept=accept,
            future=asyncio.get_running_loop().create_future(),
            is_streamed=self._is_streaming and not STREAMED.isdisjoint(accepted(accept)),
        )
        self._backlog.enter(job)
        outcome = await self._outcome(job, request)
        known = request_id(request)
        self._metrics.timed(job, self._backlog.clock())
        if isinstance(outcome, Fault):
            return self._failed(request, outcome, job)
        self._metrics.answered(200)
        self._journal.write("info", {"request_id": known, "status": 200, **_times(job)})
        if isinstance(outcome, Parts):
            headers_sent = {"content-type": outcome.content_type, "x-amzn-requestid": known}
            return StreamingResponse(self._each(outcome, known), headers=headers_sent)
        answer, content_type = outcome
        return Response(answer, headers={"content-type": content_type, "x-amzn-requestid": known})

    async def _outcome(self, job: Job, request: Request) -> Any:
        """What the engine says of the job. Raises ClientDisconnect where its caller has gone meanwhile."""
        done, _ = await asyncio.wait([job.future], timeout=WATCHED_AFTER_SECONDS)
        if done:
            return job.future.result()
        gone = asyncio.ensure_future(request.receive())
        try:
            await asyncio.wait([job.future, gone], return_when=asyncio.FIRST_COMPLETED)
            if job.future.done():
                return job.future.result()
            self._backlog.leave(job)
            raise ClientDisconnect()
        finally:
            gone.cancel()

    async def _each(self, parts: Parts, known: str) -> AsyncIterator[bytes]:
        """The parts as they come. A fault among them breaks the answer off, since its status is long sent."""
        try:
            while (part := await parts.get()) is not None:
                if isinstance(part, Fault):
                    self._journal.write("error", {"request_id": known, "message": str(part)})
                    raise part
                yield part
        finally:
            parts.abandon()

    def _failed(self, request: Request, fault: Fault, job: Job | None = None) -> Response:
        self._metrics.answered(fault.status)
        headers = {"retry-after": str(fault.retry_after_seconds)} if isinstance(fault, Busy) else None
        return failure(request, self._journal, fault.status, str(fault), headers, _times(job))


def _times(job: Job | None) -> dict[str, Any]:
    """Of the log's line: how long it waited, how long its batch took, and how many were in it."""
    if job is None:
        return {}
    times: dict[str, Any] = {"queue_ms": round((job.taken - job.entered) * 1000, 2)}
    if job.done:
        times["model_ms"] = round((job.done - job.taken) * 1000, 2)
    return {**times, "batch_size": job.batch_size}
