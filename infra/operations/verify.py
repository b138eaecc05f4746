"""Compares what went live with what was planned: Terraform's word is not enough."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from infra.blueprint import Blueprint
from infra.connection import Connection
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


def findings(
    stack: Stack, blueprint: Blueprint, artifacts: Mapping[str, Artifact], connection: Connection
) -> list[str]:
    """A line for each way in which an endpoint, function or job is not what was planned."""
    return [
        finding
        for workload in stack.workloads
        for finding in VERIFIERS[type(workload)](
            stack, workload, blueprint, artifacts[workload.name], connection
        )
    ]


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
    yield from logs.last("RealtimeEndpoint", name, connection)


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
    else:
        yield from _variants(name, workload, blueprint, endpoint)


def _variants(
    name: str, workload: SageMakerEndpoint, blueprint: Blueprint, endpoint: endpoints.Description
) -> Iterator[str]:
    """The image that runs, and how many instances: AWS resolves the one and may be short of the others."""
    (model,) = (one for one in blueprint.of_type("aws_sagemaker_model") if one.name == workload.name)
    image = model.arguments["primary_container"]["image"]
    for variant in endpoint.get("ProductionVariants", ()):
        running = [
            one["SpecifiedImage"] for one in variant.get("DeployedImages", ()) if "SpecifiedImage" in one
        ]
        if running and image not in running:
            yield f"Endpoint {name} runs the image {', '.join(running)}, planned was {image}; run the deploy again."
        wanted, there = variant.get("DesiredInstanceCount"), variant.get("CurrentInstanceCount")
        if wanted is not None and there is not None and there < wanted:
            yield (
                f"Endpoint {name} has {there} of {wanted} instances, and is InService with them; AWS may be short of "
                f"them: see modelyard status, and raise the quota or take another type of instance."
            )


VERIFIERS: Mapping[type, Callable[[Stack, Any, Blueprint, Any, Connection], Iterator[str]]] = {
    RealtimeEndpoint: _endpoint,
    AsyncEndpoint: _endpoint,
    ServerlessEndpoint: _endpoint,
    MultiModelEndpoint: _endpoint,
    LambdaEndpoint: functions.verify,
    BatchJob: jobs.verify,
}
