"""Endpoints that a plan takes down and makes again while they serve."""

from infra.connection import Connection
from infra.engines.terraform.plan import PlanSummary
from infra.errors import Misuse
from infra.operations import endpoints
from infra.stack import Stack


def findings(stack: Stack, plan: PlanSummary, connection: Connection) -> list[str]:
    """A line for each endpoint in service that `plan` replaces, and with which nobody is answered for some minutes.

    The provider has no update for another list of roll-back alarms, although SageMaker has
    (`auto_rollback_configuration` is ForceNew, in 5.100 and 6.x).
    """
    workloads = {workload.name: workload for workload in stack.workloads}
    replaced = [workloads[change.name] for change in plan.replaced if change.type == "aws_sagemaker_endpoint"]
    names = {workload.name: stack.deployed_name(workload) for workload in replaced}
    sagemaker = connection.client("sagemaker")
    live = {workload: endpoints.describe(name, sagemaker) for workload, name in names.items()}
    return [
        f"{workload}: the plan takes {names[workload]} down and makes it again, and nobody is answered until it is up: "
        "so the provider does where the alarms that roll an update back are others, or come or go"
        for workload, found in live.items()
        if found is not None and found["EndpointStatus"] == "InService"
    ]


def refuse(stack: Stack, plan: PlanSummary, connection: Connection) -> None:
    """Raise `Misuse` where `plan` takes an endpoint down that serves."""
    found = findings(stack, plan, connection)
    if found:
        kept = "keep p99_latency_ms, server_error_rate and rollout set or unset as they are deployed"
        raise Misuse("\n".join(f"{line}; {kept}, or say --replace." for line in found))
