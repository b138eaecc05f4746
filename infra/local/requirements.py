"""What a model's requirements.txt asks for: taken from this Python where it has it, else installed beside it once."""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

_PASSED = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
"""Prefixes of variables that pip may need to reach its index."""

HALF = "half-"
"""Before the number of the process that installs into the folder: it gets its name once it is whole."""

Run = Callable[[Sequence[str], Mapping[str, str]], int]


class NotInstalled(Exception):
    """pip could not install what is missing; the message is one line."""


def provide(file: Path, cache: Path, run: Run) -> Path | None:
    """The folder to put before this Python's own packages; None where it has all that `file` asks for.

    AWS's images install code/requirements.txt when the container starts. Here it is done once for each text
    and Python, below `cache`. `run` starts a module of this Python with further variables, and returns its
    exit code. Raises `NotInstalled`.
    """
    try:
        lacking = missing(file)
    except UnicodeDecodeError as error:
        raise NotInstalled(f"code/requirements.txt is not UTF-8: {error.reason}.") from error
    if not lacking:
        return None
    content = (
        f"{sys.implementation.cache_tag} {sys.platform} {os.uname().machine}\n".encode() + file.read_bytes()
    )
    folder = cache / hashlib.sha256(content).hexdigest()[:16]
    if folder.is_dir():
        return folder
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    _tidy(cache)
    half = Path(tempfile.mkdtemp(prefix=f"{HALF}{os.getpid()}-", dir=cache))
    try:
        words = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        passed = {key: value for key, value in os.environ.items() if key.startswith(_PASSED)}
        if run([*words, "--target", str(half), "--requirement", str(file)], passed) != 0:
            raise NotInstalled(
                f"code/requirements.txt could not be installed; missing: {'; '.join(lacking)}."
            )
        try:
            half.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another endpoint with the same requirements was faster
                raise
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return folder


def _tidy(cache: Path) -> None:
    """Remove what processes were installing when they were killed."""
    for half in cache.glob(f"{HALF}*-*"):
        process = half.name.split("-")[1]
        if process.isdecimal() and not _is_alive(int(process)):
            shutil.rmtree(half, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def missing(file: Path) -> list[str]:
    """One line for each requirement in `file` that this Python does not satisfy; the file may be absent."""
    if not file.is_file():
        return []
    lines = (line.split(" #")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    findings = (_finding(line) for line in lines if line and not line.startswith("#"))
    return [finding for finding in findings if finding]


def _finding(line: str) -> str | None:
    if line.startswith(("--extra-index-url", "--index-url", "-i ", "--find-links", "-f ")):
        return None
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return f"{line}: not a plain requirement; write name==version"
    if requirement.marker is not None and not requirement.marker.evaluate():
        return None
    try:
        found = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{line}: not installed"
    if not requirement.specifier.contains(found, prereleases=True):
        return f"{line}: found {requirement.name} {found}"
    return None
