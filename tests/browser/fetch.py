"""Brings Debian's headless Chromium into `.venv/chromium`, without root and without installing anything.

    python -m tests.browser.fetch

apt resolves what the browser needs and this machine lacks, in a state of its own, and checks the signatures; dpkg
unpacks it. Where a browser is installed already, or apt is not there, nothing is done.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.browser import FOLDER, find

PACKAGE = "chromium-headless-shell"
FONTS = "fonts-dejavu-core"
"""Without any font a page has no text."""
LIMIT_SECONDS = 300


def fetch(folder: Path = FOLDER) -> str:
    """What was done, in words; raises `CalledProcessError` where apt cannot."""
    if (found := find()) is not None:
        return f"there is {found}"
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return "no browser: this machine has no apt-get"
    state = folder / "apt"
    for part in ("lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True, exist_ok=True)
    options = [
        "-o", f"Dir::State::Lists={state.resolve()}/lists",
        "-o", f"Dir::Cache={state.resolve()}/cache",
        "-o", "Debug::NoLocking=1",
    ]  # fmt: skip
    run("apt-get", *options, "update", "-qq")
    words = ("--simulate", "--no-install-recommends", "install", PACKAGE, FONTS)
    planned = run("apt-get", *options, *words).splitlines()
    names = [line.split()[1] for line in planned if line.startswith("Inst ")]
    archives = state / "cache" / "archives"
    run("apt-get", *options, "download", "-qq", *names, cwd=archives)
    for archive in sorted(archives.glob("*.deb")):
        run("dpkg", "-x", str(archive), str(folder))
    shutil.rmtree(state)
    return f"brought {len(names)} packages into {folder}"


def run(*words: str, cwd: Path | None = None) -> str:
    """A command's output; its complaints go to stderr."""
    done = subprocess.run(
        words, cwd=cwd, check=True, stdout=subprocess.PIPE, text=True, timeout=LIMIT_SECONDS
    )
    return done.stdout


if __name__ == "__main__":
    try:
        print(fetch(), file=sys.stderr)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        # No mirror, or no Debian: the tests that need a browser say that they are skipped.
        print(f"no browser: {error}", file=sys.stderr)
