"""What AWS takes in one request, and how long it waits for the answer: beyond that a plan cannot serve at all."""

from dataclasses import dataclass
from typing import Final

from cost.amount import plain
from cost.comparison.demand import Demand
from cost.comparison.plan import Unsuitable
from cost.simulation.month import TIMEOUT_SECONDS, ServiceTime

KB_PER_MB: Final = 1024


@dataclass(frozen=True)
class Limits:
    """The largest request and answer in MB (of 1024 KB), and the seconds after which an answer is given up."""

    body_mb: int
    seconds: int

    def check(self, demand: Demand, service: ServiceTime) -> None:
        """Raise `Unsuitable` for a body that is larger, or a model that takes longer for one request in a hundred."""
        body_kb = max(demand.payload_kb, demand.response_kb)
        if body_kb > self.body_mb * KB_PER_MB:
            raise Unsuitable(f"takes at most {self.body_mb:,} MB at a time, and {plain(body_kb)} KB are sent")
        if service.p99_ms > self.seconds * 1000:
            raise Unsuitable(
                f"ends after {self.seconds:,} s, and the model takes {service.p99_ms / 1000:,.0f} s"
            )


REALTIME: Final = Limits(6, int(TIMEOUT_SECONDS))
"""botocore, sagemaker-runtime BodyBlob: 6,291,456 bytes; SageMaker API Reference, InvokeEndpoint: 60 s."""
SERVERLESS: Final = Limits(4, 60)
"""SageMaker Developer Guide, 'Invoke a serverless endpoint': 4 MB and 60 s."""
LAMBDA: Final = Limits(6, 900)
"""AWS Lambda Developer Guide, 'Lambda quotas': 6 MB each way when the caller waits, 15 minutes."""
ASYNCHRONOUS: Final = Limits(1024, 3600)
"""SageMaker Developer Guide, 'Asynchronous inference': 1 GB through S3, and an hour."""
