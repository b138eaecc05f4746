"""How fast the model is: from its measured profile at first, and then as it serves."""

import json
import math
import threading
from collections.abc import Mapping
from pathlib import Path

from model_packaging.hosts.settings import Settings

PROFILE = "profile.json"
"""At the model's root. `{"batches": {"1": 1.1, "8": 5.0}}`: median milliseconds of one call with so many items."""

DEFAULT_BATCH = 32
"""Where nothing was measured: beyond it a CPU gains nothing, and most GPUs little."""

BATCH_SECONDS = 1.0
"""Where nothing was measured, a batch is no larger than what the model has been doing in this time."""

LONGEST_WAIT_MS = 50.0

GOOD_ENOUGH = 1.05
"""A smaller batch is taken for as good when an item in it takes at most so much longer than in the best."""

WEIGHT = 0.1
"""Of the newest batch in what is known of the pace."""


def measured(model_dir: Path) -> dict[int, float]:
    """Milliseconds by batch size, ascending, out of the model's profile; empty where it says nothing of use."""
    try:
        batches = json.loads((model_dir / PROFILE).read_bytes())["batches"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    found = {}
    for size, ms in batches.items() if isinstance(batches, Mapping) else ():
        is_time = isinstance(ms, (int, float)) and not isinstance(ms, bool) and 0 < ms < math.inf
        if size.isascii() and size.isdecimal() and len(size) < 6 and int(size) and is_time:
            found[int(size)] = float(ms)
    return dict(sorted(found.items()))


class Pace:
    """Seconds per request, and what follows: how many go into a batch, and how long a queue takes."""

    def __init__(
        self, settings: Settings, batches: Mapping[int, float], is_batched: bool, threads: int = 1
    ) -> None:
        self._lock = threading.Lock()
        self._threads = threads
        self._fixed = settings.max_batch_size if is_batched else 1
        self.is_wait_learnt = settings.max_wait_ms is None
        wait_ms = fixed_cost(batches) if self.is_wait_learnt else settings.max_wait_ms
        self.max_wait_seconds = (wait_ms or 0.0) / 1000 if is_batched else 0.0
        self.seconds: float | None = None
        if batches:
            best = best_batch(batches) if is_batched else 1
            self._fixed = self._fixed or best
            nearest = min(batches, key=lambda size: abs(size - (self._fixed or best)))
            self.seconds = batches[nearest] / nearest / 1000

    @property
    def max_batch(self) -> int:
        """Requests of the next batch, at most."""
        if self._fixed is not None:
            return self._fixed
        if self.seconds is None:
            return DEFAULT_BATCH
        return max(1, min(DEFAULT_BATCH, int(BATCH_SECONDS / self.seconds)))

    def learn(self, requests: int, seconds: float) -> None:
        """`requests` were answered together in so many seconds."""
        each = seconds / requests
        with self._lock:
            self.seconds = each if self.seconds is None else self.seconds + WEIGHT * (each - self.seconds)

    def seconds_for(self, requests: int) -> float:
        """How long so many requests take; 0 as long as nothing is known."""
        return (self.seconds or 0.0) * requests / self._threads


def best_batch(batches: Mapping[int, float]) -> int:
    """The smallest size in which an item takes hardly longer than in the best: more would only wait for each other."""
    each = {size: ms / size for size, ms in batches.items()}
    least = min(each.values())
    return min(size for size, ms in each.items() if ms <= GOOD_ENOUGH * least)


def fixed_cost(batches: Mapping[int, float]) -> float:
    """Milliseconds that a batch takes besides its items: so long a wait is worth it where it saves another batch."""
    if len(batches) < 2:
        return 0.0
    least, most = min(batches), max(batches)
    each = (batches[most] - batches[least]) / (most - least)
    return min(LONGEST_WAIT_MS, max(0.0, batches[least] - least * each))
