"""The HTTP server under both SageMaker hosts: uvicorn, with an end that drops nobody.

After SIGTERM the port is closed, and what was accepted is answered. A connection that is kept open between requests
is not closed at once, as uvicorn would: a request that is on its way on it would be lost. For a moment each answer
says that its connection ends, and only then those go on which nothing comes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

GRACE_SECONDS = 1.0
DRAIN_SECONDS = 23
"""With the grace and uvicorn's own pauses less than 25 seconds; SageMaker sends SIGKILL 30 seconds after SIGTERM."""

BACKLOG = 2048
"""Connections that the system accepts before the host does; SageMaker wants one accepted within 250 ms."""


class Listener(uvicorn.Server):
    """Serves `app` until SIGTERM or SIGINT, and then answers what it has accepted."""

    def __init__(self, app: ASGIApp, environment: Mapping[str, str]) -> None:
        super().__init__(
            uvicorn.Config(
                self._closing,
                host=environment.get("MODELYARD_BIND") or "0.0.0.0",  # noqa: S104  SageMaker calls from outside the container
                port=int(environment.get("SAGEMAKER_BIND_TO_PORT") or 8080),
                access_log=False,
                log_level="warning",
                lifespan="off",
                backlog=BACKLOG,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=DRAIN_SECONDS,
                interface="asgi3",
            )
        )
        self._app, self._draining = app, False

    async def _closing(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application; while the host ends, each of its answers ends its connection."""
        await self._app(scope, receive, _last(send) if self._draining else send)

    async def shutdown(self, sockets: Any = None) -> None:
        """Close the port; give the connections a moment; end."""
        self._draining = True
        for server in self.servers:
            server.close()
        await asyncio.sleep(GRACE_SECONDS)
        await super().shutdown(sockets)


def _last(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return sent


def listen(app: ASGIApp, environment: Mapping[str, str]) -> None:
    """Serve until a signal, which is then handled as it was before."""
    Listener(app, environment).run()
