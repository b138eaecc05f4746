"""Requests, servers, one queue: when each request begins to be served. First come, first served, exactly.

A request's start depends on all before it, which is a loop of a million steps in Python. Here the month is cut
into lanes of equally many requests that run side by side, each step one numpy operation over all lanes. Every
lane first starts with idle servers; then each starts again with the servers as the lane before left them, until
what is handed over no longer changes. From there on the result is that of the one long loop, to the last bit;
since a queue forgets, a few rounds do. One that is overloaded for hours does not forget: its rest is the loop.
"""

import heapq
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cost.simulation.lanes import Lanes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Seconds = NDArray[np.float64]
    Array = NDArray[Any]

ROUNDS: Final = 16
"""After so many the rest is done in one loop: a queue that has not forgotten by then is overloaded."""


class Fleet(NamedTuple):
    """The servers as each request finds them; all of shape (requests,).

    `present` are there when it arrives, `coming` are those and the next that come, which are free from `ready` on:
    whoever waits then is served by them. `changed` says whether any of it differs from the request before.
    """

    present: "Array"
    coming: "Array"
    ready: "Array"
    changed: "Array"

    @classmethod
    def of(cls, present: "Array", coming: "Array", ready: "Array") -> "Fleet":
        """With `changed` told by `ready`, which is another time for every other count."""
        import numpy as np

        changed: Array = np.diff(ready, prepend=-np.inf) != 0
        return cls(present, coming, ready, changed)


def waits(arrivals: "Seconds", services: "Seconds", fleet: Fleet, initial: int) -> "Seconds":
    """How long each request waits, in seconds.

    `arrivals` are times in ascending order, `services` how long each takes. `initial` servers are free at the
    beginning; where none is present, some must come. Of servers that are taken away, those that would be free
    last end what they do and go.
    """
    import numpy as np

    count = len(arrivals)
    if count == 0:
        return np.zeros(0)
    lanes = Lanes(count)
    # What pads the last lane arrives with the last request, after it, and takes no time.
    arriving, serving = lanes.laid(arrivals, arrivals[-1]), lanes.laid(services, 0.0)
    present, coming, ready = (lanes.laid(values, values[-1]) for values in fleet[:3])
    laid = Fleet(present, coming, ready, lanes.laid(fleet.changed, False))
    waiting = np.zeros_like(arriving)
    before = np.zeros((lanes.lanes, int(fleet.coming.max())))  # when each server is free, as a lane finds it
    before[0, initial:] = np.inf
    after = np.zeros_like(before)
    changed = np.arange(lanes.lanes)
    for _ in range(ROUNDS):
        state = before[changed]
        part = Fleet(*(values[:, changed] for values in laid))
        waiting[:, changed] = _run(arriving[:, changed], serving[:, changed], part, state)
        after[changed] = state
        # A server that is free when the lane begins is as good as one that was free long before.
        begins = arriving[0][1:, None]
        handed = np.sort(np.maximum(after[:-1], begins), axis=1)
        changed = lanes.changed(handed, np.sort(np.maximum(before[1:], begins), axis=1))
        if not len(changed):
            return lanes.flat(waiting)
        before[changed] = handed[changed - 1]
    first = int(changed[0]) * lanes.length
    settled = lanes.flat(waiting)
    rest = Fleet(*(values[first:] for values in fleet))
    settled[first:] = _loop(arrivals[first:], services[first:], rest, before[changed[0]])
    return settled


def _run(arriving: "Seconds", serving: "Seconds", fleet: Fleet, free: "Seconds") -> "Seconds":
    """All lanes at once, a request of each at a step; `free` (lanes, servers) becomes what they leave."""
    import numpy as np

    length, lanes = arriving.shape
    waiting = np.empty((length, lanes))
    lane, column = np.arange(lanes), np.arange(free.shape[1])
    varies = np.asarray(fleet.changed.any(axis=1))
    for step in range(length):
        at = arriving[step]
        if varies[step]:
            of = np.flatnonzero(fleet.changed[step])
            there = np.where(column < fleet.present[step][of, None], np.sort(free[of], axis=1), np.inf)
            joined = np.where(np.isinf(there), fleet.ready[step][of, None], there)
            free[of] = np.where(column < fleet.coming[step][of, None], joined, np.inf)
        first = free.argmin(axis=1)
        start = np.maximum(at, free[lane, first])
        waiting[step] = start - at
        free[lane, first] = start + serving[step]
    return waiting


def _loop(arrivals: "Seconds", services: "Seconds", fleet: Fleet, before: "Seconds") -> "Seconds":
    """The same, one request after the other."""
    import numpy as np

    free = sorted(float(time) for time in before if not math.isinf(time))
    waiting = []
    columns = (arrivals, services, *fleet)
    for at, takes, present, coming, ready, changed in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        if changed:
            there = sorted(free)[:present]
            free = there + [ready] * (coming - len(there))
            heapq.heapify(free)
        start = max(at, free[0])
        waiting.append(start - at)
        heapq.heapreplace(free, start + takes)
    return np.array(waiting)
