"""A `pulumi` to be found on PATH: `stand_in.py`, by the Python of the tests."""

import sys
from pathlib import Path

STAND_IN = Path(__file__).with_name("stand_in.py")


def install(folder: Path) -> Path:
    """Makes `folder` with the program in it; returns the folder."""
    folder.mkdir(parents=True)
    program = folder / "pulumi"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -I {STAND_IN} "$@"\n')
    program.chmod(0o755)
    return folder
