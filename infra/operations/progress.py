"""What SageMaker does while an endpoint comes up or is updated: of that Terraform only tells that it still waits."""

from collections.abc import Callable

from infra.connection import Connection
from infra.engines.events import ResourceEvent
from infra.operations import endpoints
from infra.stack import Stack
from infra.workloads import SageMakerEndpoint

TOLD_SECONDS = 30
"""Terraform tells every 10 s that it waits; each third time SageMaker is asked."""

Watch = Callable[[ResourceEvent], None]


def telling(watch: Watch, stack: Stack, connection: Connection, say: Callable[[str], None]) -> Watch:
    """`watch`, and beside it what SageMaker says of the endpoints of `stack` that are waited for."""
    names = {
        f"aws_sagemaker_endpoint.{workload.name}": stack.deployed_name(workload)
        for workload in stack.workloads
        if isinstance(workload, SageMakerEndpoint)
    }

    def told(event: ResourceEvent) -> None:
        watch(event)
        waited = round(event.elapsed_seconds)
        if event.kind == "progress" and event.address in names and waited and waited % TOLD_SECONDS == 0:
            say(f"  {_look(names[event.address], connection)}")

    return told


def _look(name: str, connection: Connection) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        found = endpoints.describe(name, connection.client("sagemaker"))
    except (BotoCoreError, ClientError) as error:
        return f"What SageMaker does with {name} is not known: {error}"
    if found is None:
        return f"SageMaker has no {name} yet"
    pending = found.get("PendingDeploymentSummary", {})
    variants = [*found.get("ProductionVariants", ()), *pending.get("ProductionVariants", ())]
    stages = [stage["Status"] for variant in variants for stage in variant.get("VariantStatus", ())]
    counts = [
        f"{variant['CurrentInstanceCount']} of {variant['DesiredInstanceCount']} instances"
        for variant in variants
        if variant.get("CurrentInstanceCount") is not None and variant.get("DesiredInstanceCount") is not None
    ]
    return f"SageMaker: {name} is {', '.join(dict.fromkeys([found['EndpointStatus'], *stages, *counts]))}"
