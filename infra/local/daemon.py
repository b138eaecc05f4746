"""Starts, finds and stops the embedded AWS, which runs as a background process of its own.

Its folder (`.modelyard/local`) holds all its state: server.json, server.log, the files of endpoints and
functions, and the Terraform state of what was deployed to it. All of it goes when the server goes: moto keeps
AWS in memory.
"""

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.errors import EmbeddedAwsError
from infra.local.processes import LAUNCHER, PACKAGE_ROOT
from infra.local.server import IDLE_HOURS, STATE_FILE

LOG_FILE = "server.log"
START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 10
HEALTH_TIMEOUT_SECONDS = 5
HEALTH_TRIES = 4
"""Of a server that takes connections and does not answer: a busy one must not be taken for a dead one."""

POLL_SECONDS = 0.05

_lifelines: dict[Path, int] = {}
"""Write ends of the pipes to servers that are to die with this process; the kernel closes them."""


@dataclass(frozen=True)
class Running:
    """An embedded AWS that answers. `time` is AWS's own, which runs `speed` times as fast as ours."""

    endpoint_url: str
    pid: int
    started: datetime
    speed: float
    time: datetime = field(compare=False)


def up(
    home: Path,
    *,
    parent_pipe: bool = False,
    idle_hours: float = IDLE_HOURS,
    host: Sequence[str] | None = None,
    speed: float | None = None,
    timeout_seconds: float = START_TIMEOUT_SECONDS,
) -> Running:
    """The embedded AWS in `home`: the one that runs, or a new one.

    With `parent_pipe` a new one stops when this process ends, however it ends; else after `idle_hours`
    without a request. `host` replaces what an endpoint's process runs. `speed` is how many times as fast AWS's
    time runs, 1 where it is None. Raises EmbeddedAwsError, also where one runs at another speed than `speed`.
    """
    if find_spec("moto") is None or find_spec("psutil") is None:
        raise EmbeddedAwsError(
            "The embedded AWS needs moto, which is not installed; run: pip install 'modelyard[local]'"
        )
    home = home.resolve()
    home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _exclusive(home):
        if (running := find(home)) is not None:
            if speed is not None and running.speed != speed:
                raise EmbeddedAwsError(
                    f"The embedded AWS runs already, at speed {running.speed:g}, and {speed:g} was asked for; "
                    "run `modelyard local down` first: what is in it goes then."
                )
            return running
        _sweep(home)
        _wipe(home)
        home.mkdir(mode=0o700)
        return _start(home, parent_pipe, _options(idle_hours, speed or 1.0, host), timeout_seconds)


def find(home: Path) -> Running | None:
    """The embedded AWS of `home`, where one answers; the file of one that died counts for none."""
    state = _state(home)
    health = _health(state) if state is not None else None
    if state is None or health is None:
        return None
    return Running(
        state["endpoint_url"],
        state["pid"],
        datetime.fromisoformat(state["started"]),
        health["speed"],
        datetime.fromisoformat(health["time"]),
    )


def down(home: Path) -> bool:
    """Stop the embedded AWS of `home` with all its processes, and remove `home`. Whether one ran."""
    home = home.resolve()
    if not home.parent.is_dir():
        return False
    with _exclusive(home):
        running = find(home)
        if running is not None:
            _end(running.pid)
        _sweep(home)
        _wipe(home)
        if (lifeline := _lifelines.pop(home, None)) is not None:
            os.close(lifeline)
        return running is not None


def _options(idle_hours: float, speed: float, host: Sequence[str] | None) -> list[str]:
    replaced = ["--host", json.dumps(list(host))] if host is not None else []
    return ["--idle-hours", str(idle_hours), "--speed", str(speed), *replaced]


def _start(home: Path, parent_pipe: bool, options: list[str], timeout_seconds: float) -> Running:
    command = [sys.executable, "-m", "infra.local.server", str(home), *options]
    inherited: tuple[int, ...] = ()
    if parent_pipe:
        read_end, _lifelines[home] = os.pipe()
        inherited = (read_end,)
        command += ["--parent-fd", str(read_end)]
    # the user's own AWS and moto settings are not the embedded AWS's
    inherited_variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))
    }
    path = os.pathsep.join([str(PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    descriptor = os.open(home / LOG_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**inherited_variables, "PYTHONPATH": path},
            pass_fds=inherited,
            start_new_session=True,
            umask=0o077,  # models as they are unpacked, and what is invoked of them
        )
    for descriptor in inherited:
        os.close(descriptor)
    return _await(home, process, timeout_seconds)


def _await(home: Path, process: "subprocess.Popen[bytes]", timeout_seconds: float) -> Running:
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline and process.poll() is None:
        if (running := find(home)) is not None:
            return running
        time.sleep(POLL_SECONDS)
    found = (
        f"did not answer within {timeout_seconds:g} seconds"
        if process.poll() is None
        else f"ended with code {process.returncode}"
    )
    process.kill()
    process.wait()
    lines = (home / LOG_FILE).read_text(errors="replace").strip().splitlines()
    last = f"; it said: {lines[-1]}" if lines else ""
    raise EmbeddedAwsError(f"The embedded AWS {found}{last}. Its log is {home / LOG_FILE}")


def _state(home: Path) -> dict[str, Any] | None:
    try:
        state = json.loads((home / STATE_FILE).read_text())
    except (OSError, ValueError):
        return None
    complete = isinstance(state, dict) and {"endpoint_url", "pid", "identity", "started"} <= state.keys()
    return state if complete else None


def _health(state: dict[str, Any]) -> dict[str, Any] | None:
    """What the server of `state` says, where it is behind its port: another one there has another identity."""
    address = urlsplit(state["endpoint_url"])
    for _ in range(HEALTH_TRIES):
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=HEALTH_TIMEOUT_SECONDS
        )
        try:
            connection.request("GET", "/_embedded/health")
            health = json.loads(connection.getresponse().read())
            own = isinstance(health, dict) and health.get("identity") == state["identity"]
            return health if own else None
        except TimeoutError:
            continue
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()
    return None


def _end(pid: int) -> None:
    """SIGTERM, then SIGKILL; return when the process is gone."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(STOP_TIMEOUT_SECONDS)


def _sweep(home: Path) -> None:
    """End what still runs for `home`: a server that does not answer, and processes that it left behind."""
    with contextlib.suppress(ImportError):
        import psutil

        def ours(process: "psutil.Process") -> bool:
            with contextlib.suppress(psutil.Error):
                command = process.cmdline()
                return str(home) in command and bool({str(LAUNCHER), "infra.local.server"} & set(command))
            return False

        left = [process for process in psutil.process_iter() if ours(process)]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, STOP_TIMEOUT_SECONDS)


def _wipe(home: Path) -> None:
    if home.exists():
        shutil.rmtree(home)


@contextlib.contextmanager
def _exclusive(home: Path) -> Iterator[None]:
    """One at a time: two `up` at once must not start two servers."""
    descriptor = os.open(home.with_name(f"{home.name}.lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
