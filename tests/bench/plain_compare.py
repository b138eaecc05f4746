"""The comparison of `modelyard compare`, in which every plan simulates its own month: the peer of ours.

Ours simulates a month once for all plans that it is the same for (many instance types serve as many requests at a
time). What is compared, and the result, are the same; `tests/bench/__main__.py` runs both as whole processes.
"""

import sys
from decimal import Decimal

from cost import PriceCatalog
from cost.comparison import Demand, Profile, compare, months, plans


def main() -> None:
    """Print the recommended plan and its cost, as the bench checks it against ours."""
    for name in ("simulated", "functions", "instance_hours"):
        memoised = getattr(months, name)
        for module in [module for room, module in sys.modules.items() if room.startswith("cost.comparison.")]:
            if getattr(module, name, None) is memoised:
                setattr(module, name, memoised.__wrapped__)
    catalog = PriceCatalog.load()
    demand = Demand(region="us-east-1", requests=Decimal(1_000_000), traffic="diurnal", p99_ms=500.0)
    profile = Profile(p50_ms=9, p99_ms=14, memory_mb=300)
    best = compare(demand, profile, catalog, plans(catalog, demand.region)).recommended
    assert best is not None
    print(best.plan.name, best.usd)


if __name__ == "__main__":
    main()
