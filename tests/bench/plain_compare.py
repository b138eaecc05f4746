"""The comparison of `modelyard compare`, in which every plan simulates its own month: the peer of ours.

Ours simulates a month once for all plans that it is the same for (many instance types serve as many requests at a
time). What is compared, and the result, are the same; `tests/bench/__main__.py` runs both as whole processes.
"""

from collections.abc import Iterator
from decimal import Decimal

from cost import PriceCatalog
from cost.comparison import Demand, Plan, Profile, compare, months, plans


def main() -> None:
    """Print the recommended plan and its cost, as the bench checks it against ours."""
    catalog = PriceCatalog.load()
    demand = Demand(region="us-east-1", requests=Decimal(1_000_000), traffic="diurnal", p99_ms=500.0)
    profile = Profile(p50_ms=9, p99_ms=14, memory_mb=300)
    best = compare(demand, profile, catalog, _each(catalog, demand)).recommended
    assert best is not None
    print(best.plan.name, best.usd)


def _each(catalog: PriceCatalog, demand: Demand) -> Iterator[Plan]:
    """The plans; before each, what was simulated for others is forgotten."""
    for plan in plans(catalog, demand.region):
        for memoised in (months.simulated, months.functions, months.instance_hours):
            memoised.cache_clear()
        yield plan


if __name__ == "__main__":
    main()
