"""Functions on demand: an execution environment per request at a time, kept warm for a while after each.

The newest that is warm takes the next request, as Lambda does; where none is, a new one starts (cold), and above the
limit the request is refused. As in `queue`, the month runs in lanes side by side, until what one lane hands to the
next no longer changes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cost.simulation.lanes import Lanes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Seconds = NDArray[np.float64]
    Flags = NDArray[np.bool_]

FIRST_ENVIRONMENTS: Final = 16
"""Room for so many at first; it is doubled where they are not enough."""


@dataclass(frozen=True, eq=False)
class Served:
    """Of each request, of shape (requests,): whether it met a cold start, and whether it was refused."""

    cold: "Flags"
    refused: "Flags"


def serve(
    arrivals: "Seconds",
    services: "Seconds",
    *,
    cold_start_seconds: float,
    keep_warm_seconds: float,
    limit: int,
) -> Served:
    """What becomes of each request; `arrivals` ascend, `services` are seconds of a warm one."""
    import numpy as np

    room = min(limit, FIRST_ENVIRONMENTS)
    while True:
        cold, refused = _lanes(arrivals, services, cold_start_seconds, keep_warm_seconds, room)
        if room == limit or not refused.any():
            return Served(np.asarray(cold), np.asarray(refused))
        room = min(limit, room * 2)


def _lanes(
    arrivals: "Seconds", services: "Seconds", cold_start: float, keep_warm: float, room: int
) -> tuple["Flags", "Flags"]:
    import numpy as np

    count = len(arrivals)
    if count == 0:
        return np.zeros(0, bool), np.zeros(0, bool)
    lanes = Lanes(count)
    # What pads the last lane comes long after everything else, and is cut off.
    arriving, serving = lanes.laid(arrivals, float(arrivals[-1]) * 2 + 1e9), lanes.laid(services, 0.0)
    cold, refused = np.zeros(arriving.shape, bool), np.zeros(arriving.shape, bool)
    before = np.full((lanes.lanes, room), -np.inf)  # when each environment was or will be free
    after = np.empty_like(before)
    changed = np.arange(lanes.lanes)
    while len(changed):
        state = before[changed]
        flags = _run(arriving[:, changed], serving[:, changed], state, cold_start, keep_warm)
        cold[:, changed], refused[:, changed] = flags
        after[changed] = state
        # One that is gone when the lane begins is as if it had never been.
        gone = arriving[0][1:, None] - keep_warm
        handed = np.sort(np.where(after[:-1] < gone, -np.inf, after[:-1]), axis=1)
        changed = lanes.changed(handed, before[1:])
        before[changed] = handed[changed - 1]
    return lanes.flat(cold), lanes.flat(refused)


def _run(
    arriving: "Seconds", serving: "Seconds", free: "Seconds", cold_start: float, keep_warm: float
) -> tuple["Flags", "Flags"]:
    import numpy as np

    cold, refused = np.empty(arriving.shape, bool), np.empty(arriving.shape, bool)
    lane = np.arange(free.shape[0])
    for step in range(len(arriving)):
        at = arriving[step]
        gone = at - keep_warm
        warm = np.where((free <= at[:, None]) & (free >= gone[:, None]), free, -np.inf)
        newest = warm.argmax(axis=1)
        is_cold = np.isinf(warm[lane, newest])
        oldest = free.argmin(axis=1)
        is_refused = is_cold & (free[lane, oldest] >= gone)
        chosen = np.where(is_cold, oldest, newest)
        ends = at + serving[step] + np.where(is_cold, cold_start, 0.0)
        free[lane, chosen] = np.where(is_refused, free[lane, chosen], ends)
        cold[step], refused[step] = is_cold & ~is_refused, is_refused
    return cold, refused
