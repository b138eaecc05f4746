"""A blueprint's references as the values that AWS would give, so that every call is complete."""

from collections.abc import Callable, Mapping
from typing import Any

from infra.blueprint import Blueprint
from infra.blueprint.resource import Join, Ref, Resource
from infra.environment import Environment

ARNS: Mapping[str, str] = {
    "aws_batch_compute_environment": "batch:compute-environment/{name}",
    "aws_batch_job_definition": "batch:job-definition/{name}:1",
    "aws_batch_job_queue": "batch:job-queue/{name}",
    "aws_cloudwatch_event_rule": "events:rule/{name}",
    "aws_cloudwatch_metric_alarm": "cloudwatch:alarm:{alarm_name}",
    "aws_iam_instance_profile": "iam:instance-profile/{name}",
    "aws_iam_policy": "iam:policy/{name}",
    "aws_iam_role": "iam:role/{name}",
    "aws_lambda_function": "lambda:function:{function_name}",
    "aws_sns_topic": "sns:{name}",
}
"""Service and resource of an ARN."""

_GLOBAL = ("iam",)

OTHERS: Mapping[tuple[str, str], Callable[[Resource], str]] = {
    ("aws_appautoscaling_policy", "arn"): lambda _: (
        "arn:aws:autoscaling:us-east-1:111122223333:scalingPolicy:11111111-2222-3333-4444-555555555555"
    ),
    ("aws_iam_role", "id"): lambda role: role.arguments["name"],
    ("aws_lambda_function", "version"): lambda _: "1",
    ("aws_launch_template", "id"): lambda _: "lt-0123456789abcdef0",
    ("aws_launch_template", "latest_version"): lambda _: "1",
    ("aws_s3_bucket", "id"): lambda bucket: bucket.arguments["bucket"],
}
"""Other attributes that AWS makes."""


def resolved(resource: Resource, blueprint: Blueprint, environment: Environment) -> dict[str, Any]:
    """The arguments of `resource` without a reference left."""
    by_address = {one.address: one for one in blueprint.resources}

    def value(given: Any) -> Any:
        if isinstance(given, Ref):
            return attribute(by_address[f"{given.type}.{given.name}"], given.attribute)
        if isinstance(given, Join):
            return "".join(str(value(part)) for part in given.parts)
        if isinstance(given, Mapping):
            return {key: value(item) for key, item in given.items()}
        if isinstance(given, list | tuple):
            return [value(item) for item in given]
        return given

    def attribute(target: Resource, name: str) -> Any:
        if name in target.arguments:
            return value(target.arguments[name])
        if name == "arn" and target.type in ARNS:
            service, _, rest = ARNS[target.type].partition(":")
            text = rest.format(**target.arguments)
            if service in _GLOBAL:
                return f"arn:{environment.partition}:{service}::{environment.account_id}:{text}"
            return environment.arn(service, text)
        return OTHERS[target.type, name](target)

    found: dict[str, Any] = value(dict(resource.arguments))
    return found
