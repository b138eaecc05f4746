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

    around = [replace(demand, requests=requests, sketched=False) for requests in SKETCHED]
    shares = [functions(one, service, cold_start_ms, limit).cold_share for one in around]
    # The first request of a month is cold, so that none of them is zero.
    between = np.interp(math.log(demand.requests), np.log([float(one) for one in SKETCHED]), np.log(shares))
    return Decimal(math.exp(between))


@functools.lru_cache(maxsize=1024)
def instance_hours(demand: Demand, policy: Policy) -> Decimal:
    """The hours of the month that `simulated` has, without its requests: so it can be asked for any number of them."""
    return Decimal(int(policy.over(demand.arriving.counts(demand.seed)).billed.sum())) / 60
