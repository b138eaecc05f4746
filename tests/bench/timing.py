"""Both sides of a benchmark in turn, in one run, as the ratio of their medians."""

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.e2e.conftest import BARE


def timed(arguments: list[str], directory: Path, variables: Mapping[str, str]) -> float:
    """Seconds that a program took; it must have ended well."""
    started = time.perf_counter()
    done = subprocess.run(
        arguments,
        cwd=directory,
        env={**BARE, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return seconds


def compare(
    name: str, bound: float, rounds: int, ours: Callable[[], float], peers: Callable[[], float]
) -> float:
    """Both in turn, `rounds` times after one that does not count; prints and returns the ratio of the medians."""
    ours(), peers()
    times = [(ours(), peers()) for _ in range(rounds)]
    mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = mine / theirs
    print(
        f"{name}: {mine:.2f} s, peer {theirs:.2f} s, ratio {ratio:.2f} (bound {bound}), {rounds} rounds",
        flush=True,
    )
    return ratio
