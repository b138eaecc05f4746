"""One run at a time in a working directory: a second one would write its plan over the one that the first has shown.

Terraform's own lock is held while it plans and while it applies, and not in between, when somebody is asked.
"""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from infra.errors import EngineError

FILE = "modelyard-run"
WAIT_SECONDS, PAUSE_SECONDS = 30.0, 0.2

_held: dict[Path, int] = {}
"""The open files by directory: a turn lasts as long as its process, and the system ends it with the process."""


class Busy(EngineError):
    """Another run is at work in the directory."""


def take(
    directory: Path,
    say: Callable[[str], None],
    wait_seconds: float = WAIT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Have the directory for this process. Waits for another run, and raises `Busy`, which names it, if it goes on."""
    if directory in _held:
        return
    file = os.open(directory / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    waited = 0.0
    while not _is_taken(file):
        holder = _holder(file)
        if waited == 0:
            say(f"Waiting for {holder}, which is at work on {directory.name}")
        if waited >= wait_seconds:
            os.close(file)
            raise Busy(
                f"{holder} is at work on {directory.name}, and still was after {wait_seconds:.0f} s: wait until it has "
                "ended, and run this again."
            )
        sleep(PAUSE_SECONDS)
        waited += PAUSE_SECONDS
    os.ftruncate(file, 0)
    os.pwrite(file, f"process {os.getpid()}, since {time.strftime('%Y-%m-%d %H:%M:%S')}".encode(), 0)
    _held[directory] = file


def _is_taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: int) -> str:
    told = os.pread(file, 200, 0).decode(errors="replace")
    return f"another run ({told})" if told else "another run"
