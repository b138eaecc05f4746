"""One warm process of one version of a function: its start, one invocation at a time, and its limits."""

import base64
import contextlib
import json
import os
import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local import reports
from infra.local.machine import Machine
from infra.local.processes import Process, base_environment
from infra.local.telemetry import LogStream

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
RUNTIME_API = Path(__file__).with_name("runtime_api.py")
"""What takes its place for a function that brings a runtime of its own."""

INIT_SECONDS = 10
"""What Lambda gives the initialisation. One that takes longer is begun anew with the first invocation, as a part of it
and of its timeout (Lambda Developer Guide, 'Init phase'): what loads for longer than both is never there. The first 10
seconds, which are for nothing then, are not waited for here."""

PREPARE_SECONDS = 130
"""The same for provisioned concurrency, where the function's timeout is not longer."""

MEMORY_POLL_SECONDS = 0.05
MEGABYTE = 1024 * 1024


OnPart = Callable[[bytes], None]


@dataclass(frozen=True)
class Program:
    """What a sandbox runs: one version of a function."""

    interpreter: Sequence[str]
    task_root: Path
    environment: Mapping[str, str]
    memory_mb: int
    timeout_seconds: float
    packages: Path
    bootstrap: Path = BOOTSTRAP
    ephemeral_mb: int = 512


@dataclass(frozen=True)
class Outcome:
    """What one invocation came to. `error` is the function's error as Lambda returns it."""

    payload: str | None
    error: dict[str, Any] | None
    seconds: float
    init_seconds: float | None
    max_memory_mb: int
    tail: Sequence[str]


