"""Whether the holder of a state's lock can still be at work.

A lock in S3 outlives a Terraform that was killed. It names user and machine, and no process: that its holder is gone is
proven only on the machine itself, and only where no Terraform runs on it at all.
"""

import getpass
import socket
from collections.abc import Iterable
from pathlib import Path

PROGRAMS = frozenset({"terraform", "tofu"})
_NAMELESS = frozenset({"localhost", "localhost.localdomain", ""})
"""Names that other machines have too."""


def is_gone(who: str, me: str | None = None, running: Iterable[str] | None = None) -> bool:
    """Whether `who` (user@machine, as a lock names its holder) is proven to hold nothing any more.

    `me` is who we are, `running` the names of the programs that run here; both are looked up where they are not given.
    """
    own = _me() if me is None else me
    if who != own or own.partition("@")[2] in _NAMELESS:
        return False
    names = _running() if running is None else list(running)
    return bool(names) and PROGRAMS.isdisjoint(names)


def _me() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return ""


def _running(processes: Path = Path("/proc")) -> list[str]:
    """The names of the programs that run here; none where the system does not tell, as on macOS."""
    names = []
    for process in processes.glob("[0-9]*"):
        try:
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX":
                names.append((process / "comm").read_text().strip())
        except (OSError, IndexError):  # it has just ended
            continue
    return names
