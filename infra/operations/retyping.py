"""Endpoints that are about to become others: another kind, which SageMaker makes of none, or another type of instance,
which it gives to none that is scaled.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from infra import naming
from infra.connection import Connection
from infra.engines.plan import PlanSummary
from infra.errors import Misuse
from infra.operations import endpoints, scaling
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
    """Raise `Misuse` where an endpoint would become another kind."""
    findings = [
        f"{workload.name}: {name} is a deployed {_kind(configuration)} endpoint, and SageMaker makes no "
        f"{KINDS[type(workload)]} one of it: give the workload another name, or deploy once without it."
        for workload, name, configuration in _deployed(stack, connection)
        if _kind(configuration) != KINDS[type(workload)]
    ]
    if findings:
        raise Misuse("\n".join(findings))


def retyped(stack: Stack, plan: PlanSummary, connection: Connection) -> Mapping[str, str]:
    """The endpoints that are scaled and that `plan` updates with another type of instance, by workload.

    UpdateEndpoint fails with that for as long as a scalable target is registered (SageMaker Developer Guide, 'Update
    endpoints that use automatic scaling'), and Terraform has no way to say: deregister, update, register again.
    """
    updated = {
        change.name
        for change in plan.changes
        if change.type == "aws_sagemaker_endpoint" and change.action == "update"
    }
    if not updated:  # and so AWS is not asked
        return {}
    return {
        workload.name: name
        for workload, name, configuration in _deployed(stack, connection)
        if isinstance(workload, InstanceEndpoint)
        # One that is replaced takes its scaling along.
        and workload.name in updated
        and workload.autoscaling
        and configuration["ProductionVariants"][0].get("InstanceType") not in (None, workload.instance_type)
        and scaling.targets(name, connection)
    }


def refuse_both(stack: Stack, plan: PlanSummary, connection: Connection) -> None:
    """Raise `Misuse` where `plan` changes scaling and the type of instance at once: there is no moment for the one."""
    scaled = [change for change in plan.changes if change.type.startswith("aws_appautoscaling_")]
    workloads = [one.name for one in stack.workloads]
    findings = [
        f"{workload}: {name} gets another type of instance, for which its scaling is taken off and put back as it is, "
        f"and its scaling changes too ({', '.join(changes)}): deploy one of the two first."
        for workload, name in (retyped(stack, plan, connection).items() if scaled else ())
        if (
            changes := [
                f"{one.action} {one.address}"
                for one in scaled
                if naming.owner(one.name, workloads) == workload
            ]
        )
    ]
    if findings:
        raise Misuse("\n".join(findings))


def _deployed(
    stack: Stack, connection: Connection
) -> Iterator[tuple[SageMakerEndpoint, str, endpoints.Description]]:
    """The endpoints of `stack` that are there: their names, and the configurations with which they serve."""
    sagemaker = connection.client("sagemaker")
    for workload in stack.workloads:
        if isinstance(workload, SageMakerEndpoint):
            name = stack.deployed_name(workload)
            live = endpoints.describe(name, sagemaker)
            found = endpoints.describe_configuration(live["EndpointConfigName"], sagemaker) if live else None
            if found is not None:
                yield workload, name, found


def _kind(configuration: endpoints.Description) -> str:
    if "AsyncInferenceConfig" in configuration:
        return "asynchronous"
    variants: list[dict[str, Any]] = configuration["ProductionVariants"]
    return "serverless" if any("ServerlessConfig" in one for one in variants) else "real-time"
