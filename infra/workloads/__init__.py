"""What can be declared in a stack. A workload knows its fields and nothing of Terraform, boto3 or prices."""

from infra.workloads.batch import BatchJob
from infra.workloads.endpoints import (
    AsyncEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ServerlessEndpoint,
)
from infra.workloads.functions import FunctionUrl, LambdaEndpoint
from infra.workloads.scaling import Metric, ScheduledScaling, Step, StepScaling, TargetTracking

Workload = (
    RealtimeEndpoint | AsyncEndpoint | ServerlessEndpoint | MultiModelEndpoint | LambdaEndpoint | BatchJob
)
InstanceEndpoint = RealtimeEndpoint | AsyncEndpoint | MultiModelEndpoint
"""The endpoints that run on instances of a declared type."""
SageMakerEndpoint = InstanceEndpoint | ServerlessEndpoint

__all__ = [
    "AsyncEndpoint",
    "BatchJob",
    "FunctionUrl",
    "InstanceEndpoint",
    "LambdaEndpoint",
    "Metric",
    "MultiModelEndpoint",
    "RealtimeEndpoint",
    "SageMakerEndpoint",
    "ScheduledScaling",
    "ServerlessEndpoint",
    "Step",
    "StepScaling",
    "TargetTracking",
    "Workload",
]
