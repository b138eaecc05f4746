"""Fargate tasks: vCPU, memory and disk by the second. Source: https://aws.amazon.com/fargate/pricing/."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from cost.amount import Amount, checked
from cost.purchases.charge import Meter, Metered
from cost.purchases.functions import Architecture

DISK_INCLUDED_GB = 20


@dataclass(frozen=True, kw_only=True)
class FargateVcpu(Metered):
    """`tasks` with `vcpus` each, running for `seconds`."""

    meter = Meter(
        "fargate",
        "{architecture} vCPU",
        "vCPU-second",
        ("tasks", "vcpus", "seconds"),
        "Fargate vCPU ({architecture})",
    )

    vcpus: Amount
    seconds: Amount
    tasks: Amount = 1
    architecture: Architecture = "x86"


@dataclass(frozen=True, kw_only=True)
class FargateMemory(Metered):
    """`tasks` with `memory_gb` each, running for `seconds`."""

    meter = Meter(
        "fargate",
        "{architecture} memory",
        "GB-second",
        ("tasks", "memory_gb", "seconds"),
        "Fargate memory ({architecture})",
    )

    memory_gb: Amount
    seconds: Amount
    tasks: Amount = 1
    architecture: Architecture = "x86"


@dataclass(frozen=True, kw_only=True)
class FargateStorage(Metered):
    """`gb_seconds` of disk above the 20 GB that come with each task."""

    meter = Meter("fargate", "ephemeral storage", "GB-second", ("gb_seconds",), "Fargate disk above 20 GB")

    gb_seconds: Amount

    @classmethod
    def of(cls, *, region: str, disk_gb: Amount, seconds: Amount, tasks: Amount = 1) -> Self:
        """`tasks` with `disk_gb` each, running for `seconds`."""
        above = max(checked("disk_gb", disk_gb) - DISK_INCLUDED_GB, Decimal(0))
        return cls(region=region, gb_seconds=above * checked("seconds", seconds) * checked("tasks", tasks))
