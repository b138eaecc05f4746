"""Whether the holder of a state's lock can still be at work.

A lock in S3 outlives a Terraform that was killed. It names user and machine, and no process: that its holder is gone is
proven only on the machine itself, and only where no Terraform runs on it that may be at work on the same state.
"""

import getpass
import json
import socket
from collections.abc import Iterable
from pathlib import Path

PROGRAMS = frozenset({"terraform", "tofu"})
_NAMELESS = frozenset({"localhost", "localhost.localdomain", ""})
"""Names that other machines have too."""


def is_gone(
    who: str, directory: Path, me: str | None = None, running: Iterable[tuple[str, Path | None]] | None = None
) -> bool:
    """Whether `who` (user@machine, as a lock names its holder) is proven to hold the state of `directory` no more.

    `me` is who we are, `running` the programs that run here and their directories (None is not known); both are
    looked up where they are not given.
    """
    own = _me() if me is None else me
    if who != own or own.partition("@")[2] in _NAMELESS:
        return False
    programs = _running() if running is None else list(running)
    ours = _state(directory)
    return bool(programs) and not any(name in PROGRAMS and _may_hold(where, ours) for name, where in programs)


def _may_hold(where: Path | None, ours: object) -> bool:
    state = _state(where) if where is not None else None
    return state is None or ours is None or state == ours


def _state(directory: Path) -> object:
    """Where Terraform keeps the state of `directory`, as its init has written it down; None is not known."""
    own = directory / ".terraform"
    try:
        backend = json.loads((own / "terraform.tfstate").read_text())["backend"]
        return backend["type"], backend["config"].get("bucket"), backend["config"].get("key")
    except FileNotFoundError:
        # An init that has come to the providers has the backend behind it: it was given none.
        return ("local", None, None) if (own / "providers").is_dir() else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _me() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return ""


def _running(processes: Path = Path("/proc")) -> list[tuple[str, Path | None]]:
    """The programs that run here, and their directories; none where the system does not tell, as on macOS."""
    found = []
    for process in processes.glob("[0-9]*"):
        try:
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            if state not in "ZX":
                found.append(((process / "comm").read_text().strip(), _directory(process)))
        except (OSError, IndexError):  # it has just ended
            continue
    return found


def _directory(process: Path) -> Path | None:
    try:
        return (process / "cwd").readlink()
    except OSError:  # it is somebody else's
        return None
