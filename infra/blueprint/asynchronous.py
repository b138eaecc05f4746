"""An asynchronous endpoint: requests and answers in S3, a queue between, and two topics that say what came of them."""

from typing import Any

from infra import naming
from infra.blueprint.autoscaling import variant_scaling
from infra.blueprint.endpoints import Parts, endpoint, finds, instances, one_model, reads
from infra.blueprint.policy import statement
from infra.blueprint.resource import Blueprint, Resource
from infra.blueprint.roles import Statement, write
from infra.stack import Stack
from infra.workloads import AsyncEndpoint

LARGEST_BYTES = 1024**3
"""Of a request (SageMaker Developer Guide, 'Asynchronous inference': payloads up to 1 GB)."""

LONGEST_SECONDS = 3600
"""For an answer (the same page: up to an hour)."""

BOUNDS = {
    "MODELYARD_BODY_LIMIT_BYTES": str(LARGEST_BYTES),
    "MODELYARD_QUEUE_SECONDS": str(LONGEST_SECONDS),
}
"""What our host is told in an image of one's own: by itself it refuses what a real-time endpoint has to refuse."""

AWS_BOUNDS = {
    "MMS_DEFAULT_RESPONSE_TIMEOUT": str(LONGEST_SECONDS),
    "MMS_MAX_REQUEST_SIZE": "2000000000",
    "MMS_MAX_RESPONSE_SIZE": "2000000000",
}
"""The same for the server in AWS's own image, which by itself takes 6.5 MB and a minute (SageMaker Developer Guide,
'Asynchronous inference: create a model', names these variables for it)."""


def async_endpoint(stack: Stack, workload: AsyncEndpoint, artifact_key: str) -> Blueprint:
    """Everything of one asynchronous endpoint; `artifact_key` is the model's key in the environment's bucket."""
    environment = stack.environment
    named = {"success": workload.success_topic, "error": workload.error_topic}
    made = {outcome: _topic(stack, workload, outcome) for outcome, topic in named.items() if topic is None}
    # Not references, as with the model's role: a configuration has to be the same with a topic that is made anew.
    arns = {
        outcome: topic or environment.arn("sns", made[outcome].arguments["name"])
        for outcome, topic in named.items()
    }
    output = workload.output_uri or environment.data_uri(stack.name, workload.name, "output")
    failure = environment.data_uri(stack.name, workload.name, "failure")
    notification = {"success_topic": arns["success"], "error_topic": arns["error"]}
    encryption = {} if environment.kms_key_arn is None else {"kms_key_id": environment.kms_key_arn}
    blueprint = endpoint(
        stack,
        workload,
        artifact_key,
        Parts(
            container=_container(stack, workload, artifact_key),
            variant=instances(workload),
            configuration={
                "async_inference_config": {
                    "client_config": {
                        "max_concurrent_invocations_per_instance": workload.concurrent_requests_per_instance
                    },
                    "output_config": {
                        # SageMaker adds '/ID.out'.
                        "s3_output_path": output.rstrip("/"),
                        "s3_failure_path": failure.rstrip("/"),
                        "notification_config": notification,
                        **encryption,
                    },
                }
            },
            statements=(
                reads(stack, workload),
                *finds(stack, workload, artifact_key),
                *_exchange(stack, workload, output, failure),
            ),
            before=tuple(made.values()),
            scaling=variant_scaling,
        ),
    )
    topics = {f"{workload.name}_{outcome}_topic_arn": arn for outcome, arn in arns.items()}
    prefixes = {f"{workload.name}_input_uri": environment.data_uri(stack.name, workload.name, "input")}
    return Blueprint(blueprint.resources, {**blueprint.outputs, **prefixes, **topics})


def _container(stack: Stack, workload: AsyncEndpoint, artifact_key: str) -> dict[str, Any]:
    container = one_model(stack.environment, workload, artifact_key)
    bounds = AWS_BOUNDS if workload.image is None else BOUNDS
    return {**container, "environment": {**bounds, **container["environment"]}}


def _topic(stack: Stack, workload: AsyncEndpoint, outcome: str) -> Resource:
    return Resource(
        "aws_sns_topic",
        f"{workload.name}-{outcome}",
        {
            "name": naming.suffixed(stack.deployed_name(workload), outcome),
            # The role publishes, and AWS's own key for SNS takes every role of the account.
            "kms_master_key_id": stack.environment.kms_key_arn or "alias/aws/sns",
        },
    )


def _exchange(stack: Stack, workload: AsyncEndpoint, output: str, failure: str) -> tuple[Statement, ...]:
    environment = stack.environment
    source = environment.data_uri(stack.name, workload.name, "input")
    topics = [
        topic or environment.arn("sns", naming.suffixed(stack.deployed_name(workload), outcome))
        for outcome, topic in (("success", workload.success_topic), ("error", workload.error_topic))
    ]
    return (
        statement(
            ["s3:GetObject"],
            [f"arn:{environment.partition}:s3:::{source.removeprefix('s3://')}*"],
            sid="ReadTheRequests",
        ),
        write(environment, output, failure, sid="WriteTheAnswers"),
        statement(["sns:Publish"], sorted(set(topics)), sid="TellWhatCameOfIt"),
    )
