"""What stands for an endpoint's instance: a process that runs the packaged handler behind HTTP."""

import contextlib
import http.client
import os
import shutil
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from infra.local import exchange, requirements
from infra.local.backoff import Backoff
from infra.local.exchange import Reply, Stream
from infra.local.machine import Machine
from infra.local.processes import PACKAGE_ROOT, Process, base_environment
from infra.local.telemetry import LogStream
from model_packaging.errors import UnpackFailed
from model_packaging.unpack import unpack_tar

PING_TIMEOUT_SECONDS = 2
PING_INTERVAL_SECONDS = MEMORY_INTERVAL_SECONDS = 0.1
MEGABYTE = 1024 * 1024
INVOCATION_TIMEOUT_SECONDS = 60
BODY_LIMIT_BYTES = 1024**3
"""Of an asynchronous request; the front door has refused longer bodies of the others."""
QUEUE_SECONDS = 3600
"""Of an asynchronous request, too; of the others the front door gives up after 60 seconds."""

STARTUP_TIMEOUT_SECONDS = 240
"""Where the configuration names no ContainerStartupHealthCheckTimeoutInSeconds."""


class ContainerFailed(Exception):
    """The container did not come up; the message is for its log, not for the endpoint's FailureReason."""


class Container:
    """One process for one variant: artifact, start, health, requests, end."""

    def __init__(
        self,
        machine: Machine,
        region: str,
        definition: Mapping[str, Any],
        artifact: bytes | None,
        log: LogStream,
        *,
        memory_mb: int | None = None,
    ) -> None:
        self._memory_mb = memory_mb
        self._machine, self._region, self._definition, self._log = machine, region, definition, log
        self._artifact = artifact
        self._directory = machine.new_directory("endpoints")
        self._packages: Path | None = None
        self._process: Process | None = None
        self._port = 0
        self._stopped = threading.Event()
        self._launching = threading.Lock()
        self._idle = threading.Condition()
        self._in_flight = 0

    def start(self, timeout_seconds: float = STARTUP_TIMEOUT_SECONDS) -> None:
        """Unpack, install, start, and wait until GET /ping answers 200; the limit is for all but the unpacking.

        Raises ContainerFailed, or what else went wrong, and leaves nothing then.
        """
        try:
            self._unpack()
            deadline = time.monotonic() + timeout_seconds
            self._packages = self._required(self._directory / "model", deadline)
            self._launch()
            self._await_ping(deadline, timeout_seconds)
        except BaseException as failure:
            self.stop()
            if isinstance(failure, ContainerFailed):
                self._log.write(str(failure))
            raise
        threading.Thread(target=self._supervise, daemon=True).start()
        if self._memory_mb is not None:
            threading.Thread(target=self._watch_memory, args=(self._memory_mb,), daemon=True).start()

    def invoke(
        self, body: bytes, headers: Mapping[str, str], timeout_seconds: float = INVOCATION_TIMEOUT_SECONDS
    ) -> Reply:
        """POST /invocations, between `enter` and `leave`. Raises as `exchange.send` does."""
        return self.send("POST", "/invocations", body, headers, timeout_seconds)

    def stream(
        self, body: bytes, headers: Mapping[str, str], timeout_seconds: float = INVOCATION_TIMEOUT_SECONDS
    ) -> Stream:
        """POST /invocations, answered part by part, between `enter` and `leave`. Raises as `exchange.start` does."""
        return exchange.start(self._port, "/invocations", body, headers, timeout_seconds)

    def send(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float
    ) -> Reply:
        """Any request, between `enter` and `leave`. Raises as `exchange.send` does."""
        return exchange.send(self._port, method, path, body, headers, timeout_seconds)

    def lay(self, name: str, artifact: bytes, timeout_seconds: float) -> Path:
        """Unpack one of several models; its folder, where `packages` is what its requirements ask for.

        Raises ContainerFailed.
        """
        self.clear(name)
        folder = self._directory / "models" / name / "model"
        folder.parent.mkdir(parents=True)
        self._unpack_into(folder, artifact)
        packages = self._required(folder, time.monotonic() + timeout_seconds)
        if packages is not None and not (folder / "packages").exists():
            (folder / "packages").symlink_to(packages)
        return folder

    def clear(self, name: str) -> None:
        """Remove the files of one of several models."""
        shutil.rmtree(self._directory / "models" / name, ignore_errors=True)

    def stop(self) -> None:
        """Let the running requests end, then end the process, and remove its files."""
        self._stopped.set()
        with self._idle:
            self._idle.wait_for(lambda: self._in_flight == 0, INVOCATION_TIMEOUT_SECONDS)
        with self._launching:
            process = self._process
        if process is not None:
            process.stop()
            self._machine.release(process)
        shutil.rmtree(self._directory, ignore_errors=True)

    def enter(self) -> None:
        """Announce a request: `stop` waits for it. Each `enter` needs a `leave`."""
        with self._idle:
            self._in_flight += 1

    def leave(self) -> None:
        """The request is done."""
        with self._idle:
            self._in_flight -= 1
            self._idle.notify_all()

    def _unpack(self) -> None:
        self._directory.mkdir(parents=True)
        model = self._directory / "model"
        if self._artifact is None:
            model.mkdir()
            return
        artifact, self._artifact = self._artifact, None
        self._unpack_into(model, artifact)

    def _unpack_into(self, folder: Path, artifact: bytes) -> None:
        file = folder.with_name("model.tar.gz")
        file.write_bytes(artifact)
        try:
            unpack_tar(file, folder)
        except UnpackFailed as error:
            raise ContainerFailed(str(error)) from error
        finally:
            file.unlink()

    def _required(self, model: Path, deadline: float) -> Path | None:
        """The folder with the packages that a model asks for; None where this Python has them."""
        file = model / "code" / "requirements.txt"
        # Beside the server's own folder: what is installed outlives the embedded AWS.
        cache = self._machine.home.parent / "requirements"
        try:
            return requirements.provide(file, cache, partial(self._run, deadline))
        except requirements.NotInstalled as failure:
            raise ContainerFailed(str(failure)) from failure

    def _run(self, deadline: float, target: Sequence[str], variables: Mapping[str, str]) -> int:
        """Run a program as the container's own, with its output in the container's log; its exit code."""
        process = self._machine.hold(
            Process(
                self._machine.home,
                target,
                environment=base_environment(variables),
                directory=self._directory,
                on_line=self._log.write,
            )
        )
        ended = process.wait(max(0.0, deadline - time.monotonic()))
        process.kill()
        self._machine.release(process)
        if not ended:
            raise ContainerFailed("code/requirements.txt was not installed in time.")
        return process.exit_code or 0

    def _launch(self) -> None:
        with self._launching:
            if self._stopped.is_set():
                return
            self._port = _free_port()
            self._process = self._machine.hold(
                Process(
                    self._machine.home,
                    self._machine.host,
                    environment=base_environment(self._environment()),
                    directory=self._directory,
                    on_line=self._log.write,
                )
            )

    def _environment(self) -> dict[str, str]:
        packages = [str(self._packages)] if self._packages else []
        return {
            "PYTHONPATH": os.pathsep.join([*packages, str(PACKAGE_ROOT)]),
            "PYTHONUNBUFFERED": "1",
            "MODELYARD_BODY_LIMIT_BYTES": str(BODY_LIMIT_BYTES),
            "MODELYARD_QUEUE_SECONDS": str(QUEUE_SECONDS),
            **self._machine.environment(self._region),
            **self._definition.get("Environment", {}),
            "SM_MODEL_DIR": str(self._directory / "model"),
            "SAGEMAKER_BIND_TO_PORT": str(self._port),
            "MODELYARD_BIND": "127.0.0.1",
        }

    def _await_ping(self, deadline: float, timeout_seconds: float) -> None:
        assert self._process is not None
        while time.monotonic() < deadline:
            if self._process.exit_code is not None:
                self._process.wait(1)
                raise ContainerFailed(f"The container exited with code {self._process.exit_code}.")
            with contextlib.suppress(OSError, http.client.HTTPException, exchange.TimedOut):
                if self._ping().status == 200:
                    return
            self._machine.sleep(PING_INTERVAL_SECONDS)
        raise ContainerFailed(f"GET /ping did not answer 200 within {timeout_seconds:g} seconds.")

    def _ping(self) -> Reply:
        return exchange.send(self._port, "GET", "/ping", b"", {}, PING_TIMEOUT_SECONDS)

    def _supervise(self) -> None:
        """SageMaker starts a container that dies again; a slower retry each time that it dies at once."""
        backoff = Backoff()
        while self._process is not None:
            started = time.monotonic()
            self._process.wait()
            self._process.kill()  # what it started itself, and its pipes
            self._machine.release(self._process)
            if self._stopped.wait(backoff.after(time.monotonic() - started)):
                return
            self._log.write(f"The container exited with code {self._process.exit_code}; it is started again.")
            try:
                self._launch()
            except OSError as error:
                self._log.write(f"The container could not be started: {error}")

    def _watch_memory(self, limit_mb: int) -> None:
        """A process that uses more than its limit is killed, as a container is."""
        while not self._stopped.wait(MEMORY_INTERVAL_SECONDS):
            process = self._process
            if process is None or process.exit_code is not None:
                continue
            with contextlib.suppress(psutil.Error):
                resident = psutil.Process(process.pid).memory_info().rss // MEGABYTE
                if resident > limit_mb:
                    self._log.write(f"The container used {resident} MB of {limit_mb} MB, and was killed.")
                    process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def log_of(
    machine: Machine, account_id: str, region: str, endpoint: str, variant: str, instance_id: str
) -> LogStream:
    """The stream of one instance, named as SageMaker names it."""
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    return LogStream(account_id, region, group, f"{variant}/{instance_id}", machine.clock)
