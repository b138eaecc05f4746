"""Prices pinned for the bills that others published, so that a newer price table never breaks the arithmetic."""

from decimal import Decimal

import pytest

from cost import Price, PriceCatalog, Tier

D = Decimal
REGION = "us-east-1"

# Service, dimension, unit, and pairs of a rate and the upper end of its tier.
PINNED: tuple[tuple[str, str, str, tuple[tuple[str, int | None], ...]], ...] = (
    ("lambda", "requests", "request", (("0.0000002", None),)),
    (
        "lambda",
        "duration x86",
        "GB-second",
        (("0.0000166667", 6_000_000_000), ("0.000015", 15_000_000_000), ("0.0000133334", None)),
    ),
    (
        "lambda",
        "duration arm64",
        "GB-second",
        (("0.0000133334", 7_500_000_000), ("0.0000120001", 18_750_000_000), ("0.0000106667", None)),
    ),
    ("lambda", "provisioned concurrency x86", "GB-second", (("0.0000041667", None),)),
    ("lambda", "duration while provisioned x86", "GB-second", (("0.0000097222", None),)),
    ("lambda", "provisioned concurrency arm64", "GB-second", (("0.0000033334", None),)),
    ("lambda", "duration while provisioned arm64", "GB-second", (("0.0000077778", None),)),
    ("lambda", "ephemeral storage", "GB-second", (("0.0000000309", None),)),
    ("lambda", "response stream", "GB", (("0.008", None),)),
    ("lambda", "SnapStart cache", "GB-second", (("0.0000015046", None),)),
    ("lambda", "SnapStart restore", "GB", (("0.0001397998", None),)),
    ("sagemaker-serverless", "inference 1 GB", "second", (("0.00002", None),)),
    ("sagemaker-serverless", "inference 2 GB", "second", (("0.00004", None),)),
    ("sagemaker-serverless", "data", "GB", (("0.016", None),)),
    ("sagemaker-serverless", "provisioned concurrency warm 2 GB", "second", (("0.00001", None),)),
    ("sagemaker-serverless", "provisioned concurrency execution 2 GB", "second", (("0.0000233", None),)),
    ("sagemaker-hosting", "instance storage", "GB-month", (("0.14", None),)),
    ("sagemaker-hosting", "data in", "GB", (("0.016", None),)),
    ("sagemaker-hosting", "data out", "GB", (("0.016", None),)),
    ("sagemaker-hosting", "ml.m5.xlarge", "instance-hour", (("0.23", None),)),
    ("sagemaker-hosting", "ml.p3.2xlarge", "instance-hour", (("3.825", None),)),
    ("sagemaker-async", "data", "GB", (("0.016", None),)),
    ("ec2", "p3.2xlarge", "instance-hour", (("3.06", None),)),
    ("ec2-spot", "g4dn.xlarge", "instance-hour", (("0.2039", None),)),
    ("ebs", "gp3 storage", "GB-month", (("0.08", None),)),
    ("ebs", "gp3 IOPS", "IOPS-month", (("0.005", None),)),
    ("ebs", "gp3 throughput", "MB/s-month", (("0.04", None),)),
    ("s3", "standard storage", "GB-month", (("0.023", 51_200), ("0.022", 512_000), ("0.021", None))),
    ("s3", "requests write", "request", (("0.000005", None),)),
    ("s3", "requests read", "request", (("0.0000004", None),)),
    ("ecr", "storage", "GB-month", (("0.10", None),)),
    ("cloudwatch", "dashboard", "dashboard-month", (("3.00", None),)),
    ("cloudwatch", "alarm standard resolution", "alarm-month", (("0.10", None),)),
    ("cloudwatch", "alarm high resolution", "alarm-month", (("0.30", None),)),
    ("cloudwatch", "logs ingested", "GB", (("0.50", None),)),
    ("cloudwatch", "logs stored", "GB-month", (("0.03", None),)),
    ("sns", "requests", "request", (("0.0000005", None),)),
    ("sns", "notifications http", "notification", (("0.0000006", None),)),
    ("sns", "notifications email", "notification", (("0.00002", None),)),
    ("sqs", "requests", "request", (("0.0000004", None),)),
    ("nat-gateway", "hour", "hour", (("0.045", None),)),
    ("nat-gateway", "data processed", "GB", (("0.045", None),)),
    (
        "data-transfer",
        "out to internet",
        "GB",
        (("0.09", 10_240), ("0.085", 51_200), ("0.07", 153_600), ("0.05", None)),
    ),
    ("data-transfer", "out to other regions", "GB", (("0.02", None),)),
    ("data-transfer", "out to a region nearby", "GB", (("0.01", None),)),
    ("data-transfer", "between zones, each direction", "GB", (("0.01", None),)),
    ("fargate", "x86 vCPU", "vCPU-second", (("0.000011244", None),)),
    ("fargate", "x86 memory", "GB-second", (("0.000001235", None),)),
    ("fargate", "arm64 vCPU", "vCPU-second", (("0.0000089944", None),)),
    ("fargate", "arm64 memory", "GB-second", (("0.0000009889", None),)),
    ("fargate", "ephemeral storage", "GB-second", (("0.0000000308", None),)),
    ("modal", "H100", "second", (("0.001097", None),)),
)


class Pinned(dict[tuple[str, str, str], Price]):
    """The pinned prices; `catalog` takes those that an example has of its own in their place."""

    def pin(
        self, service: str, dimension: str, unit: str, *tiers: tuple[str, int | None], region: str
    ) -> None:
        start, found = D(0), []
        for usd, end in tiers:
            upto = None if end is None else D(end)
            found.append(Tier(D(usd), "pinned", "2026", "A", start=start, end=upto))
            start = upto or start
        self[service, dimension, region] = Price(service, dimension, region, unit, tuple(found))

    def catalog(self, *own: tuple[str, str, str, str], region: str = REGION) -> PriceCatalog:
        """All, with `own` (service, dimension, unit, rate) in the place of theirs."""
        mine = Pinned(self)
        for service, dimension, unit, usd in own:
            mine.pin(service, dimension, unit, (usd, None), region=region)
        return PriceCatalog.of(mine.values())


@pytest.fixture(scope="session")
def pinned() -> Pinned:
    found = Pinned()
    for service, dimension, unit, tiers in PINNED:
        found.pin(service, dimension, unit, *tiers, region=REGION)
    return found
