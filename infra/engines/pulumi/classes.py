"""Resource type of the Terraform provider -> class of pulumi_aws, and what pulumi_aws calls otherwise."""

from collections.abc import Mapping
from typing import Any

from infra.errors import PulumiError

CLASSES: Mapping[str, str] = {
    "aws_appautoscaling_policy": "appautoscaling.Policy",
    "aws_appautoscaling_scheduled_action": "appautoscaling.ScheduledAction",
    "aws_appautoscaling_target": "appautoscaling.Target",
    "aws_batch_compute_environment": "batch.ComputeEnvironment",
    "aws_batch_job_definition": "batch.JobDefinition",
    "aws_batch_job_queue": "batch.JobQueue",
    "aws_budgets_budget": "budgets.Budget",
    "aws_cloudwatch_event_rule": "cloudwatch.EventRule",
    "aws_cloudwatch_event_target": "cloudwatch.EventTarget",
    "aws_cloudwatch_log_group": "cloudwatch.LogGroup",
    "aws_cloudwatch_metric_alarm": "cloudwatch.MetricAlarm",
    "aws_ecr_lifecycle_policy": "ecr.LifecyclePolicy",
    "aws_ecr_repository": "ecr.Repository",
    "aws_ecr_repository_policy": "ecr.RepositoryPolicy",
    "aws_iam_instance_profile": "iam.InstanceProfile",
    "aws_iam_policy": "iam.Policy",
    "aws_iam_role": "iam.Role",
    "aws_iam_role_policy": "iam.RolePolicy",
    "aws_lambda_alias": "lambda_.Alias",
    "aws_lambda_function": "lambda_.Function",
    "aws_lambda_function_url": "lambda_.FunctionUrl",
    "aws_lambda_provisioned_concurrency_config": "lambda_.ProvisionedConcurrencyConfig",
    "aws_launch_template": "ec2.LaunchTemplate",
    "aws_s3_bucket": "s3.Bucket",
    "aws_s3_bucket_ownership_controls": "s3.BucketOwnershipControls",
    "aws_s3_bucket_policy": "s3.BucketPolicy",
    "aws_s3_bucket_public_access_block": "s3.BucketPublicAccessBlock",
    "aws_s3_bucket_server_side_encryption_configuration": "s3.BucketServerSideEncryptionConfiguration",
    "aws_s3_bucket_versioning": "s3.BucketVersioning",
    "aws_sagemaker_endpoint": "sagemaker.Endpoint",
    "aws_sagemaker_endpoint_configuration": "sagemaker.EndpointConfiguration",
    "aws_sagemaker_model": "sagemaker.Model",
    "aws_scheduler_schedule": "scheduler.Schedule",
    "aws_sns_topic": "sns.Topic",
    "aws_sns_topic_policy": "sns.TopicPolicy",
}

RENAMED: Mapping[str, Mapping[str, str]] = {
    "aws_cloudwatch_metric_alarm": {"alarm_name": "name"},
    "aws_lambda_function": {"function_name": "name"},
}
"""Resource type -> argument -> its name in pulumi_aws, where it is neither the same nor its plural or singular."""


def resource_class(type: str) -> Any:
    """The class of pulumi_aws for a resource type; raises `PulumiError` where there is none."""
    from infra.engines.pulumi import sdk

    module, _, name = CLASSES.get(type, "").partition(".")
    found = getattr(sdk.aws(module), name, None) if module else None
    if found is None:
        raise PulumiError(
            f"{type} has no class of pulumi_aws; add its row to CLASSES in infra/engines/pulumi/classes.py"
        )
    return found


def token(type: str) -> str:
    """The type in Pulumi's own words, such as `aws:sagemaker/model:Model`: what `pulumi import` and a state say."""
    module, _, name = CLASSES[type].partition(".")
    return f"aws:{module.rstrip('_')}/{name[0].lower()}{name[1:]}:{name}"


def address(urn: str) -> tuple[str, str]:
    """Type and name of the resource of a URN, as the blueprint calls them; a type that it has not is Pulumi's own."""
    *_, kind, name = urn.split("::")
    spoken = kind.rpartition("$")[2]
    return TYPES.get(spoken, spoken), name


TYPES: Mapping[str, str] = {token(type): type for type in CLASSES}
"""Pulumi's own word for a type -> the provider's."""
