"""EC2 instances, and their volumes.

Sources: https://aws.amazon.com/ec2/pricing/ and https://aws.amazon.com/ebs/pricing/.
"""

from dataclasses import dataclass
from typing import Literal

from cost.amount import Amount
from cost.purchases.charge import Meter, Metered


@dataclass(frozen=True, kw_only=True)
class Ec2InstanceHours(Metered):
    """`count` EC2 instances, Linux, on demand, up for `hours`; AWS bills seconds, from the first minute."""

    meter = Meter("ec2", "{instance_type}", "instance-hour", ("hours", "count"), "{instance_type} on EC2")

    instance_type: str
    hours: Amount
    count: Amount = 1


@dataclass(frozen=True, kw_only=True)
class Ec2SpotHours(Metered):
    """`count` EC2 spot instances, Linux, up for `hours`. The price moves: what is held is a snapshot."""

    meter = Meter(
        "ec2-spot", "{instance_type}", "instance-hour", ("hours", "count"), "{instance_type} on EC2 spot"
    )

    instance_type: str
    hours: Amount
    count: Amount = 1


@dataclass(frozen=True, kw_only=True)
class EbsStorage(Metered):
    """`gb_months` of EBS volumes, as provisioned, not as filled."""

    meter = Meter("ebs", "{kind} storage", "GB-month", ("gb_months",), "EBS {kind} volumes")

    gb_months: Amount
    kind: Literal["gp2", "gp3"] = "gp3"


@dataclass(frozen=True, kw_only=True)
class EbsIops(Metered):
    """`iops_months` of a gp3 volume; `free` is the 3,000 that come with each volume."""

    meter = Meter("ebs", "gp3 IOPS", "IOPS-month", ("iops_months",), "EBS gp3 IOPS")

    iops_months: Amount
    free: Amount = 3000


@dataclass(frozen=True, kw_only=True)
class EbsThroughput(Metered):
    """`mbps_months` (MB/s for a month) of a gp3 volume; `free` is the 125 that come with each volume."""

    meter = Meter("ebs", "gp3 throughput", "MB/s-month", ("mbps_months",), "EBS gp3 throughput")

    mbps_months: Amount
    free: Amount = 125
