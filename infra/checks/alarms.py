"""Alarms that can go off."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.stack import Stack
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ServerlessEndpoint,
)

_SAGEMAKER = 60
LONGEST_SECONDS: Mapping[type, Callable[[Any], int | None]] = {
    # SageMaker API Reference, 'InvokeEndpoint': a model has 60 s until it answers.
    RealtimeEndpoint: lambda _: _SAGEMAKER,
    MultiModelEndpoint: lambda _: _SAGEMAKER,
    ServerlessEndpoint: lambda _: _SAGEMAKER,
    # botocore, sagemaker-runtime InvokeEndpointAsync InvocationTimeoutSeconds: up to an hour.
    AsyncEndpoint: lambda _: 3600,
    LambdaEndpoint: lambda workload: workload.timeout_seconds,
    # Batch has no metric of it, and so no alarm.
    BatchJob: lambda _: None,
}
"""How long AWS lets one request take, by kind of workload."""

REQUEST_TTL_SECONDS = 21_600
"""How long an asynchronous request may wait (botocore, InvokeEndpointAsync RequestTTLSeconds); then it is dropped."""


def _latencies(stack: Stack) -> Iterator[str]:
    for workload in stack.workloads:
        limit = stack.alarms(workload).p99_latency_ms
        longest = LONGEST_SECONDS[type(workload)](workload)
        if limit is not None and longest is not None and limit >= longest * 1000:
            yield (
                f"{workload.name}: p99_latency_ms {limit:g} never goes off, for AWS ends a request of "
                f"{type(workload).__name__} after {longest} s; write less than {longest * 1000}, for this one as "
                "alarms=Alarms(p99_latency_ms=...)."
            )


def _backlogs(stack: Stack) -> Iterator[str]:
    for workload in stack.workloads:
        limit = stack.alarms(workload).backlog_age_seconds
        if isinstance(workload, AsyncEndpoint) and limit is not None and limit >= REQUEST_TTL_SECONDS:
            yield (
                f"{workload.name}: backlog_age_seconds {limit:g} never goes off, for SageMaker drops a request that "
                f"has waited {REQUEST_TTL_SECONDS} s; write less, such as 900."
            )


def _topics(stack: Stack) -> Iterator[str]:
    region = stack.environment.region
    for workload in stack.workloads:
        topic = stack.alarms(workload).topic_arn
        if topic is not None and topic.split(":")[3] != region:
            # PutMetricAlarm: "Invalid region eu-west-1 specified. Only us-east-1 is supported."
            yield (
                f"{workload.name}: the alarms' topic {topic} is in {topic.split(':')[3]}, and CloudWatch tells topics "
                f"in {region} only; write the ARN of one there, or leave topic_arn out: the stack then makes a topic."
            )


CHECKS = (_latencies, _backlogs, _topics)
