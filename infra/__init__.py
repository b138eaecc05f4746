"""Declare, check, render, run and operate stacks of models on AWS.

What a stack's file imports. Nothing here starts Node, Terraform or a framework; and each name is loaded when it
is first asked for, so that the command line is ready for a Ctrl-C before pydantic is.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.environment import Environment
    from infra.settings import Alarms, AllAtOnce, Canary, DataCapture, Linear, Network, Rolling
    from infra.stack import Stack
    from infra.workloads import (
        AsyncEndpoint,
        BatchJob,
        FunctionUrl,
        LambdaEndpoint,
        Metric,
        MultiModelEndpoint,
        RealtimeEndpoint,
        ScheduledScaling,
        ServerlessEndpoint,
        Step,
        StepScaling,
        TargetTracking,
    )

__all__ = [
    "Alarms",
    "AllAtOnce",
    "AsyncEndpoint",
    "BatchJob",
    "Canary",
    "DataCapture",
    "Environment",
    "FunctionUrl",
    "LambdaEndpoint",
    "Linear",
    "Metric",
    "MultiModelEndpoint",
    "Network",
    "RealtimeEndpoint",
    "Rolling",
    "ScheduledScaling",
    "ServerlessEndpoint",
    "Stack",
    "Step",
    "StepScaling",
    "TargetTracking",
]

_HOMES = {
    "Environment": "infra.environment",
    "Alarms": "infra.settings",
    "AllAtOnce": "infra.settings",
    "Canary": "infra.settings",
    "DataCapture": "infra.settings",
    "Linear": "infra.settings",
    "Network": "infra.settings",
    "Rolling": "infra.settings",
    "Stack": "infra.stack",
    "AsyncEndpoint": "infra.workloads",
    "BatchJob": "infra.workloads",
    "FunctionUrl": "infra.workloads",
    "LambdaEndpoint": "infra.workloads",
    "Metric": "infra.workloads",
    "MultiModelEndpoint": "infra.workloads",
    "RealtimeEndpoint": "infra.workloads",
    "ScheduledScaling": "infra.workloads",
    "ServerlessEndpoint": "infra.workloads",
    "Step": "infra.workloads",
    "StepScaling": "infra.workloads",
    "TargetTracking": "infra.workloads",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'infra' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
