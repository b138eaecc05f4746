"""Simulated months, each only once: many plans differ in what they cost, and not in how they serve."""

import functools
import math
from decimal import Decimal

from cost.comparison.demand import Demand
from cost.simulation.month import KEEP_WARM_SECONDS, Month, Policy, ServiceTime, on_demand, on_instances


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


@functools.lru_cache(maxsize=1024)
def instance_hours(demand: Demand, policy: Policy) -> Decimal:
    """The hours of the month that `simulated` has, without its requests: so it can be asked for any number of them."""
    return Decimal(int(policy.over(demand.arriving.counts(demand.seed)).billed.sum())) / 60
