"""Where CloudWatch has the metrics of a workload: namespace and dimensions."""

from infra.naming import VARIANT

HOST_METRICS = frozenset(
    {
        "CPUReservation",
        "CPUUtilization",
        "CPUUtilizationNormalized",
        "DiskUtilization",
        "GPUMemoryUtilization",
        "GPUMemoryUtilizationNormalized",
        "GPUReservation",
        "GPUUtilization",
        "GPUUtilizationNormalized",
        "LoadedModelCount",
        "MemoryReservation",
        "MemoryUtilization",
    }
)
"""What SageMaker puts into /aws/sagemaker/Endpoints (Developer Guide, 'Metrics for monitoring', 2026-11), and of an
endpoint with several models how many are loaded."""

QUEUE_METRICS = frozenset(
    {
        "ApproximateAgeOfOldestRequest",
        "ApproximateBacklogSize",
        "ApproximateBacklogSizePerInstance",
        "HasBacklogWithoutCapacity",
    }
)
"""What asynchronous endpoints publish for EndpointName alone (Developer Guide, 'Monitor asynchronous endpoint')."""

Place = tuple[str, dict[str, str]]
"""A namespace, and the dimensions in it."""


def of_endpoint(endpoint: str, metric: str) -> Place:
    """Where SageMaker puts `metric` of the endpoint of that name."""
    namespace = "/aws/sagemaker/Endpoints" if metric in HOST_METRICS else "AWS/SageMaker"
    variant = {} if metric in QUEUE_METRICS else {"VariantName": VARIANT}
    return namespace, {"EndpointName": endpoint, **variant}


def of_function(function: str) -> Place:
    """Where Lambda puts the metrics of a function, over all of its versions and aliases."""
    return "AWS/Lambda", {"FunctionName": function}


def of_alias(function: str, alias: str) -> Place:
    """Where Lambda puts the metrics of one alias."""
    return "AWS/Lambda", {"FunctionName": function, "Resource": f"{function}:{alias}"}
