"""The end of a verb: what it says is all that is said."""

import subprocess
import sys

import pytest

FAREWELL = """
import atexit, sys
atexit.register(lambda: print("farewell", file=sys.stderr))
from infra.cli import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("words", "code", "heard"),
    [(["cost", "--help"], 0, False), (["cost"], 2, False), (["--debug", "cost", "--help"], 0, True)],
)
def test_a_library_that_ends_with_the_process_says_nothing(words, code, heard):
    done = subprocess.run(
        [sys.executable, "-c", FAREWELL, *words], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == code
    assert ("farewell" in done.stderr) == heard
    assert (code == 0) == (not done.stderr.replace("farewell", "").strip())
