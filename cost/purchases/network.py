"""NAT gateways, public addresses, data that leaves, and API Gateway.

Sources: https://aws.amazon.com/vpc/pricing/, https://aws.amazon.com/ec2/pricing/on-demand/ (data transfer) and
https://aws.amazon.com/api-gateway/pricing/.
"""

from dataclasses import dataclass
from typing import Literal

from cost.amount import Amount
from cost.purchases.charge import Meter, Metered

Destination = Literal["internet", "other regions", "a region nearby"]


@dataclass(frozen=True, kw_only=True)
class NatHours(Metered):
    """`count` NAT gateways there for `hours`."""

    meter = Meter("nat-gateway", "hour", "hour", ("hours", "count"), "NAT gateways")

    hours: Amount
    count: Amount = 1


@dataclass(frozen=True, kw_only=True)
class NatData(Metered):
    """`gb` through NAT gateways, in either direction; what leaves AWS is `DataTransfer` besides."""

    meter = Meter("nat-gateway", "data processed", "GB", ("gb",), "NAT gateway data")

    gb: Amount


@dataclass(frozen=True, kw_only=True)
class DataTransfer(Metered):
    """`gb` out of a region. AWS gives 100 GB a month to the internet free over all services: `free=100`.

    `a region nearby` is the pair of us-east-1 and us-east-2.
    """

    meter = Meter("data-transfer", "out to {to}", "GB", ("gb",), "data out to {to}")

    gb: Amount
    to: Destination = "internet"


@dataclass(frozen=True, kw_only=True)
class ZoneTransfer(Metered):
    """`gb` between availability zones of a region, billed on both sides: `directions=1` counts one side."""

    meter = Meter(
        "data-transfer", "between zones, each direction", "GB", ("gb", "directions"), "data between zones"
    )

    gb: Amount
    directions: Amount = 2


@dataclass(frozen=True, kw_only=True)
class PublicAddressHours(Metered):
    """`count` public IPv4 addresses, in use or not, for `hours`."""

    meter = Meter("vpc", "public IPv4 address", "hour", ("hours", "count"), "public IPv4 addresses")

    hours: Amount
    count: Amount = 1


@dataclass(frozen=True, kw_only=True)
class ApiRequests(Metered):
    """`requests` to REST APIs of API Gateway."""

    meter = Meter("api-gateway-rest", "requests", "request", ("requests",), "API Gateway REST requests")

    requests: Amount
