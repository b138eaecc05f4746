"""How large an EC2 machine is: vCPUs, memory, GPUs. SageMaker's `ml.` types are the same machines."""

import csv
import functools
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

MACHINES: Final = Path(__file__).parent / "data" / "tables" / "machines.csv"


@dataclass(frozen=True)
class Machine:
    """One instance type. `gpu` is the accelerator's name, empty without one; its memory is that of each.

    `cpu_baseline` is how much of each vCPU a burstable type may use for good, such as 0.2; None of all others. Source:
    EC2 User Guide, 'Key concepts and definitions for burstable performance instances', the credit table.
    """

    instance_type: str
    vcpus: int
    memory_gib: Decimal
    gpu: str = ""
    gpu_count: int = 0
    gpu_memory_gib: Decimal = Decimal(0)
    cpu_baseline: Decimal | None = None

    @property
    def family(self) -> str:
        """`g5` of `g5.xlarge`."""
        return self.instance_type.partition(".")[0]


@functools.cache
def machines() -> dict[str, Machine]:
    """Every instance type that is known, by EC2's name."""
    with MACHINES.open(newline="", encoding="utf-8") as stream:
        return {row["instance_type"]: _machine(row) for row in csv.DictReader(stream)}


def _machine(row: dict[str, str]) -> Machine:
    return Machine(
        instance_type=row["instance_type"],
        vcpus=int(row["vcpus"]),
        memory_gib=Decimal(row["memory_gib"]),
        gpu=row["gpu"],
        gpu_count=int(row["gpu_count"] or 0),
        gpu_memory_gib=Decimal(row["gpu_memory_gib"] or 0),
        cpu_baseline=Decimal(row["cpu_baseline"]) if row["cpu_baseline"] else None,
    )
