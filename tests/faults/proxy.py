"""An HTTP proxy in front of the embedded AWS that loses answers, after what was asked has been done.

It stands where the project believes its embedded AWS to be: `between` writes its address into the file that says so.
"""

import collections
import contextlib
import http.client
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SERVER = Path(".modelyard") / "local" / "server.json"
READS = re.compile(r"^(Get|List|Describe|Head|Batch(Get|Check)|Search|Query|Lookup)")
_SKIPPED = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive"})
_PART = re.compile(r"[0-9a-f]{8,}|\d{4,}|[\w.-]*local[\w.-]*", re.IGNORECASE)


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
    """`loses` is asked before each answer to what changes something: whether it gets lost. `seen` counts these."""

    loses: Callable[[str], bool]
    seen: collections.Counter[str] = field(default_factory=collections.Counter)
    lost: collections.Counter[str] = field(default_factory=collections.Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def decide(self, name: str) -> bool:
        with self.lock:
            self.seen[name] += 1
            if self.loses(name):
                self.lost[name] += 1
                return True
        return False


def once_each() -> Callable[[str], bool]:
    """The first answer of every operation is lost."""
    done: set[str] = set()

    def loses(name: str) -> bool:
        if name in done:
            return False
        done.add(name)
        return True

    return loses


class Handler(BaseHTTPRequestHandler):
    """One connection to the proxy."""

    protocol_version = "HTTP/1.1"
    server: "Proxy"

    def _pass_on(self) -> None:
        body = self._body()
        name = operation(self.command, self.path, self.headers, body)
        upstream = http.client.HTTPConnection(self.server.host, self.server.upstream, timeout=300)
        try:
            # Signatures are over the host that was asked.
            headers = {key: value for key, value in self.headers.items() if key.lower() not in _SKIPPED}
            upstream.request(self.command, self.path, body, {**headers, "Content-Length": str(len(body))})
            answer = upstream.getresponse()
            content = answer.read()
        finally:
            upstream.close()
        if not is_read(self.command, name) and answer.status < 400 and self.server.faults.decide(name):
            # A reset, and not an end that a client may take for an empty answer.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        self.send_response_only(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in _SKIPPED:
                self.send_header(key, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        self.wfile.write(content)

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
