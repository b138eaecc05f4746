"""How long a packaged handler takes, measured through the host's own code in a process of its own.

python -m model_packaging.latency MODEL_DIR SAMPLE RUNS RESULT
"""

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from model_packaging.errors import HandlerError
from model_packaging.functions import TASK_ROOT
from model_packaging.hosts.codecs import JSON
from model_packaging.hosts.faults import Fault
from model_packaging.hosts.handler import Handler
from model_packaging.manifest import SAMPLE, SAMPLE_ANSWER, Entry
from model_packaging.unpack import unpack

RUNS = 30
WARM_UP = 3
TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Latency:
    """Of `runs` requests after `WARM_UP` others, one after the other, on this machine; JSON to JSON.

    `load_ms` is importing the handler and loading the model. `p99_ms` is by nearest rank: below 100
    runs it is the slowest. `threads` is how many processors a request kept busy on average; `peak_mb` the most
    memory that its process had, None where the system does not tell. Both are None where they were not looked at.
    """

    load_ms: float
    p50_ms: float
    p99_ms: float
    runs: int
    threads: float | None = None
    peak_mb: int | None = None

    @property
    def origin(self) -> str:
        """Where it was measured, for whoever says what a number rests on."""
        return "measured on this machine as `modelyard package` does"


def sample(directory: Path) -> bytes | None:
    """The example request that a model folder carries (`sample.json`); None where it has none."""
    return _read(directory / SAMPLE)


def sample_answer(directory: Path) -> bytes | None:
    """What the sample has to be answered with (`sample_answer.json`); None where the folder does not say."""
    return _read(directory / SAMPLE_ANSWER)


def _read(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def is_foreign(entries: Iterable[Entry]) -> bool:
    """Whether an artifact has compiled packages for another Python or processor than this one."""
    compiled = (entry.path for entry in entries if ".cpython-" in entry.path and entry.path.endswith(".so"))
    return any(not path.endswith(EXTENSION_SUFFIXES[0]) for path in compiled)


def measure(
    source: Path,
    request: bytes,
    runs: int = RUNS,
    timeout_seconds: float = TIMEOUT_SECONDS,
    entries: Sequence[Entry] | None = None,
) -> Latency:
    """Send `request` (JSON) `runs` times to the handler of a model folder, a model.tar.gz or a function of either kind.

    With `entries` an archive must hold just these. Raises `HandlerError` with the last line of what the handler said,
    or `UnpackFailed`.
    """
    with tempfile.TemporaryDirectory(prefix="modelyard-") as scratch:
        model_dir = _unpacked(source, Path(scratch) / "model", entries)
        given, result = Path(scratch) / "request", Path(scratch) / "result"
        given.write_bytes(request)
        command = [
            sys.executable,
            "-m",
            "model_packaging.latency",
            *map(str, (model_dir, given, runs, result)),
        ]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise HandlerError(
                f"{source.name} took more than {timeout_seconds:.0f} s for {runs} requests."
            ) from None
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.strip()] or [
                f"exit code {done.returncode}"
            ]
            raise HandlerError(f"{source.name} gave no prediction for {SAMPLE}: {said[-1].strip()}")
        return Latency(**json.loads(result.read_text()))


def _unpacked(source: Path, target: Path, entries: Sequence[Entry] | None) -> Path:
    if source.is_dir():
        return source.resolve()
    unpack(source, target, entries)
    layer = target / TASK_ROOT
    return layer if layer.is_dir() else target


def run(
    load: Callable[[], Handler],
    request: bytes,
    runs: int,
    clock: Callable[[], float],
    busy: Callable[[], float] | None = None,
) -> Latency:
    """Load, warm up and measure, in this process; `clock` gives seconds, `busy` those of all its processors."""
    start = clock()
    handler = load()
    loaded = clock()
    times = []
    begun = 0.0
    for number in range(WARM_UP + runs):
        if busy is not None and number == WARM_UP:
            begun = busy()
        before = clock()
        handler.transform(request, JSON, JSON)
        elapsed = clock() - before
        if number >= WARM_UP:
            times.append(elapsed * 1000)
    load_ms = (loaded - start) * 1000
    latency = Latency(round(load_ms, 1), round(rank(times, 50), 3), round(rank(times, 99), 3), runs)
    if busy is None or not sum(times):
        return latency
    return replace(latency, threads=round((busy() - begun) * 1000 / sum(times), 2), peak_mb=peak_mb())


def peak_mb() -> int | None:
    """The most memory that this process ever had, in MB, by Linux's own count; None on other systems.

    Not by getrusage, whose ru_maxrss begins with what the parent had when it started this process.
    """
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((math.ceil(int(line.split()[1]) / 1024) for line in lines if line.startswith("VmHWM:")), None)


def rank(values: Sequence[float], percent: float) -> float:
    """The smallest of `values` that at least `percent` of them do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def main(arguments: Sequence[str]) -> int:
    """The process that is measured in; the result goes to a file, since handlers print."""
    model_dir, request, runs, result = arguments
    try:
        latency = run(
            lambda: Handler.load(Path(model_dir)),
            Path(request).read_bytes(),
            int(runs),
            time.perf_counter,
            time.process_time,
        )
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    Path(result).write_text(json.dumps(asdict(latency)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
