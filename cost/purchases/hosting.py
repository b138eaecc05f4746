"""SageMaker endpoints on instances: the instances, their volumes, the data in and out.

Real-time, asynchronous and multi-model endpoints are billed alike, but for the data.
Source: https://aws.amazon.com/sagemaker/pricing/.
"""

from dataclasses import dataclass
from typing import Literal, Self

from cost.amount import HOURS_PER_MONTH, Amount, checked
from cost.errors import InvalidPurchase
from cost.purchases.charge import Meter, Metered


@dataclass(frozen=True, kw_only=True)
class InstanceHours(Metered):
    """`count` SageMaker instances up for `hours`; every production and shadow variant is billed alike.

    An asynchronous endpoint is billed while an instance is up, its start and its cool-down included.
    """

    meter = Meter(
        "sagemaker-hosting",
        "{instance_type}",
        "instance-hour",
        ("hours", "count"),
        "{instance_type} for SageMaker hosting",
    )

    instance_type: str
    hours: Amount
    count: Amount = 1

    @classmethod
    def of_work(cls, *, region: str, instance_type: str, units: Amount, units_per_second: Amount) -> Self:
        """The hours of one instance that does `units` of work (requests, tokens) at `units_per_second`."""
        rate = checked("units_per_second", units_per_second)
        if not rate:
            raise InvalidPurchase("units_per_second is 0; write a rate above 0.")
        return cls(region=region, instance_type=instance_type, hours=checked("units", units) / rate / 3600)


@dataclass(frozen=True, kw_only=True)
class EndpointStorage(Metered):
    """`gb_months` of the volumes of endpoint instances that bring no disk of their own."""

    meter = Meter("sagemaker-hosting", "instance storage", "GB-month", ("gb_months",), "endpoint volumes")

    gb_months: Amount

    @classmethod
    def of(
        cls,
        *,
        region: str,
        volume_gb: Amount,
        hours: Amount,
        count: Amount = 1,
        hours_per_month: Amount = HOURS_PER_MONTH,
    ) -> Self:
        """`count` volumes of `volume_gb`, there for `hours` of a month of `hours_per_month`."""
        share = checked("hours", hours) / checked("hours_per_month", hours_per_month)
        gb = checked("volume_gb", volume_gb) * checked("count", count)
        return cls(region=region, gb_months=gb * share)


@dataclass(frozen=True, kw_only=True)
class EndpointData(Metered):
    """`gb` of requests into, or responses out of, SageMaker endpoints."""

    meter = Meter("sagemaker-hosting", "data {direction}", "GB", ("gb",), "endpoint data {direction}")

    gb: Amount
    direction: Literal["in", "out"]


@dataclass(frozen=True, kw_only=True)
class AsyncData(Metered):
    """`gb` of requests into and responses out of asynchronous endpoints."""

    meter = Meter("sagemaker-async", "data", "GB", ("gb",), "asynchronous endpoint data")

    gb: Amount
