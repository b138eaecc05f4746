"""What `terraform import` and `pulumi import` take for each resource of a stack."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.blueprint import Blueprint
from infra.blueprint.resource import Join, Ref, Resource
from infra.environment import Environment

Attributes = Mapping[str, Mapping[str, Any]]

FORMS: Mapping[str, str] = {
    "aws_appautoscaling_policy": "{service_namespace}/{resource_id}/{scalable_dimension}/{name}",
    "aws_appautoscaling_target": "{service_namespace}/{resource_id}/{scalable_dimension}",
    "aws_batch_compute_environment": "{name}",
    "aws_batch_job_definition": "{arn}",
    "aws_batch_job_queue": "{arn}",
    "aws_budgets_budget": "{account_id}:{name}",
    "aws_cloudwatch_event_rule": "{name}",
    "aws_cloudwatch_event_target": "{rule}/{target_id}",
    "aws_cloudwatch_log_group": "{name}",
    "aws_cloudwatch_metric_alarm": "{alarm_name}",
    "aws_ecr_lifecycle_policy": "{repository}",
    "aws_ecr_repository": "{name}",
    "aws_ecr_repository_policy": "{repository}",
    "aws_iam_instance_profile": "{name}",
    "aws_iam_policy": "{arn}",
    "aws_iam_role": "{name}",
    "aws_iam_role_policy": "{role}:{name}",
    "aws_lambda_alias": "{function_name}/{name}",
    "aws_lambda_function": "{function_name}",
    "aws_lambda_function_url": "{function_name}/{qualifier}",
    "aws_lambda_provisioned_concurrency_config": "{function_name},{qualifier}",
    "aws_launch_template": "{id}",
    "aws_s3_bucket": "{bucket}",
    "aws_s3_bucket_ownership_controls": "{bucket}",
    "aws_s3_bucket_policy": "{bucket}",
    "aws_s3_bucket_public_access_block": "{bucket}",
    "aws_s3_bucket_server_side_encryption_configuration": "{bucket}",
    "aws_s3_bucket_versioning": "{bucket}",
    "aws_sagemaker_endpoint": "{name}",
    "aws_sagemaker_endpoint_configuration": "{name}",
    "aws_sagemaker_model": "{name}",
    "aws_scheduler_schedule": "{group_name}/{name}",
    "aws_sns_topic": "{arn}",
    "aws_sns_topic_policy": "{arn}",
}
"""The section 'Import' of each resource in the documentation of the provider and of pulumi_aws."""

UNIMPORTABLE = frozenset({"aws_appautoscaling_scheduled_action"})
"""The provider has no import of it. It is made anew, which overwrites the one that is there: PutScheduledAction."""

ARNS: Mapping[str, tuple[str, str]] = {
    "aws_batch_job_queue": ("batch", "job-queue/{name}"),
    "aws_iam_policy": ("iam", "policy/{name}"),
    "aws_sns_topic": ("sns", "{name}"),
}
"""Where an ARN follows from the name; of a job's definition it has a revision, which AWS counts."""

_DEFAULTS: Mapping[str, Mapping[str, str]] = {"aws_scheduler_schedule": {"group_name": "default"}}
_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Identified:
    """A resource with the identifier that an import takes; None where only a state can tell, or nothing imports it."""

    type: str
    name: str
    id: str | None


def identify(content: Blueprint, environment: Environment, held: Attributes) -> list[Identified]:
    """Each resource of `content`; `held` are the attributes in an engine's state, by address, and come first."""
    return list(_identified(content, environment, held))


def _identified(content: Blueprint, environment: Environment, held: Attributes) -> Iterator[Identified]:
    known: dict[str, dict[str, Any]] = {}
    for resource in content.resources:
        attributes = _attributes(resource, known, environment)
        attributes |= {
            key: value for key, value in held.get(resource.address, {}).items() if value is not None
        }
        identifier = _formed(resource.type, attributes)
        # What refers to an `id` does so where the provider's is the name that an import takes: of roles and buckets.
        known[resource.address] = {"id": identifier, **attributes}
        yield Identified(resource.type, resource.name, identifier)


def _attributes(
    resource: Resource, known: Mapping[str, Mapping[str, Any]], environment: Environment
) -> dict[str, Any]:
    given = {name: _resolved(value, known) for name, value in resource.arguments.items()}
    plain = {
        "account_id": environment.account_id,
        **_DEFAULTS.get(resource.type, {}),
        **{name: value for name, value in given.items() if value is not None},
    }
    if resource.type in ARNS:
        service, form = ARNS[resource.type]
        plain["arn"] = _arn(environment, service, form.format(**plain))
    return plain


def _arn(environment: Environment, service: str, rest: str) -> str:
    if service == "iam":  # IAM has no regions
        return f"arn:{environment.partition}:iam::{environment.account_id}:{rest}"
    return environment.arn(service, rest)


def _resolved(value: Any, known: Mapping[str, Mapping[str, Any]]) -> Any:
    """A text or what it refers to; None for what is not known, and for blocks, which name nothing."""
    if isinstance(value, Ref):
        return known[f"{value.type}.{value.name}"].get(value.attribute)
    if isinstance(value, Join):
        parts = [_resolved(part, known) for part in value.parts]
        return None if None in parts else "".join(parts)
    return value if isinstance(value, str) else None


def _formed(type: str, attributes: Mapping[str, Any]) -> str | None:
    form = FORMS.get(type)
    if form is None or any(attributes.get(field) is None for field in _FIELD.findall(form)):
        return None
    return form.format(**attributes)
