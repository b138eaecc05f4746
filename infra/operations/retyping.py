"""What SageMaker refuses of an update that is about to begin: another instance type for what is being scaled."""

from collections.abc import Iterator

from infra.blueprint.autoscaling import VARIANT
from infra.connection import Connection
from infra.errors import Misuse
from infra.operations import endpoints
from infra.stack import Stack
from infra.workloads import InstanceEndpoint


def refuse(stack: Stack, connection: Connection) -> None:
    """Raise `Misuse` where a scaled endpoint would get another instance type.

    UpdateEndpoint fails with it for as long as a scalable target is registered (SageMaker Developer Guide, 'Update
    endpoints that use automatic scaling'), and Terraform has no way to say: deregister, update, register again.
    """
    findings = list(_findings(stack, connection))
    if findings:
        raise Misuse("\n".join(findings))


def _findings(stack: Stack, connection: Connection) -> Iterator[str]:
    sagemaker = connection.client("sagemaker")
    for workload in stack.workloads:
        if not isinstance(workload, InstanceEndpoint) or not workload.autoscaling:
            continue
        name = stack.deployed_name(workload)
        live = endpoints.describe(name, sagemaker)
        configuration = (
            endpoints.describe_configuration(live["EndpointConfigName"], sagemaker) if live else None
        )
        if configuration is None:
            continue
        runs = configuration["ProductionVariants"][0].get("InstanceType")
        if runs in (None, workload.instance_type) or not _is_scaled(name, connection):
            continue
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
