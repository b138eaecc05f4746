"""Debian's packages into a folder below `.venv`, without root and without installing anything.

apt resolves what a package needs and this machine lacks, in a state of its own, and checks the signatures; dpkg
unpacks it.
"""

import shutil
import subprocess
from pathlib import Path

LIMIT_SECONDS = 300


def bring(folder: Path, *packages: str) -> str:
    """What was done, in words; raises `CalledProcessError` where apt cannot, FileNotFoundError where it is not there."""
    state = folder / "apt"
    for part in ("lists/partial", "cache/archives/partial"):
        (state / part).mkdir(parents=True, exist_ok=True)
    options = [
        "-o", f"Dir::State::Lists={state.resolve()}/lists",
        "-o", f"Dir::Cache={state.resolve()}/cache",
        "-o", "Debug::NoLocking=1",
    ]  # fmt: skip
    run("apt-get", *options, "update", "-qq")
    words = ("--simulate", "--no-install-recommends", "install", *packages)
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
