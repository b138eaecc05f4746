"""Plans for what may wait: a job a day on spot machines."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final

from cost.comparison.demand import Demand, Profile
from cost.comparison.on_instances import OnInstances
from cost.comparison.plan import Unsuitable
from cost.machines import Machine
from cost.purchases import EbsStorage, Ec2SpotHours, Purchase, S3Requests

BATCH_START_MINUTES: Final = 5
BATCHES_PER_MONTH: Final = 30
BATCH_REDONE: Final = Decimal("1.05")
"""A batch a day, each a while until its machine runs; and what reclaimed machines do twice: assumptions."""
VOLUME_GB: Final = 100
"""What a machine's volume has, in the bill of a `BatchJob`, too (`infra.bill.batch`)."""


@dataclass(frozen=True)
class SpotBatch:
    """A job a day on spot instances, for what may wait until then."""

    kind: ClassVar[str] = "spot batch"
    machine: Machine

    @property
    def name(self) -> str:
        return f"spot batch {self.machine.instance_type}"

    def purchases(self, demand: Demand, profile: Profile) -> list[Purchase]:
        if not demand.may_wait:
            raise Unsuitable("answers come once a day; say --may-wait where that will do")
        service, slots = OnInstances(self.machine).service(profile)
        busy = demand.requests * Decimal(service.mean_seconds) / slots / 3600 * BATCH_REDONE
        hours = busy + Decimal(BATCHES_PER_MONTH * BATCH_START_MINUTES) / 60
        region, items = demand.region, demand.requests
        # Each item is an object that is read and a result that is written: for small models that is most of the bill.
        return [
            Ec2SpotHours(region=region, instance_type=self.machine.instance_type, hours=hours),
            EbsStorage(region=region, gb_months=VOLUME_GB * hours / demand.hours),
            S3Requests(region=region, requests=items, kind="write"),
            S3Requests(region=region, requests=items, kind="read"),
        ]

    def simulate(self, demand: Demand, profile: Profile) -> None:
        self.purchases(demand, profile)
