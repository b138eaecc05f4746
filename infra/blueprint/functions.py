"""A Lambda endpoint: function, alias, log group, URL, concurrency that is ready, alarms, and its callers' policy."""

from typing import Any

from infra.blueprint import repository
from infra.blueprint.access import invoke_policy
from infra.blueprint.autoscaling import alias_scaling
from infra.blueprint.logs import log_group
from infra.blueprint.monitoring import function_alarms
from infra.blueprint.policy import statement
from infra.blueprint.resource import Blueprint, Ref, Resource
from infra.blueprint.roles import Statement, role, write_logs
from infra.environment import Environment
from infra.naming import ALIAS, STREAMING
from infra.settings import Network
from infra.stack import Stack
from infra.workloads import FunctionUrl, LambdaEndpoint, scaling

HANDLER = "modelyard_host.aws_lambda.handler"

LAYER_PREFIX = "function-"
"""Of the file of an artifact that is an image's layer; Lambda reads the other kind, a zip, from the bucket."""

SIGNED_HEADERS = (
    "authorization",
    "content-type",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
)
"""What a browser's call has to carry, signed by IAM; it asks before it sends them."""


def lambda_endpoint(stack: Stack, workload: LambdaEndpoint, artifact_key: str) -> Blueprint:
    """Everything of one function; `artifact_key` is that of its package."""
    logs = log_group(stack.environment, workload.name, f"/aws/lambda/{stack.deployed_name(workload)}")
    execution, policy = _role(stack, workload, logs.arguments["name"])
    function = Resource(
        "aws_lambda_function",
        workload.name,
        _function(stack, workload, artifact_key, execution),
        # Lambda makes the log group by itself, without retention, when the function runs before ours is there.
        depends_on=(policy, logs),
    )
    alias = Resource(
        "aws_lambda_alias",
        workload.name,
        {
            "name": ALIAS,
            "function_name": function.ref("function_name"),
            "function_version": function.ref("version"),
        },
        # A function that is made anew, as when a zip becomes an image, takes its alias and all of that with it, and
        # keeps its name, so that nothing else would tell Terraform: it would update what is gone (ResourceNotFound).
        follows=(function,),
    )
    url = () if workload.url is None else (_url(workload, workload.url, function, alias),)
    callers = invoke_policy(stack, workload)
    outputs: dict[str, Ref | str] = {
        f"{workload.name}_function_name": function.ref("function_name"),
        **{f"{workload.name}_function_url": made.ref("function_url") for made in url},
        f"{workload.name}_invoke_policy_arn": callers.ref("arn"),
    }
    return Blueprint(
        (
            logs,
            execution,
            policy,
            *function_alarms(stack, workload),
            function,
            alias,
            *url,
            *_concurrency(stack, workload, alias),
            callers,
        ),
        outputs,
    )


def is_image(workload: LambdaEndpoint, artifact_key: str) -> bool:
    """Whether the function runs a container image: packaging says so where the workload does not."""
    file = artifact_key.rpartition("/")[2]
    return workload.package == "image" or (workload.package is None and file.startswith(LAYER_PREFIX))


def _function(
    stack: Stack, workload: LambdaEndpoint, artifact_key: str, execution: Resource
) -> dict[str, Any]:
    environment, network = stack.environment, stack.network(workload)
    variables = _variables(workload)
    arguments: dict[str, Any] = {
        "function_name": stack.deployed_name(workload),
        "role": execution.ref("arn"),
        "architectures": [workload.architecture],
        **_code(environment, workload, artifact_key),
        "memory_size": workload.memory_mb,
        "timeout": workload.timeout_seconds,
        "publish": True,
        # A call that is traced where it comes from is traced through; the function begins no traces of its own.
        "tracing_config": {"mode": "PassThrough"},
        # Always: what is left out stays as it was to the provider, and is billed on.
        "ephemeral_storage": {"size": workload.ephemeral_storage_mb},
    }
    if variables:
        arguments["environment"] = {"variables": variables}
    # Lambda keeps no key for variables that are not there: every plan would set it again.
    if variables and environment.kms_key_arn:
        arguments["kms_key_arn"] = environment.kms_key_arn
    if network.vpc:
        arguments["vpc_config"] = {
            "subnet_ids": list(network.subnet_ids),
            "security_group_ids": list(network.security_group_ids),
        }
    return arguments


