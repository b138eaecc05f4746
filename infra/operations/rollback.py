"""After an update that SageMaker rolled back: state and account say again what serves.

Terraform made the new model and configuration before the update, and meant to remove the old ones after it. The
update failed, so its state holds both, and AWS too. Left so, going back to the old model meets "already existing",
and a later run removes a configuration without a look at whether it serves.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from infra.blueprint import Blueprint
from infra.connection import Connection
from infra.engines.workspace import Workspace
from infra.operations import endpoints
from infra.stack import Stack
from infra.workloads import SageMakerEndpoint

MODEL, CONFIGURATION = "aws_sagemaker_model", "aws_sagemaker_endpoint_configuration"


def undo(
    stack: Stack,
    workloads: Iterable[SageMakerEndpoint],
    blueprint: Blueprint,
    connection: Connection,
    workspace: Workspace,
) -> bool:
    """Remove what was made for updates that were rolled back, and restore the state; whether there were any.

    `workloads` are those whose update the engine itself saw fail.
    """
    sagemaker = connection.client("sagemaker")
    serving: dict[str, str] = {}
    for workload in workloads:
        serving |= _undo(stack.deployed_name(workload), workload.name, blueprint, sagemaker)
    if serving:
        workspace.restore(serving)
    return bool(serving)


def _undo(endpoint: str, workload: str, blueprint: Blueprint, sagemaker: Any) -> Mapping[str, str]:
    """What serves, by address, where `endpoint` was rolled back; else nothing."""
    live = endpoints.describe(endpoint, sagemaker)
    configuration = endpoints.describe_configuration(live["EndpointConfigName"], sagemaker) if live else None
    if live is None or configuration is None or live["EndpointStatus"] != "InService":
        return {}
    serving = {
        MODEL: configuration["ProductionVariants"][0]["ModelName"],
        CONFIGURATION: configuration["EndpointConfigName"],
    }
    planned = {
        kind: next(resource for resource in blueprint.of_type(kind) if resource.name == workload).arguments[
            "name"
        ]
        for kind in serving
    }
    if planned[CONFIGURATION] == serving[CONFIGURATION]:
        return {}
    # What is gone already, or was never made, is as it should be.
    with endpoints.absence_allowed():
        sagemaker.delete_endpoint_config(EndpointConfigName=planned[CONFIGURATION])
    if planned[MODEL] != serving[MODEL]:
        with endpoints.absence_allowed():
            sagemaker.delete_model(ModelName=planned[MODEL])
    return {f"{kind}.{workload}": name for kind, name in serving.items()}
