"""A month of a workload's requests, minute by minute, as its usage tells them."""

import importlib.util
import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cost import UsageProfile
from cost.errors import InvalidUsage
from cost.simulation.traffic import shaped, traced
from cost.usage import is_trace
from infra.bill.month import Month
from infra.workloads import Workload

if TYPE_CHECKING:
    from cost.simulation.traffic import Traffic

SEED: Final = 0
NUMPY: Final = "numpy is not installed; run: python -m pip install numpy"
UNTOLD: Final = "constant"
"""The shape of a usage that names none: an assumption, which is said."""


def arriving(workload: Workload, usage: UsageProfile, month: Month) -> "Traffic":
    """The requests of every minute that the month has begun.

    Raises `InvalidEnvironment` for a usage that cannot be, such as a trace with a gap.
    """
    # A part of a minute is a minute: cut off, what is up all month would come to less than the month.
    minutes, requests = math.ceil(month.hours * 60), float(usage.requests_per_month)
    named = usage.traffic or UNTOLD
    try:
        if is_trace(named):
            return traced(Path(named), minutes, requests)
        return shaped(named, requests, minutes, SEED)
    except InvalidUsage as error:
        raise month.wrong(workload, str(error)) from None


def described(usage: UsageProfile) -> str:
    """Its shape in words: `diurnal traffic`, or that nothing tells it."""
    assumed = "" if usage.traffic else " (assumed: its usage names none)"
    return f"{usage.traffic or UNTOLD} traffic{assumed}"


def has(module: str) -> bool:
    """Whether a library is installed; it is not loaded."""
    return importlib.util.find_spec(module) is not None
