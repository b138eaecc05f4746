"""Lambda's side of a function: its Runtime API on this machine, and how it starts AWS's own runtime client."""

import importlib.util
import json
import os
import queue
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ARN = "arn:aws:lambda:us-east-1:111122223333:function:tiny"
CLIENT = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
"""awslambdaric and what it imports."""


@dataclass
class Received:
    """What the runtime sent: where to, its headers, the chunks with their times, and the trailers."""

    path: str
    headers: dict
    chunks: list = field(default_factory=list)
    times: list = field(default_factory=list)
    trailers: dict = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def prelude(self) -> dict:
        return json.loads(self.body.partition(b"\0" * 8)[0])

    @property
    def content(self) -> bytes:
        return self.body.partition(b"\0" * 8)[2]


class Server(ThreadingHTTPServer):
    """Says nothing of a runtime that was killed."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class RuntimeApi:
    """Lambda's side: gives events, and keeps what comes back."""

    def __init__(self) -> None:
        self.events: queue.Queue = queue.Queue()
        self.received: queue.Queue = queue.Queue()
        api = self

        class Requests(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = json.dumps(api.events.get()).encode()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "request-1")
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", ARN)
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + 30) * 1000)))
                self.send_header("Lambda-Runtime-Trace-Id", "Root=1")
                self.send_header("Content-Type", "application/json")  # without it AWS's client crashes
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                got = Received(self.path, dict(self.headers))
                if "Content-Length" in self.headers:
                    got.chunks.append(self.rfile.read(int(self.headers["Content-Length"])))
                while "Content-Length" not in self.headers and (size := int(self.rfile.readline(), 16)):
                    got.chunks.append(self.rfile.read(size))
                    got.times.append(time.monotonic())
                    self.rfile.readline()
                while "Content-Length" not in self.headers and (line := self.rfile.readline().strip()):
                    name, _, value = line.decode().partition(": ")
                    got.trailers[name] = value
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
                api.received.put(got)

            def log_message(self, *_) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Requests)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        """End the server; what still waits for an event gets none."""
        self.server.shutdown()
        self.server.server_close()


def client_folder(folder: Path) -> Path:
    """AWS's runtime client alone, as /var/runtime has it: nothing else of this environment is beside it."""
    folder.mkdir()
    for name in CLIENT:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        place = Path(spec.origin)
        place = place.parent if place.name == "__init__.py" else place
        (folder / place.name).symlink_to(place)
    return folder


def command(handler: str, *folders: Path) -> list[str]:
    """What starts a function as Lambda does: the runtime's Python, and only `folders` besides its own library.

    It writes no bytecode, for on Lambda it could not: each start compiles what the function's files are.
    """
    program = (
        f"import sys; sys.path[:0] = {[str(folder) for folder in folders]!r}\n"
        f"from awslambdaric.__main__ import main\nmain(['bootstrap.py', {handler!r}])"
    )
    return [sys.executable, "-I", "-S", "-B", "-c", program]


def variables(api: RuntimeApi, root: Path) -> dict[str, str]:
    """What Lambda sets in a function's environment."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "tiny",
        "LAMBDA_TASK_ROOT": str(root),
    }
