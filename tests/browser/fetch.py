"""Brings Debian's headless Chromium into `.venv/chromium`, without root and without installing anything.

    python -m tests.browser.fetch

Where a browser is installed already, or apt is not there, nothing is done.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.browser import FOLDER, find
from tests.debian import bring

PACKAGE = "chromium-headless-shell"
FONTS = "fonts-dejavu-core"
"""Without any font a page has no text."""


def fetch(folder: Path = FOLDER) -> str:
    """What was done, in words; raises `CalledProcessError` where apt cannot."""
    if (found := find()) is not None:
        return f"there is {found}"
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return "no browser: this machine has no apt-get"
    return bring(folder, PACKAGE, FONTS)


if __name__ == "__main__":
    try:
        print(fetch(), file=sys.stderr)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        # No mirror, or no Debian: the tests that need a browser say that they are skipped.
        print(f"no browser: {error}", file=sys.stderr)
