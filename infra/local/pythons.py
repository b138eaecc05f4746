"""The Python that runs a function: the one of its runtime, without our packages."""

import re
import shutil
import subprocess
import sys
from functools import cache

ISOLATED = ("-I", "-S")
"""No site-packages, no PYTHON* variables, no working directory: the zip proves to carry its dependencies."""


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
