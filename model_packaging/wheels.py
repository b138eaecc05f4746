"""The packages of a function: wheels for Lambda's Python and its C library, unpacked once and kept."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement

from model_packaging.archive import make_private
from model_packaging.ballast import strip
from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.manifest import Entry


@dataclass(frozen=True)
class Runtime:
    """A Lambda runtime: the Python it runs, and its operating system's glibc, minor version of 2."""

    python: str
    glibc_minor: int
    system: str

    def platforms(self, architecture: str) -> list[str]:
        """The wheel platforms that load there on an architecture of Lambda's, newest first."""
        machine = MACHINES[architecture]
        legacy = [f"{system}_{machine}" for system in LEGACY[architecture]]
        return [f"manylinux_2_{minor}_{machine}" for minor in range(self.glibc_minor, 4, -1)] + legacy


LAYOUT = 2
"""Part of the folder's name: raised when other files of the same packages are kept."""

MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
"""What Python calls Lambda's architectures."""

LEGACY = {
    "x86_64": ("manylinux2014", "manylinux2010", "manylinux1", "linux"),
    "arm64": ("manylinux2014", "linux"),
}
"""The platforms of wheels that name no glibc; PEP 599 is the first that has ARM."""

RUNTIMES = {
    "python3.11": Runtime("3.11", 26, "Amazon Linux 2"),
    "python3.12": Runtime("3.12", 34, "Amazon Linux 2023"),
    "python3.13": Runtime("3.13", 34, "Amazon Linux 2023"),
    "python3.14": Runtime("3.14", 34, "Amazon Linux 2023"),
}
"""Python 3.8 to 3.11 on Amazon Linux 2, from 3.12 on Amazon Linux 2023: AWS Lambda Developer Guide, 'Deploy Python
functions with container images', as quoted in qdrant/fastembed#314; their glibc: 2.26 (apache/arrow#38373) and
2.34 (aws/aws-lambda-rust-runtime#932). Read November 2026."""


def runtime_of(name: str) -> Runtime:
    """The row of `RUNTIMES`; raises `BuildFailed` for a runtime that no package can be built for."""
    if name not in RUNTIMES:
        raise BuildFailed(
            f"Runtime {name!r} has no table of wheels here; write one of {', '.join(RUNTIMES)}."
        )
    return RUNTIMES[name]


def stage(
    requirements: Path, runtime: str, cache: Path, architecture: str = "x86_64", shown: Path | None = None
) -> list[Entry]:
    """The files of the packages that `requirements` names, as entries at the root of a function.

    Installed by pip below `cache` once per text, runtime and architecture, without what is `ballast`; later calls read
    a list. Environment markers of the file's own lines are judged for the function's Python.
    Raises `BuildFailed` with pip's reason, and with `shown` where `requirements` was written from that file.
    """
    target = runtime_of(runtime)
    platforms = target.platforms(architecture)
    lines = applicable(requirements, runtime, architecture)
    if not lines:
        return []
    key = hashlib.sha256(json.dumps([LAYOUT, runtime, platforms, lines]).encode()).hexdigest()
    home = cache / "wheels" / key
    listing = home / "files.json"
    if not listing.is_file():
        _install(lines, target, architecture, home, str(shown or requirements))
    site = home / "site"
    try:
        rows = json.loads(listing.read_text())
    except (OSError, ValueError) as error:
        raise BuildFailed(f"{home} is damaged ({error}); remove that folder and run it again.") from error
    return [Entry(path, site / path, sha256, size, executable) for path, sha256, size, executable in rows]


def applicable(requirements: Path, runtime: str, architecture: str) -> list[str]:
    """The file's requirements for the function's Python, without comments and markers, sorted.

    Raises `InvalidModel` with the line that is none.
    """
    environment = _environment(runtime_of(runtime), architecture)
    kept = []
    try:
        lines = requirements.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InvalidModel(f"{requirements} is not UTF-8 (byte {error.start}); write it as UTF-8.") from None
    for number, raw in enumerate(lines, 1):
        text = re.sub(r"(^|\s)#.*$", "", raw).strip()
        if not text:
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            reason = str(error).splitlines()[0]
            raise InvalidModel(
                f"{requirements}, line {number}: {text!r} is not a requirement "
                f"({reason}); write name==version."
            ) from None
        if requirement.marker is None or requirement.marker.evaluate(environment):
            requirement.marker = None
            kept.append(str(requirement))
    return sorted(kept)


def _environment(target: Runtime, architecture: str) -> dict[str, str]:
    """What markers are judged by."""
    return {
        **{key: str(value) for key, value in default_environment().items()},
        "python_version": target.python,
        "python_full_version": f"{target.python}.0",
        "platform_machine": MACHINES[architecture],
        "platform_system": "Linux",
        "sys_platform": "linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def _install(lines: list[str], target: Runtime, architecture: str, home: Path, shown: str) -> None:
    make_private(home.parent)
    with _scratch(home.parent) as scratch:
        site = scratch / "site"
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-warn-conflicts",  # with the packages of this environment, which the function never sees
        ]
        command += ["--no-compile", "--target", str(site), "--only-binary=:all:", "--implementation", "cp"]
        command += ["--python-version", target.python]
        command += [word for platform in target.platforms(architecture) for word in ("--platform", platform)]
        done = subprocess.run(command + lines, capture_output=True, text=True, errors="replace", check=False)
        if "No module named pip" in done.stderr:
            raise BuildFailed(f"{sys.executable} has no pip; run: {sys.executable} -m ensurepip")
        if done.returncode != 0:
            raise BuildFailed(
                f"No packages for {shown} on Python {target.python}, {architecture} and glibc 2.{target.glibc_minor} "
                f"({target.system}): {_reason(done.stderr)}"
            )
        environment = _environment(target, architecture)
        rows = [[e.path, e.sha256, e.size_bytes, e.executable] for e in strip(site, lines, environment)]
        (scratch / "files.json").write_text(json.dumps(rows))
        try:
            scratch.rename(home)
        except OSError:
            if not (home / "files.json").is_file():  # else another process was first, with the same files
                raise


def _reason(stderr: str) -> str:
    errors = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if line.startswith("ERROR: ")]
    lines = errors or [line for line in stderr.splitlines() if line.strip()] or ["pip gave no reason"]
    if (
        lines[0] == "Exception:"
    ):  # pip itself broke, on a full disk for one: a traceback follows, whose end tells
        lines = stderr.strip().splitlines()[-1:]
    text = " ".join(lines[0].split())
    return (text if len(text) <= 400 else text[:397] + "...").rstrip(".") + "."


@contextlib.contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    scratch = Path(tempfile.mkdtemp(prefix=".part-", dir=parent))
    try:
        yield scratch
    except OSError as error:
        raise BuildFailed(f"{parent} cannot be written: {os.strerror(error.errno or 0)}.") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
