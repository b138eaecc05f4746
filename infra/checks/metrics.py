"""The metrics that AWS publishes of a workload, by which it may be scaled."""

import difflib
from collections.abc import Iterator, Mapping

from infra.workloads import (
    AsyncEndpoint,
    LambdaEndpoint,
    Metric,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ServerlessEndpoint,
    Workload,
)

_HOST = frozenset(
    f"{what}{form}"
    for what in ("CPU", "Memory", "Disk", "GPU", "GPUMemory")
    for form in ("Utilization", "UtilizationNormalized", "Reservation")
)
_ERRORS = frozenset({"Invocation4XXErrors", "Invocation5XXErrors", "ModelLatency"})
_INVOCATIONS = _ERRORS | {
    "InvocationModelErrors",
    "Invocations",
    "InvocationsPerInstance",
    "OverheadLatency",
}
_REALTIME = (
    _HOST
    | _INVOCATIONS
    | {
        "ConcurrentRequestsPerModel",
        "FirstChunkLatency",
        "FirstChunkModelLatency",
        "FirstChunkOverheadLatency",
        "MidStreamErrors",
    }
)
PUBLISHED: Mapping[type, frozenset[str]] = {
    RealtimeEndpoint: _REALTIME,
    MultiModelEndpoint: _REALTIME
    | {
        "LoadedModelCount",
        "ModelCacheHit",
        "ModelDownloadingTime",
        "ModelLoadingTime",
        "ModelLoadingWaitTime",
        "ModelUnloadingTime",
    },
    # The guide has it as all that there is: not even Invocations.
    AsyncEndpoint: _HOST
    | _ERRORS
    | {
        "ApproximateAgeOfOldestRequest",
        "ApproximateBacklogSize",
        "ApproximateBacklogSizePerInstance",
        "ExpiredRequests",
        "HasBacklogWithoutCapacity",
        "InvocationFailures",
        "InvocationsProcessed",
        "InvocationsProcesssed",  # so in the guide
        "NotificationFailures",
        "RequestDownloadFailures",
        "RequestDownloadLatency",
        "ResponseUploadFailures",
        "ResponseUploadLatency",
        "TimeInBacklog",
        "TotalProcessingTime",
    },
    ServerlessEndpoint: _ERRORS
    | {
        "Invocations",
        "MemoryUtilization",
        "ModelSetupTime",
        "OverheadLatency",
        "ServerlessConcurrentExecutionsUtilization",
        "ServerlessProvisionedConcurrencyExecutions",
        "ServerlessProvisionedConcurrencyInvocations",
        "ServerlessProvisionedConcurrencySpilloverInvocations",
        "ServerlessProvisionedConcurrencyUtilization",
    },
    LambdaEndpoint: frozenset(
        {
            "AsyncEventAge",
            "AsyncEventsDropped",
            "AsyncEventsReceived",
            "ConcurrentExecutions",
            "DeadLetterErrors",
            "DestinationDeliveryFailures",
            "Duration",
            "Errors",
            "Invocations",
            "PostRuntimeExtensionsDuration",
            "ProvisionedConcurrencyInvocations",
            "ProvisionedConcurrencySpilloverInvocations",
            "ProvisionedConcurrencyUtilization",
            "ProvisionedConcurrentExecutions",
            "RecursiveInvocationsDropped",
            "Throttles",
            "Url4xxCount",
            "Url5xxCount",
            "UrlRequestCount",
            "UrlRequestLatency",
        }
    ),
}
"""By kind (SageMaker Developer Guide, 'Amazon SageMaker AI metrics in Amazon CloudWatch', 'Monitor asynchronous
endpoint' and 'Monitor serverless endpoint'; Lambda Developer Guide, 'Types of metrics for Lambda functions')."""

_USUAL = ("ModelLatency", "ProvisionedConcurrentExecutions")


def wrong_name(workload: Workload, metric: Metric) -> Iterator[str]:
    """That AWS publishes nothing under a name without a namespace: CloudWatch takes an alarm of any, and it waits."""
    known = PUBLISHED.get(type(workload))
    if metric.namespace is not None or known is None or metric.name in known:
        return
    near = difflib.get_close_matches(metric.name, sorted(known), n=1, cutoff=0.6)
    usual = next(name for name in _USUAL if name in known)
    instead = f"Metric({near[0]!r})" if near else f"one that it has, such as {usual}"
    yield (
        f"AWS publishes no metric {metric.name!r} of it; write {instead}, or with a metric of your own its namespace: "
        f"Metric({metric.name!r}, namespace='...', dimensions={{...}})"
    )
