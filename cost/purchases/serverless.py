"""SageMaker Serverless: seconds at a rate per memory size, no fee per request, data in and out.

Source: https://aws.amazon.com/sagemaker/pricing/, Serverless Inference.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from cost.amount import Amount, checked
from cost.purchases.charge import Meter, Metered


@dataclass(frozen=True, kw_only=True)
class _Seconds(Metered):
    """Seconds of endpoints with `memory_gb`, 1 to 6."""

    memory_gb: int
    seconds: Amount


@dataclass(frozen=True, kw_only=True)
class _Inference(_Seconds):
    @classmethod
    def of(
        cls,
        *,
        region: str,
        requests: Amount,
        duration_ms: Amount,
        memory_gb: int,
        free: Amount = 0,
    ) -> Self:
        """`requests` of `duration_ms` each, in whole milliseconds."""
        milliseconds = checked("duration_ms", duration_ms).to_integral_value("ROUND_CEILING")
        seconds = checked("requests", requests) * milliseconds / Decimal(1000)
        return cls(region=region, memory_gb=memory_gb, seconds=seconds, free=free)


@dataclass(frozen=True, kw_only=True)
class ServerlessInference(_Inference):
    """`seconds` of inference at `memory_gb`."""

    meter = Meter(
        "sagemaker-serverless",
        "inference {memory_gb} GB",
        "second",
        ("seconds",),
        "SageMaker Serverless inference ({memory_gb} GB)",
    )


@dataclass(frozen=True, kw_only=True)
class ServerlessProvisionedInference(_Inference):
    """`seconds` of inference on provisioned concurrency: cheaper than `ServerlessInference`, which it replaces."""

    meter = Meter(
        "sagemaker-serverless",
        "provisioned concurrency execution {memory_gb} GB",
        "second",
        ("seconds",),
        "SageMaker Serverless inference while provisioned ({memory_gb} GB)",
    )


@dataclass(frozen=True, kw_only=True)
class ServerlessProvisionedConcurrency(_Seconds):
    """`seconds` of `concurrency` kept ready, whether it is used or not."""

    meter = Meter(
        "sagemaker-serverless",
        "provisioned concurrency warm {memory_gb} GB",
        "second",
        ("seconds", "concurrency"),
        "SageMaker Serverless provisioned concurrency ({memory_gb} GB)",
    )

    concurrency: Amount = 1


@dataclass(frozen=True, kw_only=True)
class ServerlessData(Metered):
    """`gb` of requests into and responses out of serverless endpoints."""

    meter = Meter("sagemaker-serverless", "data", "GB", ("gb",), "SageMaker Serverless data")

    gb: Amount
