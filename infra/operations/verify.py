"""Compares what went live with what was planned: Terraform's word is not enough."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from infra.blueprint import Blueprint
from infra.connection import Connection
from infra.errors import DeployFailed
from infra.operations import endpoints, functions, jobs, logs
from infra.operations.artifacts import Artifact
from infra.stack import Stack
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    SageMakerEndpoint,
    ServerlessEndpoint,
)


def verify(
    stack: Stack, blueprint: Blueprint, artifacts: Mapping[str, Artifact], connection: Connection
) -> None:
    """Raise `DeployFailed` where an endpoint or function does not run what was planned."""
    findings = [
        finding
        for workload in stack.workloads
        for finding in VERIFIERS[type(workload)](
            stack, workload, blueprint, artifacts[workload.name], connection
        )
    ]
    if findings:
        raise DeployFailed("\n".join(findings))


def explain(
    names: Iterable[str],
    connection: Connection,
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """AWS's own reason for each endpoint of `names` that failed, with the last lines of its log.

    Waits until SageMaker is done with what it began, such as a roll-back: only then it gives a reason.
    """
    return "\n".join(text for name in names for text in _failure(name, connection, say, sleep))


def _failure(
    name: str, connection: Connection, say: Callable[[str], None], sleep: Callable[[float], None]
) -> Iterator[str]:
    endpoint = endpoints.settled(name, connection.client("sagemaker"), say, sleep)
    if endpoint is None or "FailureReason" not in endpoint:
        return
    if endpoint["EndpointStatus"] == "InService":
        yield f"Endpoint {name} was rolled back: {endpoint['FailureReason']}"
        yield f"It serves with {endpoint['EndpointConfigName']} as before; mend the model and deploy again."
    else:
        yield f"Endpoint {name} is {endpoint['EndpointStatus']}: {endpoint['FailureReason']}"
    lines = logs.tail(connection.client("logs"), "RealtimeEndpoint", name)
    if lines:
        yield f"The last lines of its log ({logs.ENDPOINTS.format(name=name)}):"
        yield from (f"  {line}" for line in lines)


def _endpoint(
    stack: Stack,
    workload: SageMakerEndpoint,
    blueprint: Blueprint,
    _artifact: Artifact,
    connection: Connection,
) -> Iterator[str]:
    name = stack.deployed_name(workload)
    planned = next(
        resource.arguments["name"]
        for resource in blueprint.of_type("aws_sagemaker_endpoint_configuration")
        if resource.name == workload.name
    )
    sagemaker = connection.client("sagemaker")
    endpoint = endpoints.left(name, sagemaker)
    if not any(resource.name == workload.name for resource in blueprint.of_type("aws_sagemaker_endpoint")):
        if endpoint is not None:
            yield f"Endpoint {name} was to sleep, and is there and billed: {endpoint['EndpointStatus']}."
    elif endpoint is None:
        yield f"Endpoint {name} does not exist; run the deploy again."
    elif endpoint["EndpointStatus"] != "InService":
        reason = endpoint.get("FailureReason", "AWS gives no reason")
        yield f"Endpoint {name} is {endpoint['EndpointStatus']}, not InService: {reason}"
    elif endpoint["EndpointConfigName"] != planned:
        yield (
            f"Endpoint {name} serves {endpoint['EndpointConfigName']}, planned was {planned}: "
            f"{endpoint.get('FailureReason', 'it was rolled back')}"
        )


VERIFIERS: Mapping[type, Callable[[Stack, Any, Blueprint, Any, Connection], Iterator[str]]] = {
    RealtimeEndpoint: _endpoint,
    AsyncEndpoint: _endpoint,
    ServerlessEndpoint: _endpoint,
    MultiModelEndpoint: _endpoint,
    LambdaEndpoint: functions.verify,
    BatchJob: jobs.verify,
}
