"""Requests that are larger than AWS takes, as the environment's usage says them."""

from collections.abc import Iterator, Mapping

from infra.environment import DIRECTORY
from infra.stack import Stack
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ServerlessEndpoint,
)

_MB = 1024

LIMITS_KB: Mapping[type, int | None] = {
    # botocore, sagemaker-runtime BodyBlob: 6,291,456 bytes.
    RealtimeEndpoint: 6 * _MB,
    MultiModelEndpoint: 6 * _MB,
    # SageMaker Developer Guide, 'Invoke a serverless endpoint': 4 MB.
    ServerlessEndpoint: 4 * _MB,
    # AWS Lambda Developer Guide, 'Lambda quotas': 6 MB each way when the caller waits.
    LambdaEndpoint: 6 * _MB,
    # SageMaker Developer Guide, 'Asynchronous inference': 1 GB, through S3.
    AsyncEndpoint: 1024 * _MB,
    # A job reads its items from S3 itself.
    BatchJob: None,
}
"""The largest request of each kind, in KB of 1024 bytes; None is no limit of AWS's."""


def _payloads(stack: Stack) -> Iterator[str]:
    for workload in stack.workloads:
        limit = LIMITS_KB[type(workload)]
        payload = stack.environment.usage.get(workload.name, {}).get("payload_kb")
        # What is no number is told by the bill, which reads the whole table.
        if limit is not None and isinstance(payload, int | float) and payload > limit:
            instead = "a BatchJob" if isinstance(workload, AsyncEndpoint) else "an AsyncEndpoint (up to 1 GB)"
            yield (
                f"{workload.name}: {DIRECTORY / stack.environment.name}.toml says payload_kb = {payload:g}; "
                f"{type(workload).__name__} takes requests of at most {limit} KB: send less, or use {instead}, "
                "which reads them from S3."
            )


CHECKS = (_payloads,)
