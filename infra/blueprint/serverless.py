"""A serverless endpoint: one model on what AWS brings up for a request, and on what it keeps ready."""

from infra.blueprint.autoscaling import provisioned_scaling
from infra.blueprint.endpoints import Parts, endpoint, one_model, reads
from infra.blueprint.resource import Blueprint
from infra.stack import Stack
from infra.workloads import ServerlessEndpoint


def serverless_endpoint(stack: Stack, workload: ServerlessEndpoint, artifact_key: str) -> Blueprint:
    """Everything of one serverless endpoint; `artifact_key` is the model's key in the environment's bucket."""
    serverless = {"memory_size_in_mb": workload.memory_mb, "max_concurrency": workload.max_concurrency}
    if workload.provisioned_concurrency is not None:
        serverless["provisioned_concurrency"] = workload.provisioned_concurrency
    return endpoint(
        stack,
        workload,
        artifact_key,
        Parts(
            container=one_model(stack.environment, workload, artifact_key),
            variant={"serverless_config": serverless},
            statements=(reads(stack, workload),),
            scaling=provisioned_scaling,
        ),
    )
