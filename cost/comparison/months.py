"""Simulated months, each only once: many plans differ in what they cost, and not in how they serve."""

import functools
import math
from dataclasses import replace
from decimal import Decimal
from typing import Final

from cost.comparison.demand import Demand
from cost.simulation.month import KEEP_WARM_SECONDS, Month, Policy, ServiceTime, on_demand, on_instances

SKETCHED: Final = tuple(
    Decimal(requests) for requests in (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
)
"""Requests of the months that a sketched demand's cold starts are read from: beyond the last, their share stays."""
SKETCHED_AT_A_TIME: Final = 40
"""Months of more at a time are left out: one of a model that takes a minute would be simulated for minutes."""


@functools.lru_cache(maxsize=256)
def simulated(demand: Demand, service: ServiceTime, policy: Policy, slots: int) -> Month:
    """The month on instances; many instance types have as many slots, and then the same month."""
    busy = demand.busiest_per_second * service.mean_seconds
    # Beyond so many nobody ever waits, and every one costs time here.
    enough = math.ceil(busy + 8 * math.sqrt(busy) + 16)
    return on_instances(demand.arriving, service, policy, slots=min(slots, enough), seed=demand.seed)


@functools.lru_cache(maxsize=256)
def functions(
    demand: Demand,
    service: ServiceTime,
    cold_start_ms: float,
    limit: int,
    keep_warm_seconds: float = KEEP_WARM_SECONDS,
) -> Month:
    """The month on environments that start as requests come."""
    return on_demand(
        demand.arriving,
        service,
        cold_start_ms=cold_start_ms,
        limit=limit,
        keep_warm_seconds=keep_warm_seconds,
        seed=demand.seed,
    )


def cold_share(demand: Demand, service: ServiceTime, cold_start_ms: float, limit: int) -> Decimal:
    """The share of the requests that meet a cold start: of `functions`, and of months around it where it is sketched.

    A break-even is looked for at dozens of demands, up to a billion requests, which nobody can simulate each.
    """
    if not demand.sketched:
        return Decimal(functions(demand, service, cold_start_ms, limit).cold_share)
    import numpy as np

    fewest = replace(demand, requests=SKETCHED[0], sketched=False)
    known, shares = _sketch(fewest, service, cold_start_ms, limit)
    return Decimal(math.exp(np.interp(math.log(demand.requests), known, shares)))


@functools.lru_cache(maxsize=256)
def _sketch(
    fewest: Demand, service: ServiceTime, cold_start_ms: float, limit: int
) -> tuple[list[float], list[float]]:
    """Logarithms: of requests a month, from `fewest` on, and of the shares that are cold."""
    longest = service.mean_seconds + cold_start_ms / 1000
    more = (replace(fewest, requests=requests) for requests in SKETCHED[1:])
    around = [fewest, *(one for one in more if one.busiest_per_second * longest <= SKETCHED_AT_A_TIME)]
    # The first request of a month is cold, so that no share is zero.
    shares = [math.log(functions(one, service, cold_start_ms, limit).cold_share) for one in around]
    return [math.log(one.requests) for one in around], shares


@functools.lru_cache(maxsize=1024)
def instance_hours(demand: Demand, policy: Policy) -> Decimal:
    """The hours of the month that `simulated` has, without its requests: so it can be asked for any number of them."""
    return Decimal(int(policy.over(demand.arriving.counts(demand.seed)).billed.sum())) / 60
