"""The virtual environment of the judges, and how one of them is run."""

import subprocess
from pathlib import Path

import pytest

BIN = Path(__file__).parents[2] / ".venv" / "judges" / "bin"


def run(program: str, *words: str, folder: Path, codes: tuple[int, ...] = (0, 1)) -> str:
    """What `program` prints; it works in `folder` and ends with one of `codes`."""
    if not (BIN / program).exists():
        pytest.skip("the judges are not installed; run: make .venv/.judges")
    done = subprocess.run(
        [str(BIN / program), *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,  # parliament reads a policy from there otherwise
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode in codes, (
        f"{program}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    )
    return done.stdout
