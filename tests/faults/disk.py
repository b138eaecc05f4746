"""A disk that is nearly full, for a folder of a project: a small file system of its own, and something that fills it."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_BLOCK = 4096


@dataclass(frozen=True)
class Disk:
    """The file system at `place`."""

    place: Path

    @property
    def _ballast(self) -> Path:
        return self.place / ".ballast"

    def leave(self, free_bytes: int) -> None:
        """Fill it up to the last `free_bytes`."""
        self.make_room()
        free = shutil.disk_usage(self.place).free
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(_BLOCK, free - free_bytes))

    def make_room(self) -> None:
        """Take away what fills it."""
        self._ballast.unlink(missing_ok=True)

    def files(self) -> list[Path]:
        """What was written to it."""
        return [path for path in self.place.rglob("*") if path.is_file() and path != self._ballast]


@contextlib.contextmanager
def mounted(place: Path, size_bytes: int) -> Iterator[Disk]:
    """A file system of `size_bytes` over the folder `place`; the test is skipped where none can be mounted."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small file system takes root and mount")
    options = ["-t", "tmpfs", "-o", f"size={size_bytes},mode=0700", "none", str(place)]
    done = subprocess.run(["mount", *options], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