class Sandbox:
    """Starts the process at once; `invoke` waits for its initialisation."""

    def __init__(self, machine: Machine, program: Program, log: LogStream) -> None:
        self._machine, self._program, self._log = machine, program, log
        self._marker = f"\x1e{secrets.token_hex(8)} "
        self._responses: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._marked: queue.Queue[str] = queue.Queue()
        self._tail: list[str] = []
        self._max_memory = 0
        self._over_memory = False
        self._state = threading.Condition()
        self._busy = self._ended = False
        self._started = time.monotonic()
        self._init_seconds: float | None = None
        self._new = True
        self._on_part: OnPart = lambda part: None
        self._requests: int | None = None
        self._process = self._launch()
        threading.Thread(target=self._watch_memory, daemon=True).start()

    @property
    def usable(self) -> bool:
        """Whether it can take another invocation."""
        return not self._ended and self._process.exit_code is None

    def invoke(
        self, request_id: str, arn: str, event: str, version: str, on_part: OnPart | None = None
    ) -> Outcome:
        """Run the handler once. Afterwards the sandbox may be gone: see `usable`.

        The parts of a streamed answer go to `on_part` as they come; without it they are the payload together.
        """
        parts: list[bytes] = []
        self._on_part = on_part or parts.append
        self._tail, self._max_memory = [], 0
        self._enter_state(busy=True)
        first, self._new = self._new, False
        self._write(f"START RequestId: {request_id} Version: {version}")
        try:
            timeout = self._program.timeout_seconds
            error, started = (
                self._initialise(request_id, max(INIT_SECONDS, timeout))
                if first
                else (None, time.monotonic())
            )
            payload = None
            if error is None:
                again = self._init_seconds if first and self._init_seconds else 0.0
                started = time.monotonic()
                payload, error = self._run(request_id, arn, event, again if again > INIT_SECONDS else 0.0)
                payload = b"".join(parts).decode(errors="replace") if parts else payload
            self._sample_memory()
        finally:
            self._enter_state(busy=False)
        outcome = Outcome(
            payload,
            error,
            time.monotonic() - started,
            self._init_seconds if first else None,
            max(1, round(self._max_memory / MEGABYTE)),
            self._tail,
        )
        for line in reports.end(
            request_id,
            outcome.seconds,
            outcome.init_seconds,
            self._program.memory_mb,
            outcome.max_memory_mb,
        ):
            self._write(line)
        return outcome

    def prepare(self) -> dict[str, Any] | None:
        """Wait for the initialisation before any invocation does; the function's error where it failed."""
        self._tail, self._new = [], False
        self._enter_state(busy=True)
        try:
            error, _ = self._initialise("", max(PREPARE_SECONDS, self._program.timeout_seconds))
            self._sample_memory()
        finally:
            self._enter_state(busy=False)
        return error

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._machine.release(self._process)
        self._enter_state(ended=True)
        if self._requests is not None:
            os.close(self._requests)
            self._requests = None

    def _launch(self) -> Process:
        request_read, requests = os.pipe()
        response_read, response_write = os.pipe()
        try:
            process = Process(
                self._machine.home,
                [
                    str(self._program.bootstrap),
                    str(request_read),
                    str(response_write),
                    self._marker,
                    str(self._program.packages),
                ],
                environment=base_environment(self._program.environment),
                directory=self._program.task_root,
                on_line=self._on_line,
                interpreter=self._program.interpreter,
                inherited_fds=(request_read, response_write),
            )
        except BaseException:
            os.close(requests)
            os.close(response_read)
            raise
        finally:
            os.close(request_read)
            os.close(response_write)
        self._requests = requests
        self._limit_files(process.pid)
        threading.Thread(target=self._read_responses, args=(response_read,), daemon=True).start()
        return self._machine.hold(process)

    def _limit_files(self, pid: int) -> None:
        """No file is larger than /tmp would be. Lambda counts all of them together; a process cannot be told that."""
        import psutil

        limit = self._program.ephemeral_mb * MEGABYTE
        with contextlib.suppress(psutil.Error):
            psutil.Process(pid).rlimit(psutil.RLIMIT_FSIZE, (limit, limit))

    def _read_responses(self, descriptor: int) -> None:
        with os.fdopen(descriptor, encoding="utf-8") as responses:
            for line in responses:
                self._responses.put(json.loads(line))
        self._enter_state(ended=True)
        self._responses.put(None)

    def _enter_state(self, *, busy: bool | None = None, ended: bool = False) -> None:
        with self._state:
            self._busy = self._busy if busy is None else busy
            self._ended = self._ended or ended
            self._state.notify_all()

    def _on_line(self, line: str) -> None:
        before, found, request_id = line.partition(self._marker)
        if before or not found:
            self._write(before)
        if found:
            self._marked.put(request_id)

    def _write(self, line: str) -> None:
        self._tail.append(line)
        self._log.write(line)

    def _initialise(self, request_id: str, allowed: float) -> tuple[dict[str, Any] | None, float]:
        response, error = self._await("init", request_id, self._started + allowed, self._started)
        self._init_seconds = time.monotonic() - self._started
        if error is None and response is not None and "error" in response:
            error = {**response["error"], "requestId": request_id}
            self.stop()
        return error, self._started

    def _run(
        self, request_id: str, arn: str, event: str, spent_seconds: float
    ) -> tuple[str | None, dict[str, Any] | None]:
        """`spent_seconds` of its time are over."""
        timeout = self._program.timeout_seconds - spent_seconds
        request = {"id": request_id, "arn": arn, "event": event, "deadline": time.time() + timeout}
        line = (json.dumps(request) + "\n").encode()
        assert self._requests is not None
        # a large event fills the pipe while the function still starts to read: never block on it
        own = os.dup(self._requests)  # `stop` may close the other, and its number may be another file's then
        threading.Thread(target=_write_all, args=(own, line), daemon=True).start()
        started = time.monotonic()
        response, error = self._await(request_id, request_id, started + timeout, started)
        if error is not None or response is None:
            return None, error
        return response.get("payload"), response.get("error")

    def _await(
        self, mark: str, request_id: str, deadline: float, started: float
    ) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        try:
            response = self._responses.get(timeout=max(0.0, deadline - time.monotonic()))
            while response is not None and "part" in response:
                self._on_part(base64.b64decode(response["part"]))
                response = self._responses.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            self.stop()
            now = self._machine.clock()
            return None, self._told(reports.timed_out(request_id, self._program.timeout_seconds, now))
        if response is None:
            self._process.wait(5)
            self.stop()
            return None, self._told(reports.exited(request_id, self._process.exit_code, self._over_memory))
        with contextlib.suppress(queue.Empty):
            while self._marked.get(timeout=1) != mark:
                pass
        return response, None

    def _told(self, ending: tuple[str, dict[str, str]]) -> dict[str, Any]:
        line, error = ending
        self._write(line)
        return dict(error)

    def _watch_memory(self) -> None:
        while self._is_at_work():
            self._sample_memory()
            if self._max_memory > self._program.memory_mb * MEGABYTE:
                self._over_memory = True
                self._process.kill()
                return
            self._machine.sleep(MEMORY_POLL_SECONDS)

    def _is_at_work(self) -> bool:
        """Wait for an invocation, or for the end. A process may die while it is idle: nobody tells but its pipe."""
        with self._state:
            self._state.wait_for(lambda: self._busy or self._ended)
            return not self._ended

    def _sample_memory(self) -> None:
        import psutil

        with contextlib.suppress(psutil.Error):
            resident = psutil.Process(self._process.pid).memory_info().rss
            self._max_memory = max(self._max_memory, resident)


def _write_all(descriptor: int, data: bytes) -> None:
    with contextlib.suppress(OSError):  # the process ended first; whoever waits for it says so
        while data:
            data = data[os.write(descriptor, data) :]
    os.close(descriptor)
