"""An HTTP proxy in front of the embedded AWS that throttles, fails, loses and halves answers, at chosen calls.

It stands where the project believes its embedded AWS to be: `between` writes its address into the file that says so.
"""

import collections
import contextlib
import enum
import http.client
import json
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from infra.local.server import ANSWER_BYTES
from tests.faults import refusals

SERVER = Path(".modelyard") / "local" / "server.json"
READS = re.compile(r"^(Get|List|Describe|Head|Batch(Get|Check)|Search|Query|Lookup)")
OWN_PAGES = "/_embedded/"
"""What is the embedded AWS's and not AWS's comes through."""
SLOW_SECONDS = 2.0
_SKIPPED = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})
_PART = re.compile(r"[0-9a-f]{8,}|\d{4,}|[\w.-]*local[\w.-]*", re.IGNORECASE)


class Fault(enum.Enum):
    """What becomes of a call. The first four are chosen before it is passed on, the others once it is done."""

    THROTTLED = "throttled"
    FAILED = "failed"
    RESET = "reset"
    SLOW = "slow"
    LOST = "lost"
    HALVED = "halved"


@dataclass(frozen=True)
class Call:
    """What is asked. `status` is that of the answer, and None before there is one."""

    name: str
    reads: bool
    status: int | None = None

    @property
    def is_change_done(self) -> bool:
        """Whether AWS is another since."""
        return not self.reads and self.status is not None and self.status < 400


Choose = Callable[[Call], Fault | None]


def operation(method: str, path: str, headers: "http.client.HTTPMessage", body: bytes) -> str:
    """The name of what is asked: AWS's own where the protocol tells it, else the method with the kind of its path."""
    target = headers.get("X-Amz-Target")
    if target:
        return target.rpartition(".")[2]
    if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode(errors="replace")).get("Action", ["?"])[0]
    parts = urlsplit(path)
    query = "?" + "&".join(sorted(parse_qs(parts.query, keep_blank_values=True))) if parts.query else ""
    return f"{method} {_PART.sub('*', parts.path)}{query}"


def is_read(method: str, name: str) -> bool:
    """Whether it changes nothing."""
    return method in ("GET", "HEAD") or bool(READS.match(name))


@dataclass
class Faults:
    """`choose` is asked twice of each call: before it is passed on, and when it is done.

    `seen` counts what was changed, `calls` everything that was asked, and `done` what `choose` chose, by name.
    """

    choose: Choose
    seen: collections.Counter[str] = field(default_factory=collections.Counter)
    calls: collections.Counter[str] = field(default_factory=collections.Counter)
    done: dict[Fault, collections.Counter[str]] = field(
        default_factory=lambda: {fault: collections.Counter() for fault in Fault}
    )
    lock: threading.Lock = field(default_factory=threading.Lock)

    def decide(self, call: Call) -> Fault | None:
        with self.lock:
            if call.is_change_done:
                self.seen[call.name] += 1
            if call.status is None:
                self.calls[call.name] += 1
            chosen = self.choose(call)
            if chosen is not None:
                self.done[chosen][call.name] += 1
        return chosen


def none(_call: Call) -> Fault | None:
    """Everything comes through, and is counted."""
    return None


def once_each() -> Choose:
    """The first answer of every operation that changes something is lost."""
    over: set[str] = set()

    def choose(call: Call) -> Fault | None:
        if not call.is_change_done or call.name in over:
            return None
        over.add(call.name)
        return Fault.LOST

    return choose


def weather(seed: int, share: float, before: tuple[Fault, ...], after: tuple[Fault, ...] = ()) -> Choose:
    """That share of all calls meets one of these faults, by chance."""
    chance = random.Random(seed)

    def choose(call: Call) -> Fault | None:
        faults = before if call.status is None else after
        whole = len(before) + len(after)
        return chance.choice(faults) if faults and chance.random() < share * len(faults) / whole else None

    return choose


class Handler(BaseHTTPRequestHandler):
    """One connection to the proxy."""

    protocol_version = "HTTP/1.1"
    wbufsize = ANSWER_BYTES
    server: "Proxy"

    def _pass_on(self) -> None:
        body = self._body()
        name = operation(self.command, self.path, self.headers, body)
        call = Call(name, is_read(self.command, name))
        faults = Faults(none) if self.path.startswith(OWN_PAGES) else self.server.faults
        chosen = faults.decide(call)
        if chosen is Fault.RESET:
            self._reset()
        elif chosen in _REFUSED:
            self._answer(*_REFUSED[chosen](self.headers))
        else:
            if chosen is Fault.SLOW:
                time.sleep(SLOW_SECONDS)
            self._ask(call, body, faults)

    def _ask(self, call: Call, body: bytes, faults: Faults) -> None:
        upstream = http.client.HTTPConnection(self.server.host, self.server.upstream, timeout=300)
        try:
            # Signatures are over the host that was asked.
            headers = {key: value for key, value in self.headers.items() if key.lower() not in _SKIPPED}
            upstream.request(self.command, self.path, body, {**headers, "Content-Length": str(len(body))})
            answer = upstream.getresponse()
            content = answer.read()
        finally:
            upstream.close()
        chosen = faults.decide(Call(call.name, call.reads, answer.status))
        if chosen is Fault.LOST:
            self._reset()
            return
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        half = content[: len(content) // 2] if chosen is Fault.HALVED else content
        self._answer(answer.status, answer.getheaders(), half, length or "0")
        if chosen is Fault.HALVED:
            self.close_connection = True

    def _answer(
        self, status: int, headers: list[tuple[str, str]], content: bytes, length: str | None = None
    ) -> None:
        self.send_response_only(status)
        for key, value in headers:
            if key.lower() not in _SKIPPED:
                self.send_header(key, value)
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _reset(self) -> None:
        """A reset, and not an end that a client may take for an empty answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _body(self) -> bytes:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def handle_expect_100(self) -> bool:
        return True

    def log_message(self, format: str, *values: object) -> None:
        pass

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = _pass_on


_REFUSED = {Fault.THROTTLED: refusals.throttled, Fault.FAILED: refusals.failed}


class Proxy(ThreadingHTTPServer):
    """Between a client and the server at `upstream`."""

    daemon_threads = True
    host = "127.0.0.1"

    def __init__(self, upstream: int, faults: Faults) -> None:
        super().__init__((self.host, 0), Handler)
        self.upstream, self.faults = upstream, faults

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that is gone is what this is for."""


@contextlib.contextmanager
def between(root: Path, faults: Faults) -> Iterator[Proxy]:
    """A proxy between the project in `root` and its embedded AWS, for the length of a `with`."""
    file = root / SERVER
    before = file.read_text()
    told = json.loads(before)
    with Proxy(urlsplit(told["endpoint_url"]).port or 80, faults) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        file.write_text(
            json.dumps({**told, "endpoint_url": f"http://{proxy.host}:{proxy.server_address[1]}"})
        )
        try:
            yield proxy
        finally:
            file.write_text(before)
            proxy.shutdown()
