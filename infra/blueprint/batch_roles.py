"""The roles of a job: of its container, of the machines that it runs on, and of its schedule."""

from typing import Any

from infra import images, naming
from infra.blueprint.policy import document, statement, trust
from infra.blueprint.resource import Resource
from infra.blueprint.roles import Statement, named, read_models, use_the_key
from infra.environment import Environment
from infra.stack import Stack
from infra.workloads import BatchJob

JOB, HOST, SCHEDULE = "job", "host", "schedule"

EC2 = {"aws-cn": "ec2.amazonaws.com.cn"}
"""EC2's name where it is not its usual one (IAM User Guide of the China regions): with that its machines would have no
credentials, and never join the cluster. The other services have the same name everywhere."""


def role_name(stack: Stack, workload: BatchJob, part: str) -> str:
    """The name of one of the job's roles."""
    return naming.role(stack.deployed_name(workload), stack.environment.region, part)


def role_arn(stack: Stack, workload: BatchJob, part: str) -> str:
    """The ARN that it will have."""
    return stack.environment.iam_arn(f"role/{role_name(stack, workload, part)}")


def job_role(
    stack: Stack, workload: BatchJob, source: str, targets: tuple[str, ...]
) -> tuple[Resource, Resource]:
    """What the container may do: read the model and the items of `source`, and write below `targets`."""
    environment = stack.environment
    return _role(
        stack,
        workload,
        JOB,
        trust("ecs-tasks.amazonaws.com", environment.account_id),
        read_models(environment, workload.model.name),
        statement(["s3:GetObject"], [f"{_arn(environment, source)}*"], sid="ReadTheItems"),
        *_list(environment, (source, *targets)),
        # No s3:DeleteObject, and what is written is written under If-None-Match: an answer stays as it is.
        statement(["s3:PutObject"], [f"{_arn(environment, uri)}*" for uri in targets], sid="WriteTheAnswers"),
        *use_the_key(environment),
    )


def host_role(stack: Stack, workload: BatchJob, image: str, log_group: str) -> tuple[Resource, Resource]:
    """What the machines may do: be a part of Batch's ECS cluster, pull the one image, and write the one log."""
    environment = stack.environment
    # Batch names the cluster after the compute environment, with a text of its own before or behind it.
    clusters = f"*{stack.deployed_name(workload)}*"
    return _role(
        stack,
        workload,
        HOST,
        # Without a condition on the account: EC2 sends none when an instance takes its role, and it would get nothing.
        document(
            statement(
                ["sts:AssumeRole"],
                [],
                sid="OnlyThisService",
                principal={"Service": EC2.get(environment.partition, "ec2.amazonaws.com")},
            )
        ),
        # AWS offers no resource level for it: the agent asks where its cluster is.
        statement(["ecs:DiscoverPollEndpoint"], ["*"], sid="FindTheCluster"),
        statement(
            [
                "ecs:DeregisterContainerInstance",
                "ecs:RegisterContainerInstance",
                "ecs:SubmitAttachmentStateChanges",
                "ecs:SubmitContainerStateChange",
                "ecs:SubmitTaskStateChange",
            ],
            [environment.arn("ecs", f"cluster/{clusters}")],
            sid="JoinTheCluster",
        ),
        statement(
            [
                "ecs:Poll",
                "ecs:StartTelemetrySession",
                "ecs:TagResource",
                "ecs:UpdateContainerInstancesState",
            ],
            [environment.arn("ecs", f"container-instance/{clusters}/*")],
            sid="ServeTheCluster",
        ),
        *_pull(image),
        statement(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [environment.arn("logs", f"log-group:{log_group}:*")],
            sid="WriteItsLogs",
        ),
    )


def schedule_role(
    stack: Stack, workload: BatchJob, submit: list[dict[str, Any]]
) -> tuple[Resource, Resource]:
    """What the schedule may do: submit this one job."""
    environment = stack.environment
    return _role(
        stack,
        workload,
        SCHEDULE,
        trust("scheduler.amazonaws.com", environment.account_id),
        *submit,
        *read_the_schedule(environment),
    )


def read_the_schedule(environment: Environment) -> tuple[Statement, ...]:
    """What the scheduler needs to read a schedule that is under the environment's key."""
    if environment.kms_key_arn is None:
        return ()
    return (statement(["kms:Decrypt"], [environment.kms_key_arn], sid="ReadTheSchedule"),)


def _role(
    stack: Stack, workload: BatchJob, part: str, assumed_by: str, *statements: Statement
) -> tuple[Resource, Resource]:
    return named(
        f"{workload.name}-{part}",
        role_name(stack, workload, part),
        f"the {part} of {stack.deployed_name(workload)}",
        assumed_by,
        *statements,
    )


def _pull(image: str) -> tuple[Statement, ...]:
    if not images.is_in_ecr(image):  # in a registry that anybody may pull from
        return ()
    return (
        statement(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [images.repository_arn(image)],
            sid="PullTheImage",
        ),
        # AWS offers no resource level for the token.
        statement(["ecr:GetAuthorizationToken"], ["*"], sid="SignInToTheRegistry"),
    )


def _list(environment: Environment, uris: tuple[str, ...]) -> tuple[Statement, ...]:
    prefixes: dict[str, list[str]] = {}
    for uri in uris:
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        prefixes.setdefault(bucket, []).append(f"{prefix}*")
    return tuple(
        statement(
            ["s3:ListBucket"],
            [f"arn:{environment.partition}:s3:::{bucket}"],
            sid=f"ListThem{number or ''}",
            condition={"StringLike": {"s3:prefix": below}},
        )
        for number, (bucket, below) in enumerate(prefixes.items())
    )


def _arn(environment: Environment, uri: str) -> str:
    return f"arn:{environment.partition}:s3:::{uri.removeprefix('s3://')}"
