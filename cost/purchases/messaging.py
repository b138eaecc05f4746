"""SNS and SQS, by the request. `free` is the first million of each month, and for e-mail and HTTP less.

Sources: https://aws.amazon.com/sns/pricing/ and https://aws.amazon.com/sqs/pricing/.
"""

from dataclasses import dataclass
from typing import Literal

from cost.amount import Amount
from cost.purchases.charge import Meter, Metered


@dataclass(frozen=True, kw_only=True)
class SnsRequests(Metered):
    """`requests` to SNS: each message published counts one for every 64 KB of it."""

    meter = Meter("sns", "requests", "request", ("requests",), "SNS requests")

    requests: Amount


@dataclass(frozen=True, kw_only=True)
class SnsDeliveries(Metered):
    """`notifications` that SNS delivers by e-mail or to an HTTP address; to SQS and Lambda they cost nothing."""

    meter = Meter(
        "sns", "notifications {protocol}", "notification", ("notifications",), "SNS deliveries ({protocol})"
    )

    notifications: Amount
    protocol: Literal["email", "http"]


@dataclass(frozen=True, kw_only=True)
class SqsRequests(Metered):
    """`requests` to standard SQS queues: send, receive and delete count one each."""

    meter = Meter("sqs", "requests", "request", ("requests",), "SQS requests")

    requests: Amount
