"""The HTTP server under both SageMaker hosts: uvicorn, with an end that drops nobody.

After SIGTERM the port is closed, and what was accepted is answered: also on connections that the system has accepted
and the host has not taken yet, which it would reset where the port is simply closed. A connection that is kept open
between requests is not closed at once, as uvicorn would: a request that is on its way on it would be lost. For a moment
each answer says that its connection ends; what still comes while the last of those let in are answered is refused, so
that its sender asks elsewhere; and only then those connections go on which nothing comes.
"""

import asyncio
import contextlib
import ctypes
import select
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_packaging.hosts.exchange import failure
from model_packaging.hosts.journal import LIBRARIES, Journal
from model_packaging.hosts.settings import Settings

TAKE_SECONDS, GRACE_SECONDS, DRAIN_SECONDS = 1.0, 3.0, 20
"""With uvicorn's own pauses some 25 seconds; SageMaker sends SIGKILL 30 seconds after SIGTERM."""

ENDS = "The host ends, and takes no more requests; send it again."

PAUSE_SECONDS = 0.05
TURNS = 5
"""Of the loop, in which what it took becomes a connection, and what has come is read: after a pause it looks at the
clock before it looks at the network."""

BACKLOG = 2048
"""Connections that the system accepts before the host does; SageMaker wants one accepted within 250 ms."""

SO_ATTACH_FILTER, BPF_RETURN = 26, 6
"""Of Linux, in its asm-generic/socket.h and linux/bpf_common.h; Python's socket module has neither."""


class Listener(uvicorn.Server):
    """Serves `app` until SIGTERM or SIGINT, and then answers what it has accepted."""

    def __init__(self, app: ASGIApp, environment: Mapping[str, str]) -> None:
        super().__init__(
            uvicorn.Config(
                self._closing,
                host=environment.get("MODELYARD_BIND") or "0.0.0.0",  # noqa: S104  SageMaker calls from outside the container
                port=int(environment.get("SAGEMAKER_BIND_TO_PORT") or 8080),
                access_log=False,
                proxy_headers=False,
                server_header=False,
                log_config=LIBRARIES,
                lifespan="off",
                backlog=BACKLOG,
                timeout_keep_alive=75,
                interface="asgi3",
            )
        )
        self._app, self._draining, self._refusing = app, False, False
        self._journal = Journal(Settings.of(environment))

    async def _closing(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application; while the host ends, each of its answers ends its connection, and at last none is let in."""
        if self._refusing and scope["type"] == "http":
            refusal = failure(Request(scope, receive), self._journal, 503, ENDS, {"retry-after": "1"})
            await refusal(scope, receive, _last(send))
        else:
            await self._app(scope, receive, _last(send) if self._draining else send)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on a socket that stays in our hands."""
        super().run(sockets or [self.config.bind_socket()])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take what is there; close the port; give connections a moment, and those let in their time; end."""
        self._draining = True
        await take(sockets or [])
        for server in self.servers:
            server.close()
        began, state = time.monotonic(), self.server_state
        while state.connections and time.monotonic() < began + GRACE_SECONDS:
            await asyncio.sleep(PAUSE_SECONDS)
        self._refusing = True
        end = began + GRACE_SECONDS + DRAIN_SECONDS
        while state.tasks and time.monotonic() < end:
            await asyncio.sleep(PAUSE_SECONDS)
        await _turns()
        self.config.timeout_graceful_shutdown = max(1, round(end - time.monotonic()))
        await super().shutdown(sockets)


async def take(listening: Sequence[socket.socket]) -> None:
    """Let nobody else in, and wait until the loop has taken the connections that are there, one in each turn."""
    for each in listening:
        admit_no_more(each)
    end = time.monotonic() + TAKE_SECONDS
    while time.monotonic() < end and select.select(listening, [], [], 0)[0]:
        await asyncio.sleep(0)
    await _turns()


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


def admit_no_more(listening: socket.socket) -> None:
    """Have the system drop who knocks on a listening socket from now on; who was let in stays in its queue.

    It is a filter on the socket's packets whose one instruction is to return nothing of them (Linux, socket(7)).
    """
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", BPF_RETURN, 0, 0, 0))
    program = struct.pack("HL", 1, ctypes.addressof(instruction))
    with contextlib.suppress(OSError):  # another system: who knocks in this moment is reset, as ever
        listening.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def _last(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return sent


def listen(app: ASGIApp, environment: Mapping[str, str]) -> None:
    """Serve until a signal, which is then handled as it was before."""
    Listener(app, environment).run()
