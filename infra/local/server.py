"""The embedded AWS as a process: `python -m infra.local.server HOME`; `infra.local.daemon` starts it."""

import argparse
import json
import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

from infra.local.clock import RunningClock
from infra.local.machine import HOST, Machine

HOST_ADDRESS = "127.0.0.1"
STATE_FILE = "server.json"
IDLE_HOURS = 12.0
IDLE_CHECK_SECONDS = 1.0

ANSWER_BYTES = 64 * 1024
"""What is sent at once. Unbuffered, the head of an answer goes out alone, and its body a moment later: in between the
AWS SDK for Go may close the connection (seen with tcpdump on a busy machine, 1 in some thousand requests: it closes the
request's body as soon as it has the head, and its writer, which was about to look whether that had ended, takes it for
a failure). The answer is then lost, and the SDK asks again: of what makes something, that is 'already existing'."""

MOTO_SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",  # else attaching one is refused
    "MOTO_LAMBDA_STUB_ECR": "false",  # else a function's image need not be there
    "MOTO_DISABLE_GLOBAL_CORS": "true",  # else any page in a browser may read the answers
}
"""Variables that moto reads when its modules are imported."""

log = logging.getLogger("infra.local")


def main(arguments: list[str] | None = None) -> None:
    """Serve until a signal, the parent's death or idleness; then no process of ours is left."""
    options = _options(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    server = Server(options.home, host=options.host or HOST, speed=options.speed)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    if options.parent_fd is not None:
        _thread(lambda: _follow_parent(options.parent_fd, ended))
    server.start()
    _write_state(options.home, server)
    log.info("embedded AWS on %s", server.endpoint_url)
    while not ended.wait(IDLE_CHECK_SECONDS):
        if server.idle_seconds() > options.idle_hours * 3600:
            log.info("no request for %g hours", options.idle_hours)
            break
    server.stop()
    log.info("stopped")
    sys.stdout.flush()
    os._exit(0)  # threads that wait on clients or containers must not hold the process


class Server:
    """moto with the overlay, listening on 127.0.0.1 and a port that the kernel chose."""

    def __init__(self, home: Path, host: tuple[str, ...] = HOST, speed: float = 1.0) -> None:
        self.machine = Machine(home, host=host, aws_time=RunningClock(speed))
        self.identity = secrets.token_hex(8)
        self.endpoint_url = ""
        self._http: Any = None
        self._gateway: Any = None

    def start(self) -> None:
        """Listen and answer, in a thread."""
        os.environ.update(MOTO_SETTINGS)
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler
        from werkzeug.serving import make_server

        from infra.local.gateway import Gateway
        from infra.local.overlay import function_urls, installation, registry
        from infra.local.pages import pages

        installation.install(self.machine)
        self._gateway = Gateway(
            DomainDispatcherApplication(installation.application),
            pages(self.identity, self.machine.aws_time),
            [function_urls.route, registry.route],
        )
        self._http = make_server(
            HOST_ADDRESS,
            0,
            self._gateway,
            threaded=True,
            request_handler=_own(MotoRequestHandler, self.machine),
        )
        self._http.daemon_threads = True
        self.endpoint_url = self.machine.endpoint_url = f"http://{HOST_ADDRESS}:{self._http.server_port}"
        _thread(self._http.serve_forever)

    def idle_seconds(self) -> float:
        """Seconds since the last request of a client."""
        elapsed: float = time.monotonic() - self._gateway.last_request
        return elapsed

    def stop(self) -> None:
        """Stop listening, and end all processes of endpoints and functions."""
        self._http.shutdown()
        self._http.server_close()
        self.machine.stop()


def _own(handler: type, machine: Machine) -> type:
    """The handler, with one line for a failed request and none for the others, and AWS's time as its date."""

    def log_request(self: Any, code: Any = "-", size: Any = "-") -> None:
        if str(code)[:1] in "45":
            log.info("%s %s %s", code, self.command, self.path)

    def connection_dropped(self: Any, error: BaseException, environ: Any = None) -> None:
        log.warning("the answer to %s %s was lost: %r", self.command, self.path, error)

    def date_time_string(self: Any, timestamp: float | None = None) -> str:
        return formatdate(machine.clock().timestamp() if timestamp is None else timestamp, usegmt=True)

    own = {
        "wbufsize": ANSWER_BYTES,
        "log_request": log_request,
        "connection_dropped": connection_dropped,
        "date_time_string": date_time_string,
    }
    return type("Handler", (handler,), own)


def _options(arguments: list[str] | None) -> Any:
    parser = argparse.ArgumentParser(prog="infra.local.server")
    parser.add_argument("home", type=Path)
    parser.add_argument("--parent-fd", type=int, help="read end of a pipe; its end of file ends the server")
    parser.add_argument("--idle-hours", type=float, default=IDLE_HOURS)
    parser.add_argument("--speed", type=float, default=1.0, help="how many times as fast AWS's time runs")
    parser.add_argument("--host", type=json.loads, help="JSON list: what an endpoint's process runs")
    options = parser.parse_args(arguments)
    options.host = tuple(options.host) if options.host else None
    return options


def _write_state(home: Path, server: Server) -> None:
    state = {
        "endpoint_url": server.endpoint_url,
        "pid": os.getpid(),
        "identity": server.identity,
        "started": server.machine.clock().isoformat(),
    }
    partial = home / f"{STATE_FILE}.partial"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(state, file)
    partial.replace(home / STATE_FILE)


def _follow_parent(descriptor: int, ended: threading.Event) -> None:
    while os.read(descriptor, 1):
        pass
    log.info("the parent is gone")
    ended.set()


def _thread(work: Callable[[], Any]) -> None:
    threading.Thread(target=work, daemon=True).start()


if __name__ == "__main__":
    main()
