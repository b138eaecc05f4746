"""The processes behind a multi-model host: one a model, each the host of a single model."""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_packaging.hosts.faults import Fault

HOST = ("-m", "model_packaging.hosts.sagemaker")
PACKAGE_ROOT = Path(__file__).resolve().parents[2]
PACKAGES = "packages"
"""The folder of a model with packages of its own."""

LOAD_SECONDS = 600
PING_SECONDS, PING_TIMEOUT_SECONDS = 0.05, 2
STOP_SECONDS = 5
SHARE = 0.8
MEGABYTE = 1024 * 1024


class NotLoaded(Fault):
    """No model of that name is loaded."""

    status = 404


class Loaded(Fault):
    """A model of that name is loaded, or being loaded."""

    status = 409


class NoMemory(Fault):
    """With this model all models together would use more memory than there is."""

    status = 507


class LoadFailed(Fault):
    """The handler of the model did not load; the log has its traceback."""


class Gone(Fault):
    """The model's process ended amid the request."""


@dataclass
class Worker:
    """A loaded model: its folder, and its process, which listens on `port` of 127.0.0.1."""

    url: str
    port: int
    process: "subprocess.Popen[bytes]"

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by lower-case name, and body. Raises Gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request("POST", "/invocations", body, dict(headers))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, found, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Gone(f"The model's process ended amid the request: {type(error).__name__}.") from error
        finally:
            connection.close()

    def await_ping(self, seconds: float) -> None:
        """Wait until it serves. Raises LoadFailed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise LoadFailed(
                    f"The model's handler did not load (exit code {self.process.returncode}); see the log."
                )
            if _pings(self.port):
                return
            time.sleep(PING_SECONDS)
        raise LoadFailed(f"The model's handler did not load within {seconds:g} seconds.")

    def stop(self) -> None:
        """End it, after its running requests where they are short."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def resident_bytes(self) -> int:
        """What it uses of memory."""
        return _kilobytes(Path(f"/proc/{self.process.pid}/status"), "VmRSS:") * 1024


class Workers:
    """Loaded models by name, which together use at most `memory_bytes`."""

    def __init__(self, environment: Mapping[str, str], memory_bytes: int, host: Sequence[str] = HOST) -> None:
        self._environment, self._memory_bytes, self._host = environment, memory_bytes, host
        self._lock = threading.Lock()
        self._workers: dict[str, Worker | None] = {}  # None: is being loaded

    def load(self, name: str, url: str) -> None:
        """Start a model's process and wait until it serves. Raises Loaded, NoMemory or LoadFailed."""
        with self._lock:
            if name in self._alive():
                raise Loaded(f"Model {name} is loaded already.")
            self._workers[name] = None
        worker = None
        try:
            worker = self._start(url)
            worker.await_ping(LOAD_SECONDS)
            self._check_memory(name, worker)
        except BaseException:
            if worker is not None:
                worker.stop()
            with self._lock:
                del self._workers[name]
            raise
        with self._lock:
            self._workers[name] = worker

    def unload(self, name: str) -> None:
        """End a model's process. Raises NotLoaded."""
        worker = self.find(name)
        with self._lock:
            if self._workers.get(name) is not worker:
                raise NotLoaded(f"Model {name} is not loaded.")
            del self._workers[name]
        worker.stop()

    def find(self, name: str) -> Worker:
        """A model that serves. Raises NotLoaded."""
        with self._lock:
            worker = self._alive().get(name)
        if worker is None:
            raise NotLoaded(f"Model {name} is not loaded; load it with POST /models.")
        return worker

    def loaded(self) -> list[tuple[str, str]]:
        """Names and folders of the models that serve."""
        with self._lock:
            return [(name, worker.url) for name, worker in self._alive().items() if worker is not None]

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            workers, self._workers = self._workers, {}
        for worker in workers.values():
            if worker is not None:
                worker.stop()

    def _alive(self) -> dict[str, Worker | None]:
        """The models without those whose process ended by itself."""
        for name, worker in list(self._workers.items()):
            if worker is not None and worker.process.poll() is not None:
                del self._workers[name]
        return self._workers

    def _start(self, url: str) -> Worker:
        port = _free_port()
        packages = Path(url) / PACKAGES
        paths = [str(packages)] if packages.is_dir() else []
        paths += [path for path in (self._environment.get("PYTHONPATH"), str(PACKAGE_ROOT)) if path]
        environment = {
            **{key: value for key, value in self._environment.items() if key != "SAGEMAKER_MULTI_MODEL"},
            "PYTHONPATH": os.pathsep.join(paths),
            "SM_MODEL_DIR": url,
            "SAGEMAKER_BIND_TO_PORT": str(port),
            "MODELYARD_BIND": "127.0.0.1",
        }
        process = subprocess.Popen([sys.executable, *self._host], env=environment, stdin=subprocess.DEVNULL)
        return Worker(url, port, process)

    def _check_memory(self, name: str, worker: Worker) -> None:
        with self._lock:
            others = [one for one in self._alive().values() if one is not None]
        used = sum(one.resident_bytes for one in [*others, worker])
        if used > self._memory_bytes:
            raise NoMemory(
                f"With {name} the models would use {used // MEGABYTE} MB of {self._memory_bytes // MEGABYTE} MB; "
                "unload one first."
            )


def memory_bytes(environment: Mapping[str, str]) -> int:
    """What all models together may use."""
    given = environment.get("MODELYARD_MODELS_MEMORY_MB")
    if given is not None:
        return int(given) * MEGABYTE
    limits = [_kilobytes(Path("/proc/meminfo"), "MemTotal:") * 1024]
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        text = Path(file).read_text().strip() if Path(file).is_file() else "max"
        limits += [int(text)] if text.isdecimal() else []
    return int(SHARE * min(limits))


def _kilobytes(file: Path, key: str) -> int:
    """A line such as `VmRSS:  1234 kB`; 0 where it is not there, as of a process that just ended."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(key)), 0)


def _pings(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PING_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
