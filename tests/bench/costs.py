"""The simulated month and the comparison of plans, against plainer ways to the same numbers."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from cost.simulation.capacity import Tracking
from cost.simulation.month import ServiceTime, on_instances
from cost.simulation.traffic import shaped
from tests.bench import simpy_month
from tests.bench.timing import compare, timed
from tests.e2e.conftest import CLONE, Yard

SIMULATION_ROUNDS, COMPARE_ROUNDS = 3, 2


def simulation(_yard: Yard, _scratch: Path) -> float:
    """A month of 1,000,000 requests against a target-tracking policy, against the same in SimPy."""
    traffic = shaped("business-hours", 1_000_000, 730 * 60, seed=1)
    service, policy = ServiceTime(200, 500), Tracking(1, 4, per_instance=60)
    arrivals = traffic.arrivals(1)
    takes = service.sample(len(arrivals), 1)

    def seconds(work: Callable[[], object]) -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    def ours() -> object:
        return on_instances(traffic, service, policy, slots=2, seed=1)

    def peer() -> object:
        return simpy_month.run(arrivals.tolist(), takes.tolist(), policy, len(traffic.per_minute), slots=2)

    def ours_again() -> float:
        # The first after SimPy pays for the memory that SimPy gave back; a comparison simulates dozens in a row.
        ours()
        return seconds(ours)

    return compare(
        "a simulated month against SimPy", 0.05, SIMULATION_ROUNDS, ours_again, lambda: seconds(peer)
    )


def comparison(yard: Yard, _scratch: Path) -> float:
    """`modelyard compare` over every plan for 1,000,000 requests a month, against every plan with a month of its own."""
    words = "compare --region us-east-1 --requests 1_000_000 --traffic diurnal --p99-ms 500"
    model = "--p50-ms 9 --measured-p99-ms 14 --memory-mb 300"
    ours = [str(Path(sys.executable).with_name("modelyard")), *words.split(), *model.split()]
    peer = [sys.executable, "-m", "tests.bench.plain_compare"]
    return compare(
        "compare over all plans against a month for each",
        0.5,
        COMPARE_ROUNDS,
        lambda: timed(ours, yard.root, {}),
        lambda: timed(peer, CLONE, {}),
    )


BENCHES = {"simulation": simulation, "comparison": comparison}
