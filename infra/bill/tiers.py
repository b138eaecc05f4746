"""Prices that fall with the quantity: AWS's tiers span all of an account and region, and a workload's bill its own."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from cost import Estimate, PriceCatalog
from cost.purchases import Charge
from infra.bill.statement import WorkloadBill

_TOLD_FROM: Final = Decimal("0.01")


def shared(workloads: Sequence[WorkloadBill], catalog: PriceCatalog) -> Iterator[str]:
    """What they come to together, where a tier that each fills from its beginning is reached by all of them sooner."""
    alike: dict[tuple[object, ...], list[Charge]] = defaultdict(list)
    for workload in workloads:
        for charge in workload.counted.charges:
            alike[(charge.service, charge.dimension, charge.region, charge.share)].append(charge)
    less = Decimal(0)
    for charges in alike.values():
        together = replace(charges[0], quantity=sum((one.quantity for one in charges), Decimal(0)))
        apart, pooled = (Estimate.charged(each, catalog).exact for each in (charges, [together]))
        if len(charges) > 1 and apart is not None and pooled is not None:
            less += apart - pooled
    counted = sum((workload.counted for workload in workloads), Estimate()).total.usd
    if counted is not None and less >= _TOLD_FROM:
        yield (
            "AWS's price tiers span an account and region, and each workload here fills them anew: together they come "
            f"to {counted - less:,.2f} USD a month in the place of {counted:,.2f}."
        )
