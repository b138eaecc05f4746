"""Names of environment variables that AWS takes."""

import re
from collections.abc import Iterator, Mapping

from infra.checks.kinds import endpoints
from infra.stack import Stack
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ServerlessEndpoint,
)

# What AWS allows as the name of a variable (botocore: EnvironmentKey of SageMaker, EnvironmentVariableName of Lambda),
# and the names that Lambda keeps for itself (AWS Lambda Developer Guide, 'Environment variables').
_SAGEMAKER = r"[a-zA-Z_][a-zA-Z0-9_]*"
VARIABLES: Mapping[type, str] = {
    RealtimeEndpoint: _SAGEMAKER,
    AsyncEndpoint: _SAGEMAKER,
    ServerlessEndpoint: _SAGEMAKER,
    MultiModelEndpoint: _SAGEMAKER,
    LambdaEndpoint: r"[a-zA-Z][a-zA-Z0-9_]+",
    BatchJob: r"(?!AWS_BATCH)[a-zA-Z_][a-zA-Z0-9_]*",
}
_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)


def _variables(stack: Stack) -> Iterator[str]:
    for workload in stack.workloads:
        for key in workload.environment:
            if not re.fullmatch(VARIABLES[type(workload)], key):
                yield (
                    f"{workload.name}: AWS takes no variable named {key!r}; write letters, digits and underscores, "
                    f"a letter first{', and two of them or more' if isinstance(workload, LambdaEndpoint) else ''}."
                )
            elif isinstance(workload, LambdaEndpoint) and key in _RESERVED:
                yield f"{workload.name}: Lambda keeps the variable {key!r} for itself; write another name."


# botocore: EnvironmentMap, EnvironmentKey and EnvironmentValue of SageMaker; 32 KB: SageMaker API Reference,
# ContainerDefinition. Of 100 entries and 32 KB ours take six at the most, 209 bytes together: those of an asynchronous
# endpoint in AWS's own image.
ENTRIES, LONGEST_BYTES, ALL_BYTES = 94, 1024, 32 * 1024 - 209


def _sizes(stack: Stack) -> Iterator[str]:
    for workload in endpoints(stack):
        variables = workload.environment
        instead = "keep what is large in a file of the model's folder"
        if len(variables) > ENTRIES:
            yield (
                f"{workload.name}: environment has {len(variables)} variables; SageMaker takes {ENTRIES} beside ours: "
                f"{instead}."
            )
        for key, value in variables.items():
            size = max(len(key.encode()), len(value.encode()))
            if size > LONGEST_BYTES:
                yield (
                    f"{workload.name}: variable {key[:40]!r} has {size} bytes; SageMaker takes {LONGEST_BYTES} for a "
                    f"name and for a value: {instead}."
                )
        total = sum(len(key.encode()) + len(value.encode()) for key, value in variables.items())
        if total > ALL_BYTES:
            yield (
                f"{workload.name}: environment has {total} bytes; SageMaker takes {ALL_BYTES} beside ours: {instead}."
            )


CHECKS = (_variables, _sizes)
