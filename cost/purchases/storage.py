"""Objects in S3 and images in ECR, by the GB-month.

Sources: https://aws.amazon.com/s3/pricing/ and https://aws.amazon.com/ecr/pricing/.
"""

from dataclasses import dataclass
from typing import Literal

from cost.amount import Amount
from cost.purchases.charge import Meter, Metered


@dataclass(frozen=True, kw_only=True)
class S3Storage(Metered):
    """`gb_months` of objects in S3: `standard`, or `infrequent-access`, whose reading costs `S3Retrieval`."""

    meter = Meter("s3", "{storage_class} storage", "GB-month", ("gb_months",), "S3 {storage_class} storage")

    gb_months: Amount
    storage_class: Literal["standard", "infrequent-access"] = "standard"


@dataclass(frozen=True, kw_only=True)
class S3Retrieval(Metered):
    """`gb` read from objects that are stored as infrequently accessed."""

    meter = Meter("s3", "infrequent-access retrieval", "GB", ("gb",), "S3 infrequent-access retrieval")

    gb: Amount


@dataclass(frozen=True, kw_only=True)
class S3Requests(Metered):
    """`requests` to S3: `write` is PUT, COPY, POST and LIST, `read` is GET and all others."""

    meter = Meter("s3", "requests {kind}", "request", ("requests",), "S3 {kind} requests")

    requests: Amount
    kind: Literal["write", "read"]


@dataclass(frozen=True, kw_only=True)
class EcrStorage(Metered):
    """`gb_months` of images in private repositories."""

    meter = Meter("ecr", "storage", "GB-month", ("gb_months",), "ECR storage")

    gb_months: Amount
