"""The machines that a Batch job can get, on which market, and at which price."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from cost import Charge, EbsStorage, Ec2InstanceHours, Ec2SpotHours, Machine, Price, Purchase, machines
from cost.comparison.batches import VOLUME_GB
from infra.bill.month import Month
from infra.workloads import BatchJob

# The kernel and ECS's agent keep some of a machine's memory: a job that asks for all of it never starts.
_USABLE: Final = Decimal("0.93")


@dataclass(frozen=True)
class _OnDemandInstead:
    """A spot machine at the on-demand price, which spot never exceeds, where no spot price is held."""

    purchase: Ec2InstanceHours

    @property
    def charge(self) -> Charge:
        charge = self.purchase.charge
        return replace(
            charge,
            description=f"{charge.description}, for spot",
            note=f"No spot price of {charge.dimension} in {charge.region} is held; this is its on-demand price.",
        )


@dataclass(frozen=True)
class Offer:
    """An instance type on a market; `usd` is an hour of it, None where no price is held.

    `volume_usd` is an hour of its volume, 0 where no price is held. `instead`: it is the on-demand price, for want of
    a spot price.
    """

    instance_type: str
    spot: bool
    usd: Decimal | None
    volume_usd: Decimal = Decimal(0)
    instead: bool = False

    @property
    def whole_usd(self) -> Decimal:
        """An hour of it with its volume; what no price is held for counts as nothing."""
        return (self.usd or Decimal(0)) + self.volume_usd

    @property
    def machine(self) -> Machine | None:
        """How large it is; None where that is not known."""
        return machines().get(self.instance_type)

    def hours(self, region: str, hours: Decimal, count: int = 1) -> Purchase:
        """`count` such machines for `hours`."""
        if self.spot and not self.instead:
            return Ec2SpotHours(region=region, instance_type=self.instance_type, hours=hours, count=count)
        bought = Ec2InstanceHours(region=region, instance_type=self.instance_type, hours=hours, count=count)
        return _OnDemandInstead(bought) if self.instead else bought

    def filling(self, vcpus: int) -> int:
        """How many machines `vcpus` come to: AWS exceeds them by less than one machine."""
        return math.ceil(vcpus / self.machine.vcpus) if self.machine else 1

    def jobs(self, workload: BatchJob) -> int:
        """How many jobs it runs at a time; 0 where a job does not fit, or its size is not known."""
        if self.machine is None:
            return 0
        room = [
            self.machine.vcpus // workload.vcpus,
            int(self.machine.memory_gib * 1024 * _USABLE) // workload.memory_mb,
        ]
        return min([*room, self.machine.gpu_count // workload.gpus] if workload.gpus else room)


def markets(workload: BatchJob, month: Month) -> list[list[Offer]]:
    """The offers in each of the job's compute environments, in the order of its queue."""
    spot = [True] if workload.spot else []
    on_demand = [False] if workload.on_demand_fallback or not workload.spot else []
    types = [name for named in workload.instance_types for name in _expanded(named)]
    return [[_offer(name, market, month) for name in types] for market in (*spot, *on_demand)]


def cheapest(offers: Sequence[Offer]) -> Offer:
    """By the price of a vCPU; one without a price only where none has one."""
    return min(_priced(offers), key=lambda pair: pair[0] / pair[2].vcpus, default=(0, offers[0], None))[1]


def cheapest_for(workload: BatchJob, offers: Sequence[Offer]) -> Offer | None:
    """By the price of one job's place, volume included; None where no job fits."""
    fitting = [offer for offer in offers if offer.jobs(workload)]
    priced = [(offer.whole_usd / offer.jobs(workload), offer) for _, offer, _ in _priced(fitting)]
    return min(priced, key=lambda pair: pair[0], default=(0, fitting[0] if fitting else None))[1]


def dearest(offers: Sequence[Offer], vcpus: int) -> Offer:
    """By the price of the machines that `vcpus` come to, each with its volume: small ones are more, and so are theirs.

    One without a price only where none has one.
    """
    return max(offers, key=lambda offer: (offer.usd is not None, offer.filling(vcpus) * offer.whole_usd))


def _priced(offers: Sequence[Offer]) -> list[tuple[Decimal, Offer, Machine]]:
    return [
        (offer.usd, offer, offer.machine)
        for offer in offers
        if offer.usd is not None and offer.machine is not None
    ]


def _expanded(named: str) -> Sequence[str]:
    """The types of a family such as `g5`, as far as they are known; else the type itself."""
    return [name for name, machine in machines().items() if machine.family == named] or [named]


def _offer(name: str, spot: bool, month: Month) -> Offer:
    on_demand = month.catalog.price("ec2", name, month.region)
    found = month.catalog.price("ec2-spot", name, month.region) if spot else on_demand
    volume = EbsStorage(region=month.region, gb_months=VOLUME_GB)
    volume_usd = (month.estimate(volume).exact or Decimal(0)) / month.hours
    if isinstance(found, Price):
        return Offer(name, spot, found.usd, volume_usd)
    if isinstance(on_demand, Price):
        return Offer(name, spot, on_demand.usd, volume_usd, instead=True)
    return Offer(name, spot, None, volume_usd)
