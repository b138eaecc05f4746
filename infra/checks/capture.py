"""Data capture, which AWS has for real-time endpoints with one model."""

from collections.abc import Iterator

from infra.checks.kinds import endpoints
from infra.stack import Stack
from infra.workloads import AsyncEndpoint, MultiModelEndpoint, RealtimeEndpoint, ServerlessEndpoint

# SageMaker Developer Guide, 'Serverless Inference: feature exclusions' and 'Model Monitor', read 2026-11.
_WHY = {
    ServerlessEndpoint: "SageMaker Serverless captures no data",
    MultiModelEndpoint: "SageMaker captures no data of an endpoint with several models",
    AsyncEndpoint: "an asynchronous endpoint keeps every request and answer in S3 anyway",
}


def _captures(stack: Stack) -> Iterator[str]:
    for workload in endpoints(stack):
        if isinstance(workload, RealtimeEndpoint) or stack.data_capture(workload) is None:
            continue
        own = bool(workload.data_capture)
        if isinstance(workload, AsyncEndpoint) and not own:
            continue  # the environment's wish is granted
        instead = (
            "leave data_capture out"
            if own
            else f"write data_capture=False to let it go without what environment {stack.environment.name} sets"
        )
        yield f"{workload.name}: {_WHY[type(workload)]}; {instead}, or use a RealtimeEndpoint."


CHECKS = (_captures,)
