"""What a full disk has cut short in a working directory: Terraform writes its files in place and reads them as JSON."""

import json
import os
from pathlib import Path

from infra.engines import private_file
from infra.engines.terraform import initialised


def forget_note(directory: Path) -> None:
    """Remove Terraform's own note of its backend where it is cut short; `init` writes it anew.

    With it Terraform never starts again: "Failed to load state: unexpected end of JSON input".
    """
    note = directory / initialised.DATA / "terraform.tfstate"
    if note.is_file() and not _is_whole(note):
        note.unlink()
        (directory / initialised.DATA / initialised.RECORD).unlink(missing_ok=True)


def restore_state(state: Path) -> str | None:
    """Put its backup in the place of a local state that is cut short; what was done, None where it is whole.

    What was made after the backup is found again by its name, as after a kill. What was cut stays beside it.
    """
    if not state.is_file() or _is_whole(state):
        return None
    cut, backup = (state.with_name(f"{state.name}.{ending}") for ending in ("cut", "backup"))
    cut.unlink(missing_ok=True)
    if not _is_whole(backup):
        state.replace(cut)
        return f"{state.name} was cut short, mostly by a full disk: what it knew is looked for on AWS"
    os.link(state, cut)  # takes no room; the state is not gone where there still is none for its backup
    private_file.write(state, backup.read_text())
    return (
        f"{state.name} was cut short, mostly by a full disk: its backup is taken, and what was made since is looked "
        "for on AWS"
    )


def _is_whole(file: Path) -> bool:
    try:
        json.loads(file.read_text())
    except (OSError, ValueError):
        return False
    return True
