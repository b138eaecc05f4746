"""Every way of serving one model, side by side: what a month costs, how long answers take, what rules it out.

    demand = Demand(region="us-east-1", requests=Decimal(1_000_000), p99_ms=500)
    profile = Profile(p50_ms=9, p99_ms=14, memory_mb=512)
    compare(demand, profile, PriceCatalog.load()).recommended

Needs numpy (the extra `simulate`).
"""

from cost.comparison.assumptions import assumptions
from cost.comparison.comparison import Assessed, Comparison, compare
from cost.comparison.crossing import Crossing, break_even, crossings
from cost.comparison.demand import Demand, Profile
from cost.comparison.plan import Plan, Unsuitable
from cost.comparison.plans import plans

__all__ = [
    "Assessed",
    "Comparison",
    "Crossing",
    "Demand",
    "Plan",
    "Profile",
    "Unsuitable",
    "assumptions",
    "break_even",
    "compare",
    "crossings",
    "plans",
]
