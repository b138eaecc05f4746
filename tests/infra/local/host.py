"""A host that speaks the container contract with the standard library, and does what the tests ask.

Variables: BREAK raises while loading; HANG never opens the port; LOAD_WHEN waits for that file. A body
`status CODE` answers with that code, `sleep SECONDS` waits first, `wait FILE` makes FILE.reached and waits for
FILE, `die-once FILE` makes FILE and ends the process unless FILE is there, `parent` starts a child that outlives the process, `stream FILE` sends a part, waits for
FILE, and sends another; `tear` sends a part and ends the process; `die` ends the process, `eat MB` takes so much memory, `cut` ends it amid the answer.
"""

import json
import os
import runpy
import socket
import struct
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

if os.environ.get("SAGEMAKER_MULTI_MODEL") == "true":  # the real one, for models with handlers
    runpy.run_module("model_packaging.hosts.sagemaker", run_name="__main__")
    sys.exit()

print("loading", sorted(path.name for path in Path(os.environ["SM_MODEL_DIR"]).iterdir()), flush=True)
if "BREAK" in os.environ:
    raise RuntimeError(os.environ["BREAK"])
if "HANG" in os.environ:
    time.sleep(3600)


def await_file(name: str) -> None:
    while not Path(name).exists():
        time.sleep(0.01)


if "LOAD_WHEN" in os.environ:
    await_file(os.environ["LOAD_WHEN"])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/ping" else 404)
        self.end_headers()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        words = body[:200].split()
        if words[:1] == [b"die"]:
            os._exit(7)
        if words[:1] == [b"die-once"] and not Path(words[1].decode()).exists():
            Path(words[1].decode()).touch()
            os._exit(7)
        if words[:1] == [b"eat"]:
            global eaten
            eaten = b"x" * (int(words[1]) * 1024 * 1024)
            time.sleep(5)
        if words[:1] == [b"sleep"]:
            time.sleep(float(words[1]))
        if words[:1] == [b"wait"]:
            Path(f"{words[1].decode()}.reached").touch()
            await_file(words[1].decode())
        if words[:1] == [b"parent"]:
            global child
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        self.send_response(int(words[1]) if words[:1] == [b"status"] else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Amzn-SageMaker-Custom-Attributes", self.headers.get(ATTRIBUTES, ""))
        if words[:1] == [b"cut"]:
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"{")
            self.wfile.flush()
            os._exit(7)
        self.end_headers()
        if words[:1] in ([b"stream"], [b"tear"]):
            self.wfile.write(b"first ")
            self.wfile.flush()
            if words[0] == b"tear":
                time.sleep(0.2)
                linger = struct.pack(
                    "ii", 1, 0
                )  # else the end of the process looks like the end of the answer
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                os._exit(7)
            await_file(words[1].decode())
            self.wfile.write(b"second")
            return
        seen = {"pid": os.getpid(), "length": len(body), "name": os.environ.get("NAME")}
        seen |= {"child": child.pid if child else None}
        seen |= {"content_type": self.headers["Content-Type"], "accept": self.headers["Accept"]}
        self.wfile.write(json.dumps(seen).encode())

    def log_message(self, *_):
        pass


eaten = b""
child: subprocess.Popen[bytes] | None = None
ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
address = (os.environ["MODELYARD_BIND"], int(os.environ["SAGEMAKER_BIND_TO_PORT"]))
ThreadingHTTPServer(address, Handler).serve_forever()
