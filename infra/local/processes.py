"""Processes of the embedded AWS: each in a group of its own, and none outlives the server."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
PACKAGE_ROOT = Path(__file__).resolve().parents[2]
"""The directory that holds `infra` and `model_packaging`."""

INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
"""Variables of the server that its processes see; everything else is given to them by name."""

OnLine = Callable[[str], None]


def base_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The few variables that every process needs, and `environment` over them."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**inherited, **environment}


class Process:
    """One started program: its output goes to `on_line`, and its group dies with it."""

    def __init__(
        self,
        home: Path,
        target: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        on_line: OnLine,
        interpreter: Sequence[str] = (sys.executable,),
        inherited_fds: Sequence[int] = (),
    ) -> None:
        self._popen = subprocess.Popen(
            [*interpreter, str(LAUNCHER), str(home), *target],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=directory,
            pass_fds=tuple(inherited_fds),
            start_new_session=True,
        )
        self.pid = self._popen.pid
        self._killed = False
        self._reader = threading.Thread(target=self._read, args=(on_line,), daemon=True)
        self._reader.start()

    def _read(self, on_line: OnLine) -> None:
        assert self._popen.stdout is not None
        for line in self._popen.stdout:
            on_line(line.decode(errors="replace").rstrip("\r\n"))

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._popen.poll()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it ended within `seconds`; afterwards all its output is read."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._reader.join(1)
        return True

    def kill(self) -> None:
        """End the whole group at once. Only the first call does: later the id may be another group's."""
        if self._killed:
            return
        self._killed = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._close()

    def stop(self, grace_seconds: float = 5) -> None:
        """Ask it to end, as a container is asked; after `grace_seconds` end it."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                self._popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(grace_seconds)  # its output has no end while a child of it lives
        self.kill()

    def _close(self) -> None:
        self.wait(5)
        assert self._popen.stdin is not None and self._popen.stdout is not None
        with contextlib.suppress(OSError):
            self._popen.stdin.close()
        if not self._reader.is_alive():
            self._popen.stdout.close()
