"""How fast a variant is, how much memory it takes, and how long it takes with several items at once.

python -m model_packaging.optimize.measurement REQUEST RESULT FILE [FILE ...]
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import BuildFailed
from model_packaging.latency import peak_mb, rank

if TYPE_CHECKING:
    from model_packaging.optimize.calibration import Feed

RUNS, WARM_UP = 200, 10
SECONDS = 3.0
"""A round ends after so many, with the runs that it has by then, but at least `FEWEST`."""
FEWEST = 20
THREADS = (1, 2)
BATCHES = (1, 2, 4, 8, 16, 32)
BATCH_RUNS = 20
ROUNDS, RUNS_A_ROUND = 12, 25
"""Of a measurement in turn; before each round's runs go a fifth as many that do not count."""


@dataclass(frozen=True)
class Speed:
    """Milliseconds of one item with as many threads as there are cores; items a second by the number of threads.

    `batches` has the median of one call by its number of items. `peak_mb` is of the process, with the runtime in it;
    None where the variant was measured in a process with other things in it.
    """

    load_ms: float
    p50_ms: float
    p99_ms: float
    per_second: dict[str, float]
    batches: dict[str, float]
    peak_mb: int | None


class Meter:
    """How variants are measured: an ONNX file in a process of its own, what runs in its own framework here."""

    def file(self, file: Path, one: "Feed") -> Speed:
        """An ONNX file. Raises `BuildFailed`."""
        return Speed(**_apart([file], one))

    def in_turn(self, files: Sequence[Path], one: "Feed") -> list[tuple[float, float]]:
        """The p50 and the p99 of ONNX files, measured in turn. Raises `BuildFailed`."""
        told: list[tuple[float, float]] = [tuple(times) for times in _apart(files, one)]
        return told

    def here(self, load: Callable[[int], Callable[["Feed"], Any]], one: "Feed") -> Speed:
        """What `load` gives for a number of threads; its memory is not told, since other things are in the process."""
        return measure(load, one, time.perf_counter, peak=False)


def _apart(files: Sequence[Path], one: "Feed", timeout_seconds: float = 600) -> Any:
    """ONNX files, in a process of their own: its memory, its loading and its threads are then nobody else's."""
    import numpy as np

    with tempfile.TemporaryDirectory(prefix="modelyard-") as scratch:
        request, result = Path(scratch) / "request.npz", Path(scratch) / "result.json"
        with request.open("wb") as stream:
            np.savez(stream, **one)  # type: ignore[arg-type]  # NumPy: the names are taken for its flags
        command = [sys.executable, "-m", __name__, str(request), str(result), *map(str, files)]
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=timeout_seconds, check=False
        )
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit {done.returncode}"]
            names = ", ".join(file.name for file in files)
            raise BuildFailed(f"{names} could not be measured: {said[-1].strip()}")
        return json.loads(result.read_text())


def measure(
    load: Callable[[int], Callable[["Feed"], Any]], one: "Feed", clock: Callable[[], float], peak: bool
) -> Speed:
    """Here: `load` takes a number of threads, 0 for all cores, and gives what is called; `clock` gives seconds."""
    from model_packaging.optimize.calibration import repeated

    started = clock()
    run = load(0)
    load_ms = (clock() - started) * 1000
    times = _times(run, one, RUNS, clock)
    batches = {
        str(items): rank(_times(run, repeated(one, items), BATCH_RUNS, clock), 50) for items in BATCHES
    }
    most = peak_mb() if peak else None
    per_second = {
        str(threads): 1000 / rank(_times(load(threads), one, RUNS, clock), 50) for threads in THREADS
    }
    return Speed(
        load_ms=round(load_ms, 1),
        p50_ms=round(rank(times, 50), 3),
        p99_ms=round(rank(times, 99), 3),
        per_second={threads: round(value, 1) for threads, value in per_second.items()},
        batches={items: round(ms, 3) for items, ms in batches.items()},
        peak_mb=most,
    )


def in_turn(
    sides: Sequence[Callable[["Feed"], Any]], one: "Feed", clock: Callable[[], float]
) -> list[tuple[float, float]]:
    """The p50 and the p99 of each, in milliseconds: some runs of each, round after round."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(ROUNDS):
        for run, mine in zip(sides, times, strict=True):
            for number in range(RUNS_A_ROUND + RUNS_A_ROUND // 5):
                before = clock()
                run(one)
                if number >= RUNS_A_ROUND // 5:
                    mine.append((clock() - before) * 1000)
    return [(round(rank(mine, 50), 3), round(rank(mine, 99), 3)) for mine in times]


def _times(
    run: Callable[["Feed"], Any], request: "Feed", runs: int, clock: Callable[[], float]
) -> list[float]:
    """Milliseconds of each call, after some that do not count."""
    for _ in range(min(WARM_UP, runs)):
        run(request)
    times: list[float] = []
    begun = clock()
    while len(times) < runs and (len(times) < FEWEST or clock() - begun < SECONDS):
        before = clock()
        run(request)
        times.append((clock() - before) * 1000)
    return times


def main(arguments: Sequence[str]) -> int:
    """The process that is measured in."""
    import numpy as np

    from model_packaging.errors import PackagingError
    from model_packaging.optimize.runtime import Session

    request, result, *files = map(Path, arguments)
    with np.load(request, allow_pickle=False) as arrays:
        one = {name: arrays[name] for name in arrays.files}
    told: Any
    try:
        if len(files) == 1:
            told = asdict(
                measure(lambda threads: Session(files[0], threads).raw, one, time.perf_counter, peak=True)
            )
        else:
            told = in_turn([Session(file).raw for file in files], one, time.perf_counter)
    except PackagingError as error:
        print(error, file=sys.stderr)
        return 1
    result.write_text(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