def _variables(workload: LambdaEndpoint) -> dict[str, str]:
    if workload.url is None or not workload.url.streaming:
        return dict(workload.environment)
    return {**workload.environment, **STREAMING}


def _code(environment: Environment, workload: LambdaEndpoint, artifact_key: str) -> dict[str, Any]:
    """Where the code is. The key and the tag carry its digest, so that a new package is a new value here."""
    if is_image(workload, artifact_key):
        return {"package_type": "Image", "image_uri": repository.image_uri(environment, artifact_key)}
    return {
        "runtime": workload.runtime,
        "handler": HANDLER,
        "s3_bucket": environment.artifact_bucket,
        "s3_key": artifact_key,
    }


def _url(workload: LambdaEndpoint, url: FunctionUrl, function: Resource, alias: Resource) -> Resource:
    arguments: dict[str, Any] = {
        "function_name": function.ref("function_name"),
        "qualifier": alias.ref("name"),
        "authorization_type": "NONE" if url.public else "AWS_IAM",
        "invoke_mode": "RESPONSE_STREAM" if url.streaming else "BUFFERED",
    }
    if url.cors_origins:
        arguments["cors"] = {
            "allow_origins": list(url.cors_origins),
            "allow_methods": ["POST"],
            "allow_headers": ["content-type"] if url.public else list(SIGNED_HEADERS),
            "max_age": 300,
        }
    return Resource("aws_lambda_function_url", workload.name, arguments, follows=(alias,))


def _concurrency(stack: Stack, workload: LambdaEndpoint, alias: Resource) -> tuple[Resource, ...]:
    least = scaling.least(workload.autoscaling, workload.provisioned_concurrency or 1)
    begins_with = max(workload.provisioned_concurrency or least, least)
    if workload.provisioned_concurrency is None and not workload.autoscaling:
        return ()
    concurrency = Resource(
        "aws_lambda_provisioned_concurrency_config",
        workload.name,
        {
            "function_name": alias.ref("function_name"),
            "qualifier": alias.ref("name"),
            "provisioned_concurrent_executions": begins_with,
        },
        follows=(alias,),
        # From then on Application Auto Scaling moves it: every plan would put it back.
        ignore_changes=("provisioned_concurrent_executions",) if workload.autoscaling else (),
    )
    return concurrency, *alias_scaling(stack, workload, alias, concurrency)


def _role(stack: Stack, workload: LambdaEndpoint, group: str) -> tuple[Resource, Resource]:
    """The function's role. Lambda reads the package with the deployer's rights, not the role's."""
    environment, network = stack.environment, stack.network(workload)
    statements: list[Statement] = [write_logs(environment, group)]
    if environment.kms_key_arn and _variables(workload):
        statements.append(statement(["kms:Decrypt"], [environment.kms_key_arn], sid="ReadItsVariables"))
    if network.vpc:
        statements += _join_the_network(environment, network, stack.deployed_name(workload))
    return role(stack, workload, "lambda.amazonaws.com", *statements)


def _join_the_network(environment: Environment, network: Network, name: str) -> list[Statement]:
    """What Lambda needs to put a function into a VPC, with the role's rights; the code itself gets none of it.

    AWS Lambda Developer Guide, 'Giving Lambda functions access to resources in an Amazon VPC'.
    """
    interfaces = environment.arn("ec2", "network-interface/*")
    look = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
    make = ["ec2:CreateNetworkInterface"]
    change = ["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
    return [
        statement(
            make,
            [
                interfaces,
                *(environment.arn("ec2", f"subnet/{subnet}") for subnet in network.subnet_ids),
                *(environment.arn("ec2", f"security-group/{group}") for group in network.security_group_ids),
            ],
            sid="MakeInterfaces",
        ),
        # Every resource of this account and region, as AWS's guide has it: with fewer CreateFunction answers
        # 'does not have permissions to call DeleteNetworkInterface on EC2'.
        statement(change, [environment.arn("ec2", "*/*")], sid="ChangeInterfaces"),
        # EC2's Describe actions have no resource level.
        statement(look, ["*"], sid="LookAtTheNetwork"),
        statement(
            [*make, *change, *look],
            ["*"],
            sid="NotFromTheCode",
            effect="Deny",
            condition={
                "ArnEquals": {"lambda:SourceFunctionArn": environment.arn("lambda", f"function:{name}")}
            },
        ),
    ]
