"""Files that only their owner may read."""

import os
from pathlib import Path


def write(file: Path, text: str) -> None:
    """Writes `file` with mode 0600, whole or not at all."""
    half = file.with_name(f".{file.name}.half")
    half.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)
        half.replace(file)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
