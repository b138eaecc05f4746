"""wrk, the load generator, as Debian has it: installed, or fetched into `.venv/wrk`.

python -m tests.bench.wrk
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.debian import bring

FOLDER = Path(__file__).parents[2] / ".venv" / "wrk"
SCRIPT = Path(__file__).parent / "served" / "bodies.lua"
TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Load:
    """What wrk saw: answers a second, and the latency of an answer."""

    per_second: float
    p50_ms: float
    p99_ms: float


def program() -> Path:
    """wrk's program. Fetches it where it is not there."""
    if (installed := shutil.which("wrk")) is not None:
        return Path(installed)
    fetched = FOLDER / "usr" / "bin" / "wrk"
    if not fetched.is_file():
        print(bring(FOLDER, "wrk"), file=sys.stderr)
    return fetched


def run(url: str, bodies: Path, clients: int, seconds: float) -> Load:
    """Send the lines of `bodies` from so many connections. Raises SystemExit where an answer was missing or bad."""
    fetched = program()  # and its libraries beside it
    libraries = [str(folder) for folder in FOLDER.glob("usr/lib/*-linux-gnu")]
    command = [
        str(fetched), "--threads", "1", "--connections", str(clients), "--duration", f"{seconds:g}s",
        "--timeout", f"{TIMEOUT_SECONDS}s", "--script", str(SCRIPT), url, "--", str(bodies),
    ]  # fmt: skip
    done = subprocess.run(
        command,
        env={**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    seen = json.loads(done.stdout.splitlines()[-1])
    if seen["failed"] or not seen["requests"]:
        raise SystemExit(f"{url}: {seen}")
    return Load(seen["requests"] / seen["seconds"], seen["p50_ms"], seen["p99_ms"])


if __name__ == "__main__":
    print(program(), file=sys.stderr)
