"""Execution roles: what a container or a function may do, and on what."""

from collections.abc import Mapping, Sequence
from typing import Any

from infra import naming
from infra.blueprint.policy import document, statement, trust
from infra.blueprint.resource import Resource
from infra.environment import Environment
from infra.images import repository_arn
from infra.settings import Network
from infra.stack import Stack
from infra.workloads import SageMakerEndpoint, Workload

Statement = Mapping[str, Any]


def role(stack: Stack, workload: Workload, service: str, *statements: Statement) -> tuple[Resource, Resource]:
    """A role that only `service` takes, for `workload`, and its policy."""
    name = stack.deployed_name(workload)
    trusted = trust(service, stack.environment.account_id)
    return named(workload.name, naming.role(name, stack.environment.region), name, trusted, *statements)


def named(
    label: str, name: str, who: str, assumed_by: str, *statements: Statement
) -> tuple[Resource, Resource]:
    """The role `name` with its policy, as the stack calls them `label`; `who` it is for stands in its description."""
    made = Resource(
        "aws_iam_role",
        label,
        {"name": name, "description": f"What {who} may do.", "assume_role_policy": assumed_by},
    )
    return made, Resource(
        "aws_iam_role_policy",
        label,
        {"name": "execution", "role": made.ref("id"), "policy": document(*statements)},
    )


def endpoint_role(
    stack: Stack, workload: SageMakerEndpoint, image: str, log_group: str, *more: Statement
) -> tuple[Resource, Resource]:
    """The role of an endpoint's container, and its policy; `more` is what its kind needs besides."""
    environment, network = stack.environment, stack.network(workload)
    return role(
        stack,
        workload,
        "sagemaker.amazonaws.com",
        *more,
        statement(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [repository_arn(image)],
            sid="PullTheImage",
        ),
        # AWS offers no resource level for the token.
        statement(["ecr:GetAuthorizationToken"], ["*"], sid="SignInToTheRegistry"),
        write_logs(environment, log_group, "logs:DescribeLogStreams"),
        # AWS offers no resource level for metrics; the namespace narrows it.
        statement(
            ["cloudwatch:PutMetricData"],
            ["*"],
            sid="PutInstanceMetrics",
            condition={"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/Endpoints"}},
        ),
        *use_the_key(environment),
        *(join_the_network(environment, network) if network.vpc else ()),
    )


def read_models(environment: Environment, *names: str) -> Statement:
    """Every version of a model, not the one that runs: a roll-back needs the version before."""
    bucket = f"arn:{environment.partition}:s3:::{environment.artifact_bucket}"
    return statement(["s3:GetObject"], [f"{bucket}/models/{name}/*" for name in names], sid="ReadTheModel")


def list_models(environment: Environment, *names: str) -> Statement:
    """The names of a model's files, of every version; CreateModel with a prefix fails without it."""
    return statement(
        ["s3:ListBucket"],
        [f"arn:{environment.partition}:s3:::{environment.artifact_bucket}"],
        sid="FindTheModel",
        condition={"StringLike": {"s3:prefix": [f"models/{name}/*" for name in names]}},
    )


def write(environment: Environment, *uris: str, sid: str) -> Statement:
    """Objects below S3 prefixes; what is larger than a part goes up in parts."""
    places = [f"arn:{environment.partition}:s3:::{uri.removeprefix('s3://').rstrip('/')}/*" for uri in uris]
    return statement(["s3:AbortMultipartUpload", "s3:PutObject"], places, sid=sid)


def write_logs(environment: Environment, log_group: str, *more: str) -> Statement:
    """Into the workload's own group only; `more` is what the writer needs besides."""
    # No logs:CreateLogGroup: the group is ours, with its retention, and goes with the stack.
    return statement(
        sorted(["logs:CreateLogStream", "logs:PutLogEvents", *more]),
        [environment.arn("logs", f"log-group:{log_group}:*")],
        sid="WriteItsLogs",
    )


def use_the_key(environment: Environment) -> tuple[Statement, ...]:
    """What reading and writing encrypted objects takes, where the environment has a key."""
    if environment.kms_key_arn is None:
        return ()
    actions = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    return (statement(actions, [environment.kms_key_arn], sid="UseTheKey"),)


def encrypt_the_volume(key: str) -> tuple[Statement, ...]:
    """What SageMaker needs to put an instance's volume under a key: a grant for AWS's services, and no other."""
    return (
        statement(
            ["kms:CreateGrant"],
            [key],
            sid="EncryptTheVolume",
            condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def watch_alarms(environment: Environment, alarms: Sequence[Resource]) -> tuple[Statement, ...]:
    """What an update that alarms roll back takes; without it UpdateEndpoint refuses the deployment_config."""
    names = [alarm.arguments["alarm_name"] for alarm in alarms]
    arns = [environment.arn("cloudwatch", f"alarm:{name}") for name in names]
    return (statement(["cloudwatch:DescribeAlarms"], arns, sid="WatchItsAlarms"),)


def join_the_network(environment: Environment, network: Network) -> tuple[Statement, ...]:
    """What putting an interface into the VPC takes. Without it CreateModel answers 'Unable to validate permissions'."""
    interfaces = environment.arn("ec2", "network-interface/*")
    return (
        statement(
            ["ec2:CreateNetworkInterface"],
            [
                interfaces,
                *(environment.arn("ec2", f"subnet/{subnet}") for subnet in network.subnet_ids),
                *(environment.arn("ec2", f"security-group/{group}") for group in network.security_group_ids),
            ],
            sid="MakeInterfaces",
        ),
        statement(
            [
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
            ],
            [interfaces],
            sid="RemoveInterfaces",
        ),
        # EC2's Describe actions have no resource level.
        statement(
            [
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            ["*"],
            sid="LookAtTheNetwork",
        ),
    )
