"""A model folder as an HTTP server of this machine: the port, the handler, the page, and an end within seconds."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from model_packaging.errors import HandlerError, InvalidModel, ServeFailed
from model_packaging.hosts.faults import InvalidHandler, one_line
from model_packaging.hosts.handler import Handler
from model_packaging.manifest import SAMPLE
from model_packaging.serving import openapi, page

ADDRESS = "127.0.0.1"
"""Nobody else's machine reaches it: a handler under work has no sign-in before it."""

GRACE_SECONDS = 2
"""Given to requests under way after a Ctrl-C."""

END_SECONDS = 4
"""After a Ctrl-C the process is ended then, whatever a handler's thread still does: Python would wait for it."""


def serve(name: str, directory: Path, port: int, announce: Callable[[str], None]) -> None:
    """Serve the handler of `directory` until Ctrl-C or SIGTERM; `port` 0 is a free one.

    `announce` is given the page's URL, once requests are answered. Raises `InvalidModel` for a folder without a
    handler, `HandlerError` for a handler that does not load, `ServeFailed` where a package or the port is missing.
    """
    assets = page.folder()
    try:
        from model_packaging.hosts import sagemaker
        from model_packaging.serving.application import documented
    except ModuleNotFoundError as error:
        name = str(error.name).partition(".")[0]
        raise ServeFailed(
            f"The host needs {name}, which is not installed; run: python -m pip install 'modelyard[serve]'"
        ) from None
    with _bound(port) as listener:
        handler = _loaded(name, directory)
        sample = directory / SAMPLE
        contract = openapi.Contract.of(name, handler, sample.read_bytes() if sample.is_file() else None)
        app = documented(sagemaker.application(handler), openapi.document(contract), assets)
        _run(app, listener, announce)


def _bound(port: int) -> socket.socket:
    try:
        return socket.create_server((ADDRESS, port))
    except OSError as error:
        raise ServeFailed(
            f"Port {port} cannot be had ({os.strerror(error.errno or 0)}); name another, or leave --port out for "
            "a free one."
        ) from None


def _loaded(name: str, directory: Path) -> Handler:
    try:
        return Handler.load(directory)
    except InvalidHandler as error:
        raise InvalidModel(str(error)) from None
    except Exception as error:
        raise HandlerError(
            f"The handler of {name} does not load: {type(error).__name__}: {one_line(error)}"
        ) from error


def _run(app: object, listener: socket.socket, announce: Callable[[str], None]) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        """uvicorn's, which ends in known time."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            super().handle_exit(sig, frame)
            end = threading.Timer(END_SECONDS, _end)
            end.daemon = True
            end.start()

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            announce(f"http://{ADDRESS}:{listener.getsockname()[1]}/docs")

    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # an ASGI application
        access_log=False,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn drains, and raises the signal again: it was a way to end, and nothing that failed.
        signal.signal(number, lambda *_: None)
    Server(config).run(sockets=[listener])


def _end() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
