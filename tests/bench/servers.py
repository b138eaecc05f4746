"""The servers of tests/bench/serving.py and overload.py: ours and its peers', each with a model and how it is asked."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from model_packaging.hosts import cores
from tests.e2e.conftest import CLONE

START_SECONDS = 300
BODIES = 500

SOURCES = CLONE / "tests" / "bench" / "served"
PEERS = CLONE / ".venv" / "peers" / "bin"

WORDS = [
    "the",
    "card",
    "was",
    "charged",
    "twice",
    "for",
    "one",
    "order",
    "and",
    "my",
    "invoice",
    "shows",
    "wrong",
    "total",
    "please",
    "send",
    "money",
    "back",
    "app",
    "report",
    "page",
    "opens",
    "slow",
    "after",
    "last",
    "update",
    "when",
    "we",
    "try",
    "to",
    "log",
    "in",
    "with",
    "new",
    "phone",
    "or",
    "change",
    "our",
    "plan",
    "next",
    "month",
]
SENTENCE = 20
"""Words of a sentence: each is one token, and the tokenizer adds two."""


@dataclass(frozen=True)
class Side:
    """One server: its command with `{port}`, and how it wants its sentence."""

    name: str
    command: tuple[str, ...]
    key: str = "text"
    is_listed: bool = False

    def body(self, sentence: str) -> str:
        """A request."""
        return json.dumps({self.key: [sentence] if self.is_listed else sentence})


OURS = Side("ours", (sys.executable, "-m", "model_packaging.hosts.sagemaker", "serve"))
GUIDE = Side(
    "the guide's",
    (
        str(PEERS / "uvicorn"),
        "guide:app",
        "--workers",
        "4",
        "--timeout-worker-healthcheck",
        "120",
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
    ),
)
BENTO = Side(
    "BentoML's",
    (str(PEERS / "bentoml"), "serve", "bento:Triage", "--host", "127.0.0.1", "--port", "{port}"),
    key="texts",
    is_listed=True,
)


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}/invocations"


def model_folder(folder: Path) -> Path:
    """The int8 model that `optimize` chose, as the stacks have it, with the handler that both batching hosts run."""
    source = CLONE / "stacks" / "models" / "triage"
    if not (source / "model.onnx").is_file():
        subprocess.run([sys.executable, str(source / "export.py")], check=True)
    folder.mkdir(parents=True)
    for name in ("model.onnx", "profile.json", "tokenizer.json", "labels.json"):
        shutil.copyfile(source / name, folder / name)
    shutil.copyfile(SOURCES / "inference.py", folder / "inference.py")
    return folder


def sentences(count: int = BODIES, seed: int = 1) -> list[str]:
    """Varied sentences of 22 tokens."""
    chosen = random.Random(seed)
    return [" ".join(chosen.choices(WORDS, k=SENTENCE)) for _ in range(count)]


@contextlib.contextmanager
def running(side: Side, model: Path, log: Path) -> Iterator[Server]:
    """A side's server, which has answered once, for the length of a `with`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(SOURCES), str(CLONE)]),
        "MODEL_DIR": str(model),
        "SM_MODEL_DIR": str(model),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "MODELYARD_BIND": "127.0.0.1",
        "HF_HUB_OFFLINE": "1",
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(log.parent / "bentoml"),
    }
    if side is BENTO:  # ours shares the cores out itself; the guide's four workers have PyTorch's own default
        environment["OMP_NUM_THREADS"] = str(cores.available())
    command = [part.format(port=port) for part in side.command]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=SOURCES, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    server = Server(port, process)
    try:
        await_answer(server.url, side.body(sentences(1)[0]), process, log)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def await_answer(url: str, body: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait for a server's first answer, which has a label."""
    request = urllib.request.Request(url, body.encode(), {"content-type": "application/json"})
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=30) as answer:
            if b'"label"' in answer.read():
                return
        time.sleep(0.2)
    raise SystemExit(f"{url} gave no answer:\n{log.read_text()[-3000:]}")
