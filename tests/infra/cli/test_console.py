"""What is asked before something is done: a yes, or a name where somebody uses what goes."""

import os
import pty
import subprocess
import sys

import pytest

PROGRAM = (
    "from infra.cli import console; print(console.agreed('Destroy shop on dev?', 'shop', {used!r}, False))"
)
USED = ["rank (dev-shop-rank) was last used about 11:56 UTC, and goes"]


def asked(used: list[str], typed: str) -> tuple[str, str]:
    """What comes of it where a person types this, and what that person was shown."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(used=used)],
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=60,
    )
    os.close(theirs)
    os.close(ours)
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize(
    "used, typed, agreed",
    [
        ([], "y\n", "True"),
        ([], "n\n", "False"),
        (USED, "shop\n", "True"),
        (USED, "y\n", "False"),
        (USED, "\n", "False"),
    ],
)
def test_a_name_is_asked_for_where_somebody_uses_what_goes(used, typed, agreed):
    said, shown = asked(used, typed)
    assert said == agreed
    assert ("To go on, type shop" in shown) is bool(used)
    assert all(line in shown for line in used)
