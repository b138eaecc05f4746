"""What SageMaker refuses of an update that is about to begin: another kind of endpoint, and another instance type for
what is being scaled.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.blueprint.autoscaling import VARIANT
from infra.connection import Connection
from infra.errors import Misuse
from infra.operations import endpoints
from infra.stack import Stack
from infra.workloads import (
    AsyncEndpoint,
    InstanceEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    SageMakerEndpoint,
    ServerlessEndpoint,
)

KINDS: Mapping[type, str] = {
    RealtimeEndpoint: "real-time",
    MultiModelEndpoint: "real-time",
    AsyncEndpoint: "asynchronous",
    ServerlessEndpoint: "serverless",
}
"""What cannot become another by an update: SageMaker Developer Guide, 'Serverless Inference', says so of endpoints on
instances; of asynchronous ones AWS does not say, and what may not work is not tried.
"""


def refuse(stack: Stack, connection: Connection) -> None:
    """Raise `Misuse` where an endpoint would become another kind, or a scaled one get another instance type.

    UpdateEndpoint fails with that for as long as a scalable target is registered (SageMaker Developer Guide, 'Update
    endpoints that use automatic scaling'), and Terraform has no way to say: deregister, update, register again.
    """
    findings = list(_findings(stack, connection))
    if findings:
        raise Misuse("\n".join(findings))


def _findings(stack: Stack, connection: Connection) -> Iterator[str]:
    sagemaker = connection.client("sagemaker")
    for workload in stack.workloads:
        if not isinstance(workload, SageMakerEndpoint):
            continue
        name = stack.deployed_name(workload)
        live = endpoints.describe(name, sagemaker)
        configuration = (
            endpoints.describe_configuration(live["EndpointConfigName"], sagemaker) if live else None
        )
        if configuration is None:
            continue
        wanted, there = KINDS[type(workload)], _kind(configuration)
        if wanted != there:
            yield (
                f"{workload.name}: {name} is a deployed {there} endpoint, and SageMaker makes no {wanted} one of it: "
                "give the workload another name, or deploy once without it."
            )
        elif isinstance(workload, InstanceEndpoint) and workload.autoscaling:
            yield from _retyped(workload, name, configuration, connection)


def _kind(configuration: endpoints.Description) -> str:
    if "AsyncInferenceConfig" in configuration:
        return "asynchronous"
    variants: list[dict[str, Any]] = configuration["ProductionVariants"]
    return "serverless" if any("ServerlessConfig" in one for one in variants) else "real-time"


def _retyped(
    workload: InstanceEndpoint, name: str, configuration: endpoints.Description, connection: Connection
) -> Iterator[str]:
    runs = configuration["ProductionVariants"][0].get("InstanceType")
    if runs not in (None, workload.instance_type) and _is_scaled(name, connection):
        yield (
            f"{workload.name}: {name} runs on {runs} and is scaled; SageMaker gives it no other instance type "
            f"meanwhile: deploy once with autoscaling=None and {runs}, then with {workload.instance_type} and "
            "autoscaling."
        )


def _is_scaled(name: str, connection: Connection) -> bool:
    answer = connection.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[f"endpoint/{name}/variant/{VARIANT}"]
    )
    return bool(answer["ScalableTargets"])
