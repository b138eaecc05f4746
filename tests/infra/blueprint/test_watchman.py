"""What the watchman may do: in a dry run nothing but look, armed no more than what putting to sleep takes."""

import json

import pytest

from infra import Environment, Stack, rules
from infra.blueprint.watchman import name_of, watchman
from infra.operations.idle import IdleRule
from infra.operations.watchman import package, settings
from infra.operations.watchman.settings import Settings

ARN = "arn:aws:{}:us-east-1:111122223333:{}"
BUCKET = "arn:aws:s3:::modelyard-dev-111122223333-us-east-1"
KEY = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
OURS = {"StringEquals": {"aws:ResourceTag/modelyard:environment": "dev"}}


def made(environment: Environment, *, armed: bool):
    given = Settings("dev", environment.artifact_bucket, IdleRule(48), 5, armed)
    return watchman(environment, package.key(), "rate(1 hour)", given.variables(), settings.LOG, armed=armed)


def allowed(content, name: str = "idle") -> dict[tuple[str, str], dict | None]:
    """Each action on each resource, with its condition."""
    (policy,) = [one for one in content.of_type("aws_iam_role_policy") if one.name == name]
    return {
        (action, resource): statement.get("Condition")
        for statement in json.loads(policy.arguments["policy"])["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }


LOOKS = {
    ("s3:GetObject", f"{BUCKET}/stacks/*"): None,
    ("s3:GetObject", f"{BUCKET}/hourly/*"): None,
    ("s3:GetObject", f"{BUCKET}/asleep/*"): None,
    ("s3:ListBucket", BUCKET): None,
    ("s3:PutObject", f"{BUCKET}/idle/log/*"): None,
    ("cloudwatch:GetMetricStatistics", "*"): None,
    ("sagemaker:DescribeEndpoint", ARN.format("sagemaker", "endpoint/dev-*")): None,
    ("sagemaker:ListTags", ARN.format("sagemaker", "endpoint/dev-*")): None,
    ("sagemaker:DescribeEndpointConfig", ARN.format("sagemaker", "endpoint-config/dev-*")): None,
    ("lambda:GetFunction", ARN.format("lambda", "function:dev-*")): None,
    ("lambda:ListTags", ARN.format("lambda", "function:dev-*")): None,
    ("lambda:GetProvisionedConcurrencyConfig", ARN.format("lambda", "function:dev-*:live")): None,
    ("logs:CreateLogStream", ARN.format("logs", "log-group:/aws/lambda/dev-idle:*")): None,
    ("logs:PutLogEvents", ARN.format("logs", "log-group:/aws/lambda/dev-idle:*")): None,
}
PUTS_TO_SLEEP = {
    ("s3:PutObject", f"{BUCKET}/asleep/*"): None,
    ("cloudwatch:DescribeAlarms", ARN.format("cloudwatch", "alarm:dev-*")): None,
    ("application-autoscaling:DescribeScalableTargets", "*"): None,
    ("sagemaker:DeleteEndpoint", ARN.format("sagemaker", "endpoint/dev-*")): OURS,
    (
        "application-autoscaling:DeregisterScalableTarget",
        ARN.format("application-autoscaling", "scalable-target/*"),
    ): OURS,
    ("cloudwatch:DeleteAlarms", ARN.format("cloudwatch", "alarm:dev-*")): OURS,
    ("lambda:DeleteProvisionedConcurrencyConfig", ARN.format("lambda", "function:dev-*:live")): None,
}


def test_a_dry_run_may_only_look(environment):
    assert allowed(made(environment, armed=False)) == LOOKS


def test_armed_it_may_also_put_to_sleep_what_is_ours(environment):
    assert allowed(made(environment, armed=True)) == {**LOOKS, **PUTS_TO_SLEEP}


def test_the_schedule_starts_this_function_and_no_other(environment):
    content = made(environment, armed=True)
    assert allowed(content, "idle-schedule") == {
        ("lambda:InvokeFunction", ARN.format("lambda", "function:dev-idle")): None
    }
    (schedule,) = content.of_type("aws_scheduler_schedule")
    assert schedule.arguments["target"]["arn"].name == "idle"
    assert (name_of(environment), schedule.arguments["name"]) == ("dev-idle", "dev-idle")


@pytest.mark.parametrize("armed", [True, False])
def test_our_own_rules_find_nothing(environment, armed):
    assert rules.findings(Stack("idle", environment, ()), made(environment, armed=armed)) == []


def test_under_a_key_each_part_is_under_it_and_may_use_it(environment):
    content = made(environment.model_copy(update={"kms_key_arn": KEY}), armed=True)
    assert ("kms:Decrypt", KEY) in allowed(content) and ("kms:Decrypt", KEY) in allowed(
        content, "idle-schedule"
    )
    arguments = {one.type: one.arguments for one in content.resources if one.name == "idle"}
    assert arguments["aws_lambda_function"]["kms_key_arn"] == KEY
    assert arguments["aws_scheduler_schedule"]["kms_key_arn"] == KEY
    assert arguments["aws_cloudwatch_log_group"]["kms_key_id"] == KEY
    assert arguments["aws_cloudwatch_log_group"]["retention_in_days"] == 30
