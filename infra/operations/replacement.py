"""Endpoints that a plan takes down and makes again while they serve."""

from infra.connection import Connection
from infra.engines.plan import PlanSummary
from infra.errors import Misuse
from infra.operations import endpoints
from infra.stack import Stack


def findings(stack: Stack, plan: PlanSummary, connection: Connection) -> list[str]:
    """A line for each endpoint in service that `plan` replaces, and with which nobody is answered for some minutes.

    The provider has no update for a rollout that comes or goes, although SageMaker has: its
    `auto_rollback_configuration` is ForceNew, as a whole (seen with 5.100; other alarms in it are an update).
    """
    workloads = {workload.name: workload for workload in stack.workloads}
    replaced = [workloads[change.name] for change in plan.replaced if change.type == "aws_sagemaker_endpoint"]
    names = {workload.name: stack.deployed_name(workload) for workload in replaced}
    sagemaker = connection.client("sagemaker")
    live = {workload: endpoints.describe(name, sagemaker) for workload, name in names.items()}
    return [
        f"{workload}: the plan takes {names[workload]} down and makes it again, and nobody is answered until it is up: "
        "so the provider does where a rollout with its alarms comes or goes"
        for workload, found in live.items()
        if found is not None and found["EndpointStatus"] == "InService"
    ]


def refuse(stack: Stack, plan: PlanSummary, connection: Connection) -> None:
    """Raise `Misuse` where `plan` takes an endpoint down that serves."""
    found = findings(stack, plan, connection)
    if found:
        raise Misuse(
            "\n".join(f"{line}; keep rollout as it is deployed, or say --replace." for line in found)
        )
