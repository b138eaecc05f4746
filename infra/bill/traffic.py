"""A month of a workload's requests, minute by minute, as its usage tells them."""

import importlib.util
import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cost import UsageProfile
from cost.errors import InvalidUsage
from cost.simulation.traffic import check as check_trace
from cost.simulation.traffic import shaped, traced
from cost.usage import is_trace
from infra.bill.month import Month
from infra.environment import DIRECTORY
from infra.errors import InvalidEnvironment
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
        raise _wrong(workload, named, error, month) from None


def check(workload: Workload, month: Month) -> None:
    """Raise `InvalidEnvironment` where the usage names a trace that is none: also where no amount follows from it."""
    usage = month.usage(workload)
    if usage is not None and usage.traffic is not None and is_trace(usage.traffic):
        try:
            check_trace(Path(usage.traffic))
        except InvalidUsage as error:
            raise _wrong(workload, usage.traffic, error, month) from None


def described(usage: UsageProfile, traffic: "Traffic") -> str:
    """Its shape in words: `diurnal traffic`, or that nothing tells it, or what was left out of a trace."""
    if usage.traffic is None:
        return f"{UNTOLD} traffic (assumed: its usage names none)"
    if traffic.of_minutes is None:
        return f"{_shown(usage.traffic)} traffic"
    month = f"the first {len(traffic.per_minute) / 60:,g} of its {traffic.of_minutes / 60:,g} hours"
    return f"{_shown(usage.traffic)} traffic ({month})"


def _shown(named: str) -> str:
    """A trace as the project has it: where a page or a comment goes, nobody has the folders of this machine."""
    file = Path(named)
    found = next((folder for folder in file.parents if folder.parts[-2:] == DIRECTORY.parts), None)
    return str(file if found is None else DIRECTORY / file.relative_to(found))


def _wrong(workload: Workload, named: str, error: InvalidUsage, month: Month) -> InvalidEnvironment:
    return month.wrong(workload, str(error).replace(named, _shown(named)))


def has(module: str) -> bool:
    """Whether a library is installed; it is not loaded."""
    return importlib.util.find_spec(module) is not None
