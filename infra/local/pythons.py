"""The Python that runs a function: the one of its runtime, without our packages, and with those that Lambda's has."""

import contextlib
import importlib.util
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ISOLATED = ("-I", "-S")
"""No site-packages, no PYTHON* variables, no working directory: the zip proves to carry its dependencies."""

IN_RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
"""What Lambda's Python runtimes bring: boto3, and what it needs. All of it runs on any Python."""


class NoPython(Exception):
    """The message names the runtime, and what to do."""


@cache
def interpreter(runtime: str) -> tuple[str, ...]:
    """The command of the Python of `runtime` (python3.11). Raises NoPython."""
    match = re.fullmatch(r"python(3)\.(\d+)", runtime)
    if match is None:
        raise NoPython(f"runtime {runtime} is not Python; the embedded AWS runs python3.N")
    if (int(match[1]), int(match[2])) == sys.version_info[:2]:
        return (sys.executable, *ISOLATED)
    found = shutil.which(runtime)
    if found is None or not _is(found, runtime):
        here = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        raise NoPython(f"{runtime} is not on the PATH; install it, or deploy with runtime {here}")
    return (found, *ISOLATED)


def packages(directory: Path) -> Path:
    """The folder with what a runtime brings, in this environment's versions; made in `directory` where it lacks."""
    folder = directory / "runtime"
    folder.mkdir(parents=True, exist_ok=True)
    for name in IN_RUNTIME:
        found = importlib.util.find_spec(name)
        assert found is not None and found.origin is not None, name
        source = Path(found.origin).parent if found.submodule_search_locations else Path(found.origin)
        with contextlib.suppress(FileExistsError):
            (folder / source.name).symlink_to(source)
    return folder


def _is(program: str, runtime: str) -> bool:
    """Whether `program` starts and is that Python; a version manager's shim may be neither."""
    version = "import sys; print('python%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run(
            [program, "-c", version], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.strip() == runtime
