"""Several models behind one endpoint: they lie below one prefix in S3, and a request names one of them."""

from infra.blueprint.autoscaling import variant_scaling
from infra.blueprint.endpoints import PROGRAM, Parts, endpoint, instances
from infra.blueprint.policy import statement
from infra.blueprint.resource import Blueprint
from infra.stack import Stack
from infra.workloads import MultiModelEndpoint


def multi_model_endpoint(stack: Stack, workload: MultiModelEndpoint, artifact_key: str) -> Blueprint:
    """Everything of one endpoint with several models; `artifact_key` is the prefix of their set.

    The prefix carries the digest of all members, so that another version of one of them is another model to
    SageMaker, and an update: under the same prefix an instance keeps serving what it loaded once.
    """
    environment = stack.environment
    bucket = f"arn:{environment.partition}:s3:::{environment.artifact_bucket}"
    sets = f"sets/{workload.name}/"
    return endpoint(
        stack,
        workload,
        artifact_key,
        Parts(
            container={
                "mode": "MultiModel",
                "model_data_url": f"s3://{environment.artifact_bucket}/{artifact_key}",
                "environment": {**PROGRAM, **workload.environment},
            },
            variant=instances(workload),
            statements=(
                statement(["s3:GetObject"], [f"{bucket}/{sets}*"], sid="ReadTheModels"),
                # Without it a request for a model that is not there is answered as a refusal, not as unknown.
                statement(
                    ["s3:ListBucket"],
                    [bucket],
                    sid="ListTheModels",
                    condition={"StringLike": {"s3:prefix": [f"{sets}*"]}},
                ),
            ),
            scaling=variant_scaling,
        ),
    )
