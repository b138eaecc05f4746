"""A child process in a group of its own: its lines as they come, and an end that is certain.

Ctrl-C reaches the child only through us: the first interrupt lets it save its work, the second and the
kill of the whole group make sure that it ends.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

_TICK_SECONDS = 0.5
_DRAIN_SECONDS = 1.0


@dataclass(frozen=True)
class Patience:
    """How long a child may take to end after its first, and then after its second interrupt."""

    first_seconds: float
    second_seconds: float


@dataclass(frozen=True)
class Ended:
    """How the child ended; `stderr` is what it wrote there."""

    returncode: int
    stderr: str


def run(
    arguments: Sequence[str],
    *,
    directory: Path,
    environ: Mapping[str, str],
    patience: Patience,
    on_line: Callable[[str], None],
    on_interrupt: Callable[[], None] = lambda: None,
) -> Ended:
    """Runs a program to its end; calls `on_line` with each line of its stdout as it comes.

    SIGINT, SIGTERM and SIGHUP to us, and an exception out of `on_line`, stop the child: SIGINT to it, SIGINT
    again after `patience.first_seconds`, SIGKILL to its group after `patience.second_seconds` more. Then
    KeyboardInterrupt, or that exception, is raised. Nothing of the group outlives this call, nor us: where we are
    killed, a guard stops the child in the same way.
    Raises OSError where the program cannot be started.
    """
    with _Interrupts() as interrupts:
        child = subprocess.Popen(
            arguments,
            cwd=directory,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            umask=0o077,
        )
        try:
            with _guarded(child, patience):
                ended = _Watch(child, patience, interrupts, on_line, on_interrupt).until_end()
        finally:
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()
            for stream in (child.stdout, child.stderr):
                if stream is not None:
                    stream.close()
    if interrupts.count:
        raise KeyboardInterrupt
    return ended


_GUARD = """\
read -r _
kill -INT "$1" 2>/dev/null
n=0
while [ $n -lt "$2" ] && kill -0 "$1" 2>/dev/null; do sleep 0.2; n=$((n + 1)); done
kill -KILL "-$1" 2>/dev/null
"""
"""Waits for the end of us, which closes its input. A program whose parent is killed works on, unseen: it would hold
the state's lock, and die of its next line of output, which nobody reads, with its state unsaved."""


@contextlib.contextmanager
def _guarded(child: subprocess.Popen[bytes], patience: Patience) -> Iterator[None]:
    """A process that outlives us for the length of a `with`, and keeps the child's output open."""
    assert child.stdout is not None and child.stderr is not None
    ticks = str(int((patience.first_seconds + patience.second_seconds) * 5))
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "sh", str(child.pid), ticks],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(child.stdout.fileno(), child.stderr.fileno()),
        start_new_session=True,
    )
    try:
        yield
    finally:
        guard.kill()
        guard.wait()
        assert guard.stdin is not None
        guard.stdin.close()


class _Interrupts:
    """Counts SIGINT, SIGTERM and SIGHUP instead of raising: no second Ctrl-C cuts the stopping short."""

    def __init__(self) -> None:
        self.count = 0
        self.wake, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "_Interrupts":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                previous = signal.getsignal(number)
                if previous not in (signal.SIG_IGN, None):
                    self._previous[number] = previous
                    signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)
        os.close(self.wake)
        os.close(self._waker)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        with contextlib.suppress(BlockingIOError):
            os.write(self._waker, b".")


class _Watch:
    """Reads a child's output and walks through the steps of stopping it."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        patience: Patience,
        interrupts: _Interrupts,
        on_line: Callable[[str], None],
        on_interrupt: Callable[[], None],
    ) -> None:
        assert child.stdout is not None and child.stderr is not None
        self._child = child
        self._interrupts = interrupts
        self._on_line = on_line
        self._on_interrupt = on_interrupt
        self._buffers = {child.stdout.fileno(): bytearray(), child.stderr.fileno(): bytearray()}
        self._stdout = child.stdout.fileno()
        self._error: BaseException | None = None
        self._steps: list[tuple[float, Callable[[], None]]] | None = None
        self._patience = patience

    def until_end(self) -> Ended:
        with selectors.DefaultSelector() as selector:
            selector.register(self._interrupts.wake, selectors.EVENT_READ)
            for stream in self._buffers:
                selector.register(stream, selectors.EVENT_READ)
            give_up = float("inf")
            while len(selector.get_map()) > 1 or self._child.poll() is None:
                for key, _ in selector.select(self._timeout(len(selector.get_map()) > 1)):
                    self._read(selector, key.fd)
                self._advance()
                if self._child.poll() is not None and give_up == float("inf"):
                    # A provider that terraform left behind would hold the pipes open.
                    _signal_group(self._child.pid, signal.SIGKILL)
                    give_up = time.monotonic() + _DRAIN_SECONDS
                if time.monotonic() > give_up:
                    break
        self._line(bytes(self._buffers[self._stdout]))
        if self._error is not None:
            raise self._error
        stderr = next(text for stream, text in self._buffers.items() if stream != self._stdout)
        return Ended(self._child.wait(), stderr.decode(errors="replace"))

    def _read(self, selector: selectors.BaseSelector, stream: int) -> None:
        data = os.read(stream, 65536)
        if stream == self._interrupts.wake:
            return
        if not data:
            selector.unregister(stream)
            return
        buffer = self._buffers[stream]
        buffer += data
        if stream == self._stdout:
            *lines, rest = bytes(buffer).split(b"\n")
            buffer[:] = rest
            for line in lines:
                self._line(line)

    def _line(self, line: bytes) -> None:
        if line and self._error is None:
            try:
                self._on_line(line.decode(errors="replace"))
            except BaseException as error:  # raised again when the child has ended
                self._error = error

    def _advance(self) -> None:
        now = time.monotonic()
        if self._steps is None:
            if not self._interrupts.count and self._error is None:
                return
            first, second = self._patience.first_seconds, self._patience.second_seconds
            self._steps = [
                (now, self._interrupt),
                (now + first, self._interrupt),
                (now + first + second, lambda: _signal_group(self._child.pid, signal.SIGKILL)),
            ]
            if self._error is None:
                self._on_interrupt()
        while self._steps and self._steps[0][0] <= now:
            self._steps.pop(0)[1]()

    def _timeout(self, streaming: bool) -> float:
        if self._steps:
            return max(0.0, min(_TICK_SECONDS, self._steps[0][0] - time.monotonic()))
        return _TICK_SECONDS if streaming else 0.02

    def _interrupt(self) -> None:
        # To terraform alone: it tells its providers itself.
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGINT)


def _signal_group(group: int, number: signal.Signals) -> None:
    # macOS says EPERM where only a zombie is left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
