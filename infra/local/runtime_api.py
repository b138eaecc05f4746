"""Lambda's Runtime API, inside the process of a function that brings a runtime of its own. Only the standard library.

    runtime_api.py REQUEST_FD RESPONSE_FD MARKER ...

The runtime asks here for its events and answers here, over HTTP; to the server it looks as `bootstrap.py` does, and
each chunk of a streamed answer is a line of its own: {"part": BASE64}.
"""

from __future__ import annotations

import base64
import json
import os
import runpy
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RUNTIME = "modelyard_host.stream_runtime"
MODE, ERROR_BODY = "Lambda-Runtime-Function-Response-Mode", "Lambda-Runtime-Function-Error-Body"


class Bridge:
    """The pipes to the server."""

    def __init__(self, requests: int, responses: int, marker: str) -> None:
        self._requests = os.fdopen(requests, "r", encoding="utf-8")
        self._responses = os.fdopen(responses, "w", encoding="utf-8")
        self._marker = marker
        self._ready = False

    def next(self) -> dict[str, Any]:
        """The next event; that it is asked for says that the initialisation is done."""
        if not self._ready:
            self._ready = True
            self.end({"ready": True}, "init")
        line = self._requests.readline()
        if not line:
            threading.Event().wait()  # the server ends the process
        request: dict[str, Any] = json.loads(line)
        return request

    def part(self, content: bytes) -> None:
        """A chunk of a streamed answer."""
        self._write({"part": base64.b64encode(content).decode()})

    def end(self, response: dict[str, Any], request_id: str) -> None:
        """The end of an invocation, after all that it wrote."""
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(1, f"{self._marker}{request_id}\n".encode())
        self._write(response)

    def fail(self, body: bytes, request_id: str, mark: str) -> None:
        """The function's error, which also goes to its log."""
        error = {**json.loads(body), "requestId": request_id}
        lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
        trace = error.get("stackTrace") or []
        print("\n".join([*lines, *"".join(trace).splitlines()]), file=sys.stderr)
        self.end({"error": error}, mark)

    def _write(self, line: dict[str, Any]) -> None:
        json.dump(line, self._responses)
        self._responses.write("\n")
        self._responses.flush()


def handler_of(bridge: Bridge) -> type[BaseHTTPRequestHandler]:
    """The requests of the Runtime API, over `bridge`."""

    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            request = bridge.next()
            body = request["event"].encode()
            self.send_response(200)
            for name, value in {
                "Lambda-Runtime-Aws-Request-Id": request["id"],
                "Lambda-Runtime-Invoked-Function-Arn": request["arn"],
                "Lambda-Runtime-Deadline-Ms": str(int(request["deadline"] * 1000)),
                "Lambda-Runtime-Trace-Id": f"Root=1-{request['id'].replace('-', '')[:24]}",
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            *_, where, what = self.path.split("/")
            if self.headers.get(MODE) == "streaming":
                self._stream(where)
            else:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if what == "error":
                    bridge.fail(body, "" if where == "init" else where, where)
                else:
                    bridge.end({"payload": body.decode()}, where)
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _stream(self, request_id: str) -> None:
            while size := int(self.rfile.readline(), 16):
                bridge.part(self.rfile.read(size))
                self.rfile.readline()
            trailers = dict(_trailer(line) for line in iter(self._line, ""))
            if ERROR_BODY in trailers:
                bridge.fail(base64.b64decode(trailers[ERROR_BODY]), request_id, request_id)
            else:
                bridge.end({"streamed": True}, request_id)

        def _line(self) -> str:
            return self.rfile.readline().decode().strip()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing: the output is the function's."""

    return Requests


def _trailer(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.strip()


def main() -> None:
    """Serve on a port of the loopback interface, and run the runtime until the server ends the process."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    bridge = Bridge(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(bridge))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["AWS_LAMBDA_RUNTIME_API"] = f"127.0.0.1:{server.server_port}"
    task_root = os.environ["LAMBDA_TASK_ROOT"]
    sys.path.insert(0, task_root)
    sys.argv[:] = [task_root]
    runpy.run_module(RUNTIME, run_name="__main__", alter_sys=True)


main()
