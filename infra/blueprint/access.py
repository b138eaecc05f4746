"""What a caller of a workload may do: an IAM policy per workload, to be attached to whoever calls it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infra.blueprint.policy import document, statement
from infra.blueprint.resource import Resource
from infra.environment import Environment
from infra.naming import ALIAS
from infra.stack import Stack
from infra.workloads import (
    AsyncEndpoint,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    SageMakerEndpoint,
    ServerlessEndpoint,
    Workload,
)

Statements = list[dict[str, Any]]

SUFFIX = "-invoke"
"""Of a policy's name in the blueprint, after its workload's."""


def invoke_policy(
    stack: Stack, workload: Workload, statements: Sequence[Mapping[str, Any]] | None = None
) -> Resource:
    """The policy that lets whoever has it call `workload`; without `statements`, those of its kind."""
    name = stack.deployed_name(workload)
    given = CALLERS[type(workload)](stack, workload) if statements is None else statements
    return Resource(
        "aws_iam_policy",
        f"{workload.name}{SUFFIX}",
        {
            "name": policy_name(name, stack.environment),
            "description": f"Lets its holder call {name}, and nothing else.",
            "policy": document(*given),
        },
    )


def policy_name(deployed: str, environment: Environment) -> str:
    """The name of the policy that lets whoever has it call the workload whose name on AWS is `deployed`."""
    # IAM has names for a whole account, over all of its regions.
    return f"{deployed}{SUFFIX}-{environment.region}"


def _endpoint_arn(stack: Stack, workload: SageMakerEndpoint) -> str:
    return stack.environment.arn("sagemaker", f"endpoint/{stack.deployed_name(workload)}")


def _streaming(stack: Stack, workload: RealtimeEndpoint) -> Statements:
    actions = ["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream"]
    return [statement(actions, [_endpoint_arn(stack, workload)], sid="Invoke")]


def _whole(stack: Stack, workload: ServerlessEndpoint | MultiModelEndpoint) -> Statements:
    return [statement(["sagemaker:InvokeEndpoint"], [_endpoint_arn(stack, workload)], sid="Invoke")]


def _asynchronous(stack: Stack, workload: AsyncEndpoint) -> Statements:
    environment = stack.environment
    inputs = environment.data_uri(stack.name, workload.name, "input")
    output = workload.output_uri or environment.data_uri(stack.name, workload.name, "output")
    answers = (f"{output.rstrip('/')}/", environment.data_uri(stack.name, workload.name, "failure"))
    return [
        statement(["sagemaker:InvokeEndpointAsync"], [_endpoint_arn(stack, workload)], sid="Invoke"),
        statement(["s3:PutObject"], [f"{_object_arn(environment, inputs)}*"], sid="GiveInputs"),
        statement(
            ["s3:GetObject"], [f"{_object_arn(environment, uri)}*" for uri in answers], sid="GetAnswers"
        ),
        *_waiting(environment, answers),
        *_with_key(environment),
    ]


def _waiting(environment: Environment, uris: Sequence[str]) -> Statements:
    # Who may not list gets 403 instead of 404 for an answer that is not there yet, and gives up on it. AWS takes the
    # object's key for `s3:prefix` then (ceph/ceph #68577, which does the same after it).
    prefixes: dict[str, list[str]] = {}
    for uri in uris:
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        prefixes.setdefault(bucket, []).append(f"{prefix}*")
    return [
        statement(
            ["s3:ListBucket"],
            [f"arn:{environment.partition}:s3:::{bucket}"],
            sid=f"WaitForAnswers{number or ''}",
            condition={"StringLike": {"s3:prefix": below}},
        )
        for number, (bucket, below) in enumerate(prefixes.items())
    ]


def _with_key(environment: Environment) -> Statements:
    if environment.kms_key_arn is None:
        return []
    return [
        statement(["kms:Decrypt", "kms:GenerateDataKey"], [environment.kms_key_arn], sid="UseTheKeyOfTheData")
    ]


def _object_arn(environment: Environment, uri: str) -> str:
    return f"arn:{environment.partition}:s3:::{uri.removeprefix('s3://')}"


def _function(stack: Stack, workload: LambdaEndpoint) -> Statements:
    # Since October 2025 a function's URL asks for both (hashicorp/terraform-provider-aws #44829).
    address = ["lambda:InvokeFunctionUrl"] if workload.url is not None else []
    name = stack.deployed_name(workload)
    return [
        statement(
            ["lambda:InvokeFunction", *address],
            [stack.environment.arn("lambda", f"function:{name}:{ALIAS}")],
            sid="Invoke",
        )
    ]


def job_statements(environment: Environment, queue: str, definition: str) -> Statements:
    """What who submits jobs needs: the names of the queue, and of the definition in any revision."""
    return [
        statement(
            ["batch:SubmitJob"],
            [
                environment.arn("batch", f"job-queue/{queue}"),
                environment.arn("batch", f"job-definition/{definition}"),
                environment.arn("batch", f"job-definition/{definition}:*"),
            ],
            sid="Submit",
        )
    ]


CALLERS: Mapping[type, Callable[[Stack, Any], Statements]] = {
    RealtimeEndpoint: _streaming,
    AsyncEndpoint: _asynchronous,
    ServerlessEndpoint: _whole,
    MultiModelEndpoint: _whole,
    LambdaEndpoint: _function,
}
"""What calling takes, by kind; jobs have names that only their blueprint knows: `job_statements`."""
