"""Making weights that are not on disk yet, with the script that the model folder carries for it."""

import collections
import contextlib
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from model_packaging.errors import PrepareFailed
from model_packaging.model import Model

LAST_LINES = 15
PATIENCE_SECONDS = 5
"""Given to an interrupted script until it is killed."""

UNFINISHED = ".unfinished.json"
"""Lies in a model's folder while its script runs, with the weights that it makes."""


def prepare(model: Model, base: Path, output: TextIO | None = None) -> None:
    """Run the prepare script where weights are missing; its output goes to `output` (stderr).

    Raises `InvalidModel` for a folder that cannot work, `PrepareFailed` with the script's last lines.
    A script that fails, or that is interrupted, leaves no half-made weights.
    """
    model.check(base)
    directory = model.directory(base)
    if not model.missing_weights(base) and not (directory / UNFINISHED).exists():
        return
    with _locked(directory):
        _tidy(directory)
        missing = model.missing_weights(base)  # another process may have made them meanwhile
        if not missing:
            return
        made = False
        try:
            (directory / UNFINISHED).write_text(json.dumps(missing))
            _run(model, directory, output or sys.stderr)
            still = model.missing_weights(base)
            if still:
                raise PrepareFailed(
                    f"{model.path / str(model.prepare)} ended without making {', '.join(still)}; "
                    "let it write the file into its own folder, or correct weights=(...)."
                )
            made = True
        finally:
            if not made:
                for name in missing:
                    (directory / name).unlink(missing_ok=True)
            (directory / UNFINISHED).unlink(missing_ok=True)


def _tidy(directory: Path) -> None:
    """Remove the weights that a script was making when this process was killed: nobody knows whether they are whole."""
    notes = directory / UNFINISHED
    with contextlib.suppress(FileNotFoundError):
        with contextlib.suppress(ValueError):  # killed before the first weights, while it noted which
            for name in json.loads(notes.read_text()):
                (directory / name).unlink(missing_ok=True)
        notes.unlink()


def _run(model: Model, directory: Path, output: TextIO) -> None:
    command = [sys.executable, str(model.prepare)]
    last: collections.deque[str] = collections.deque(maxlen=LAST_LINES)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                last.append(line.rstrip())
                print(line, end="", file=output, flush=True)
        except BaseException:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    if process.returncode != 0:
        raise PrepareFailed(
            f"{model.path / str(model.prepare)} ended with code {process.returncode}; its last lines:\n"
            + "\n".join(f"  {line}" for line in last)
        )


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One process at a time per folder; the lock ends with the process."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
