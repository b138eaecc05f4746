"""A SageMaker Runtime on 127.0.0.1 that fails as networks and services do, and counts what it got and what it ran."""

import collections
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_SECONDS = 0.5
"""How long the client under test waits for an answer."""

SHARE = 0.3
"""Of the requests: so many meet a fault."""


@dataclass
class Faulty:
    """What came in: requests and runs by id, and which faults they met. Faults follow from the seed."""

    seed: int
    received: collections.Counter[int] = field(default_factory=collections.Counter)
    ran: collections.Counter[int] = field(default_factory=collections.Counter)
    met: collections.defaultdict[int, list[str]] = field(
        default_factory=lambda: collections.defaultdict(list)
    )
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, id: int) -> str:
        """The fault of this request, which depends on nothing but seed, id and how often it came."""
        with self.lock:
            self.received[id] += 1
            chance = random.Random(f"{self.seed} {id} {self.received[id]}")
            fault = chance.choice(list(FAULTS)) if chance.random() < SHARE else "none"
            self.met[id].append(fault)
        return fault

    def run(self, id: int) -> bytes:
        """The model's work: it must not be done twice."""
        with self.lock:
            self.ran[id] += 1
        return json.dumps({"answer": id}).encode()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        id = json.loads(body)["id"]
        faulty = self.server.faulty
        fault = faulty.fault(id)
        if fault == "none":
            self.answer(200, faulty.run(id))
        else:
            FAULTS[fault](self, id)

    def answer(self, status: int, body: bytes, code: str = "", length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        if code:
            self.send_header("x-amzn-ErrorType", code)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def refuse(self, status: int, code: str, **more: object) -> None:
        self.answer(status, json.dumps({"message": f"{code} by chance.", **more}).encode(), code)

    def reset(self) -> None:
        # With no linger a close is a reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _runs(after: Callable[[Handler, bytes], None]) -> Callable[[Handler, int], None]:
    """The fault comes after the model has run."""
    return lambda handler, id: after(handler, handler.server.faulty.run(id))


def _hang(handler: Handler, _answer: bytes) -> None:
    time.sleep(2 * PATIENCE_SECONDS)
    handler.close_connection = True


def _half(handler: Handler, answer: bytes) -> None:
    handler.answer(200, answer[: len(answer) // 2], length=len(answer))
    handler.close_connection = True


def _slow(handler: Handler, answer: bytes) -> None:
    time.sleep(PATIENCE_SECONDS / 5)
    handler.answer(200, answer)


FAULTS: dict[str, Callable[[Handler, int], None]] = {
    "throttled": lambda handler, _: handler.refuse(400, "ThrottlingException"),
    "not ready": lambda handler, _: handler.refuse(429, "ModelNotReadyException"),
    "invalid": lambda handler, _: handler.refuse(400, "ValidationError"),
    "500 before": lambda handler, _: handler.refuse(500, "InternalFailure"),
    "500 after": _runs(lambda handler, _: handler.refuse(500, "InternalFailure")),
    "503": lambda handler, _: handler.refuse(503, "ServiceUnavailable"),
    "model's 500": _runs(
        lambda handler, _: handler.refuse(424, "ModelError", OriginalStatusCode=500, OriginalMessage="broke")
    ),
    "model's 400": _runs(
        lambda handler, _: handler.refuse(424, "ModelError", OriginalStatusCode=400, OriginalMessage="bad")
    ),
    "reset before": lambda handler, _: handler.reset(),
    "reset after": _runs(lambda handler, _: handler.reset()),
    "hangs": _runs(_hang),
    "half an answer": _runs(_half),
    "slow": _runs(_slow),
}


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, faulty: Faulty) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.faulty = faulty

    def handle_error(self, *_: object) -> None:
        """A client that gave up is no news."""


@contextmanager
def serving(faulty: Faulty) -> Iterator[str]:
    """The URL at which it serves, on a port of its own."""
    with Server(faulty) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
