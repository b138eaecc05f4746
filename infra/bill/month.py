"""Where, how long, at which prices, and how much a workload is used."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from cost import Estimate, PriceCatalog, Purchase, Rate, UsageProfile
from cost.amount import plain
from cost.errors import InvalidUsage
from infra.bill.duration import Duration, duration
from infra.environment import DIRECTORY
from infra.errors import InvalidEnvironment
from infra.stack import Stack
from infra.workloads import Workload
from model_packaging import profile
from model_packaging.profile import Answered


class Calls(NamedTuple):
    """Requests of a month, and how many milliseconds each runs."""

    requests: Decimal
    duration_ms: Decimal

    @property
    def seconds(self) -> Decimal:
        """How long they run together: AWS bills whole milliseconds of each."""
        return self.requests * self.duration_ms.to_integral_value("ROUND_CEILING") / 1000


@dataclass(frozen=True)
class Month:
    """A month of a stack, `hours` long, at the prices of `catalog`."""

    stack: Stack
    catalog: PriceCatalog
    hours: Decimal

    @property
    def region(self) -> str:
        """Where everything is bought."""
        return self.stack.environment.region

    @property
    def seconds(self) -> Decimal:
        """How long it is."""
        return self.hours * 3600

    def estimate(self, *purchases: Purchase) -> Estimate:
        """What they cost together."""
        return Estimate.of(purchases, self.catalog)

    def rate(self, description: str, *purchases: Purchase) -> Rate:
        """What they cost together, as a unit price."""
        return Rate.of(description, purchases, self.catalog)

    def usage(self, workload: Workload) -> UsageProfile | None:
        """What the environment says of the workload's use; None where it says nothing."""
        table = self.stack.environment.usage.get(workload.name)
        if table is None:
            return None
        try:
            return UsageProfile.of(table)
        except InvalidUsage as error:
            raise self.wrong(workload, str(error)) from None

    def requests(self, workload: Workload, longest_seconds: int, whose: str) -> Calls | None:
        """Requests a month and the milliseconds of each, for what is billed by its duration; None without usage.

        `longest_seconds` is after which AWS ends a request, and `whose` the words for that limit. A duration that the
        usage does not tell is that of the model's profile.json, as `duration` has it.
        """
        usage = self.usage(workload)
        if usage is None:
            return None
        found = self.duration(workload)
        if found is None:
            raise self.wrong(workload, "lacks the key 'duration_ms'; add it, as in: duration_ms = 45")
        limit = Decimal(longest_seconds * 1000)
        if found.ms > limit:
            raise self.wrong(
                workload,
                f"{found.origin} {plain(found.ms)}, above {whose} of {plain(limit)} ms; write less",
            )
        return Calls(usage.requests_per_month, found.ms)

    def durations(self, workload: Workload) -> tuple[str, ...]:
        """What the duration of a request rests on, where the usage does not tell its mean: notes for the bill."""
        found = self.duration(workload)
        return (found.note,) if found is not None and found.note else ()

    def duration(self, workload: Workload) -> Duration | None:
        """How long its requests run; None without usage, or where neither that nor profile.json tells."""
        usage = self.usage(workload)
        return None if usage is None else duration(workload, usage, self.recorded(workload))

    def recorded(self, workload: Workload) -> Answered | None:
        """The profile of its one model, if that has one."""
        if len(workload.models) != 1:
            return None
        found = profile.read(workload.models[0].directory(self.stack.base))
        return None if found is None else found.handler

    def at_a_time(self, workload: Workload, calls: Calls, most: int, limit: str) -> None:
        """Raise `InvalidEnvironment` where `calls` need more at a time than `most`, which `limit` names.

        Spread evenly over the month, which is when they need the least.
        """
        requests, duration_ms = calls
        needed = requests * duration_ms / 1000 / self.seconds
        if needed > most:
            raise self.wrong(
                workload,
                f"requests_per_month and duration_ms come to {needed:,.1f} at a time all month, above the {most:,} "
                f"of {limit}; write less, or raise it",
            )

    def wrong(self, workload: Workload, finding: str) -> InvalidEnvironment:
        """The error of a usage table: file, table, finding."""
        file = DIRECTORY / f"{self.stack.environment.name}.toml"
        return InvalidEnvironment(f"{file}: [usage.{workload.name}] {finding}.")
