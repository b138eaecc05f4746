"""What puts to sleep what nobody uses: a function, its log, the schedule that starts it, and what both may do."""

from collections.abc import Mapping
from typing import Any

from infra import naming
from infra.blueprint.batch_roles import read_the_schedule
from infra.blueprint.logs import log_group
from infra.blueprint.policy import statement, trust
from infra.blueprint.resource import Blueprint, Resource
from infra.blueprint.roles import Statement, named, use_the_key, write_logs
from infra.environment import Environment
from infra.naming import ALIAS

LABEL = "idle"
RUNTIME = "python3.11"
"""That of the kit's functions: see CONTRIBUTING, 'Lambda's python3.11'."""

HANDLER = "infra.operations.watchman.handler.handler"
TIMEOUT_SECONDS = 900
"""Lambda's most: a round looks at each workload, at a handful of calls each."""

READ = ("stacks", "hourly", "asleep")
"""Of the environment's bucket: what is deployed, what of it goes, and what sleeps."""


def name_of(environment: Environment) -> str:
    """The name of the function and of its schedule: no workload can have it, since theirs have three parts."""
    return f"{environment.name}-{LABEL}"


def watchman(
    environment: Environment,
    artifact_key: str,
    expression: str,
    variables: Mapping[str, str],
    log_prefix: str,
    *,
    armed: bool,
) -> Blueprint:
    """Everything of it. `expression` is AWS's, in UTC; `variables` are what the function is told.

    It writes its rounds below `log_prefix`. Where it is not `armed`, its role has no right to change anything else.
    """
    name = name_of(environment)
    logs = log_group(environment, LABEL, f"/aws/lambda/{name}")
    role, policy = named(
        LABEL,
        naming.role(name, environment.region),
        name,
        trust("lambda.amazonaws.com", environment.account_id),
        *_looks(environment, log_prefix),
        *(_puts_to_sleep(environment) if armed else ()),
        write_logs(environment, logs.arguments["name"]),
        *use_the_key(environment),
    )
    key = environment.kms_key_arn
    function = Resource(
        "aws_lambda_function",
        LABEL,
        {
            "function_name": name,
            "description": "Puts to sleep what nobody uses." if armed else "Says what nobody uses.",
            "role": role.ref("arn"),
            "architectures": ["x86_64"],
            "runtime": RUNTIME,
            "handler": HANDLER,
            "s3_bucket": environment.artifact_bucket,
            "s3_key": artifact_key,
            "memory_size": 256,
            "timeout": TIMEOUT_SECONDS,
            "environment": {"variables": dict(variables)},
            "tracing_config": {"mode": "PassThrough"},
            **({} if key is None else {"kms_key_arn": key}),
        },
        depends_on=(policy, logs),
    )
    starter, starts = named(
        f"{LABEL}-schedule",
        naming.role(name, environment.region, "schedule"),
        f"the schedule of {name}",
        trust("scheduler.amazonaws.com", environment.account_id),
        statement(["lambda:InvokeFunction"], [environment.arn("lambda", f"function:{name}")], sid="Start"),
        *read_the_schedule(environment),
    )
    schedule = Resource(
        "aws_scheduler_schedule",
        LABEL,
        {
            "name": name,
            "description": f"Starts {name}.",
            "schedule_expression": expression,
            "schedule_expression_timezone": "UTC",
            "flexible_time_window": {"mode": "OFF"},
            **({} if key is None else {"kms_key_arn": key}),
            "target": {
                "arn": function.ref("arn"),
                "role_arn": starter.ref("arn"),
                "input": "{}",
                # The next round is as good as this one.
                "retry_policy": {"maximum_retry_attempts": 0, "maximum_event_age_in_seconds": 3600},
            },
        },
        depends_on=(starts,),
    )
    return Blueprint((logs, role, policy, function, starter, starts, schedule))


def _looks(environment: Environment, log_prefix: str) -> tuple[Statement, ...]:
    bucket = f"arn:{environment.partition}:s3:::{environment.artifact_bucket}"
    return (
        statement(["s3:GetObject"], [f"{bucket}/{prefix}/*" for prefix in READ], sid="ReadWhatIsDeployed"),
        # Who may not list gets 403 instead of 404 for what is not there; and GetObject has no prefix for a condition.
        statement(["s3:ListBucket"], [bucket], sid="ListWhatIsDeployed"),
        statement(["s3:PutObject"], [f"{bucket}/{log_prefix}*"], sid="WriteItsRounds"),
        # AWS offers no resource level for metrics.
        statement(["cloudwatch:GetMetricStatistics"], ["*"], sid="ReadTheMetrics"),
        # Without a condition on tags: an endpoint that is not there has none, and that it is not there must be told.
        statement(
            ["sagemaker:DescribeEndpoint", "sagemaker:ListTags"],
            [_endpoints(environment)],
            sid="LookAtEndpoints",
        ),
        statement(
            ["sagemaker:DescribeEndpointConfig"],
            [environment.arn("sagemaker", f"endpoint-config/{environment.name}-*")],
            sid="LookAtTheirConfigurations",
        ),
        # Without lambda:ListTags GetFunction answers without tags, and what is to be kept would not be known.
        statement(
            ["lambda:GetFunction", "lambda:ListTags"],
            [environment.arn("lambda", f"function:{environment.name}-*")],
            sid="LookAtFunctions",
        ),
        statement(
            ["lambda:GetProvisionedConcurrencyConfig"],
            [_aliases(environment)],
            sid="LookAtWhatIsKeptReady",
        ),
    )


def _puts_to_sleep(environment: Environment) -> tuple[Statement, ...]:
    bucket = f"arn:{environment.partition}:s3:::{environment.artifact_bucket}"
    # `dev-*` is also how the names of an environment `dev-eu` begin.
    ours: dict[str, Any] = {"StringEquals": {"aws:ResourceTag/modelyard:environment": environment.name}}
    return (
        statement(["s3:PutObject"], [f"{bucket}/asleep/*"], sid="SayWhatSleeps"),
        # Without a condition on tags, as above: what is gone must be told from what is not theirs to remove.
        statement(
            ["cloudwatch:DescribeAlarms"],
            [environment.arn("cloudwatch", f"alarm:{environment.name}-*")],
            sid="LookAtTheirAlarms",
        ),
        # AWS offers no resource level for it.
        statement(["application-autoscaling:DescribeScalableTargets"], ["*"], sid="LookAtTheirScaling"),
        statement(
            ["sagemaker:DeleteEndpoint"], [_endpoints(environment)], sid="RemoveEndpoints", condition=ours
        ),
        # Its id is Application Auto Scaling's own; the tag says whose it is.
        statement(
            ["application-autoscaling:DeregisterScalableTarget"],
            [environment.arn("application-autoscaling", "scalable-target/*")],
            sid="RemoveTheirScaling",
            condition=ours,
        ),
        statement(
            ["cloudwatch:DeleteAlarms"],
            [environment.arn("cloudwatch", f"alarm:{environment.name}-*")],
            sid="RemoveTheirAlarms",
            condition=ours,
        ),
        statement(
            ["lambda:DeleteProvisionedConcurrencyConfig"],
            [_aliases(environment)],
            sid="RemoveWhatIsKeptReady",
        ),
    )


def _endpoints(environment: Environment) -> str:
    return environment.arn("sagemaker", f"endpoint/{environment.name}-*")


def _aliases(environment: Environment) -> str:
    return environment.arn("lambda", f"function:{environment.name}-*:{ALIAS}")
