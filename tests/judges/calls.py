"""Resource type -> the calls of AWS's API that the provider makes of it, so that botocore's model can judge them.

Arguments are matched with members of the operation's shape by name (`kms_key_id` is `KmsKeyId` or `kmsKeyId`); where
the provider has another word for one, a row of the table says which.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One operation. `takes` None: every argument that no other call of the type takes.

    `renamed` is by argument, at any depth; `before` rewrites the arguments as a whole.
    """

    service: str
    operation: str
    renamed: Mapping[str, str] = field(default_factory=dict)
    takes: frozenset[str] | None = None
    before: Callable[[Arguments], Arguments] = dict


def only(*names: str) -> frozenset[str]:
    return frozenset(names)


def within(member: str, *kept: str) -> Callable[[Arguments], Arguments]:
    """All arguments but `kept` go into one structure."""
    return lambda given: {
        **{name: given[name] for name in kept if name in given},
        member: {name: value for name, value in given.items() if name not in kept},
    }


def _function(given: Arguments) -> Arguments:
    code = {name: given[name] for name in ("s3_bucket", "s3_key", "image_uri") if name in given}
    return {**{name: value for name, value in given.items() if name not in code}, "code": code}


def _metrics(given: Arguments) -> Arguments:
    if "metric_query" not in given:
        return given
    return {
        **{name: value for name, value in given.items() if name != "metric_query"},
        "metrics": [_query(one) for one in given["metric_query"]],
    }


def _query(given: Arguments) -> Arguments:
    if "metric" not in given:
        return given
    (metric,) = given["metric"] if isinstance(given["metric"], list) else [given["metric"]]
    of_metric = {name: metric[name] for name in ("metric_name", "namespace", "dimensions") if name in metric}
    rest = {name: value for name, value in metric.items() if name not in of_metric}
    return {
        **{name: value for name, value in given.items() if name != "metric"},
        "metric_stat": {"metric": of_metric, **rest},
    }


def _topic(given: Arguments) -> Arguments:
    attributes = {name: str(value) for name, value in given.items() if name not in ("name", "tags")}
    return {"name": given["name"], "attributes": attributes}


def _lifecycle(given: Arguments) -> Arguments:
    rules = [
        {
            "ID": rule["id"],
            "status": "Enabled" if rule["enabled"] else "Disabled",
            "filter": {"prefix": rule.get("prefix", "")},
            **_of_rule(rule),
        }
        for rule in given["lifecycle_rule"]
    ]
    return {"bucket": given["bucket"], "lifecycle_configuration": {"rules": rules}}


def _of_rule(rule: Arguments) -> Arguments:
    if "abort_incomplete_multipart_upload_days" in rule:
        days = rule["abort_incomplete_multipart_upload_days"]
        return {"abort_incomplete_multipart_upload": {"days_after_initiation": days}}
    (expiration,) = rule["noncurrent_version_expiration"]
    return {"noncurrent_version_expiration": {"noncurrent_days": expiration["days"]}}


def _budget(given: Arguments) -> Arguments:
    said = ("notification", "limit_amount", "limit_unit", "cost_filter", "name")
    return {
        "account_id": "111122223333",
        "budget": {
            **{name: value for name, value in given.items() if name not in said},
            "budget_name": given["name"],
            "budget_limit": {"amount": given["limit_amount"], "unit": given["limit_unit"]},
            "cost_filters": {one["name"]: one["values"] for one in given["cost_filter"]},
        },
        "notifications_with_subscribers": [
            {
                "notification": {
                    name: value for name, value in one.items() if name != "subscriber_email_addresses"
                },
                "subscribers": [
                    {"subscription_type": "EMAIL", "address": address}
                    for address in one["subscriber_email_addresses"]
                ],
            }
            for one in given["notification"]
        ],
    }


_DOCUMENT = {"policy": "policy_document", "name": "policy_name", "role": "role_name"}
_OF_BUCKET = only("bucket")

CALLS: Mapping[str, tuple[Call, ...]] = {
    "aws_appautoscaling_policy": (
        Call(
            "application-autoscaling",
            "PutScalingPolicy",
            {"name": "policy_name", "step_adjustment": "step_adjustments"},
        ),
    ),
    "aws_appautoscaling_scheduled_action": (
        Call("application-autoscaling", "PutScheduledAction", {"name": "scheduled_action_name"}),
    ),
    "aws_appautoscaling_target": (Call("application-autoscaling", "RegisterScalableTarget"),),
    "aws_batch_compute_environment": (
        Call(
            "batch",
            "CreateComputeEnvironment",
            {
                "name": "compute_environment_name",
                "instance_type": "instance_types",
                "min_vcpus": "minv_cpus",
                "max_vcpus": "maxv_cpus",
            },
        ),
    ),
    "aws_batch_job_definition": (
        Call(
            "batch",
            "RegisterJobDefinition",
            {"name": "job_definition_name"},
            before=lambda given: {**given, "container_properties": json.loads(given["container_properties"])},
        ),
    ),
    "aws_batch_job_queue": (
        Call(
            "batch",
            "CreateJobQueue",
            {"name": "job_queue_name", "job_state_time_limit_action": "job_state_time_limit_actions"},
        ),
    ),
    "aws_budgets_budget": (Call("budgets", "CreateBudget", before=_budget),),
    "aws_cloudwatch_event_rule": (Call("events", "PutRule"),),
    "aws_cloudwatch_event_target": (
        Call(
            "events",
            "PutTargets",
            {"target_id": "id"},
            before=lambda given: {
                "rule": given["rule"],
                "targets": [{name: value for name, value in given.items() if name != "rule"}],
            },
        ),
    ),
    "aws_cloudwatch_log_group": (
        Call("logs", "CreateLogGroup", {"name": "log_group_name"}, only("name", "kms_key_id")),
        Call("logs", "PutRetentionPolicy", {"name": "log_group_name"}, only("name", "retention_in_days")),
    ),
    "aws_cloudwatch_metric_alarm": (
        Call(
            "cloudwatch",
            "PutMetricAlarm",
            {"evaluate_low_sample_count_percentiles": "evaluate_low_sample_count_percentile"},
            before=_metrics,
        ),
    ),
    "aws_ecr_lifecycle_policy": (
        Call(
            "ecr", "PutLifecyclePolicy", {"repository": "repository_name", "policy": "lifecycle_policy_text"}
        ),
    ),
    "aws_ecr_repository": (Call("ecr", "CreateRepository", {"name": "repository_name"}),),
    "aws_ecr_repository_policy": (
        Call("ecr", "SetRepositoryPolicy", {"repository": "repository_name", "policy": "policy_text"}),
    ),
    "aws_iam_instance_profile": (
        Call("iam", "CreateInstanceProfile", {"name": "instance_profile_name"}, only("name")),
        Call(
            "iam",
            "AddRoleToInstanceProfile",
            {"name": "instance_profile_name", "role": "role_name"},
            only("name", "role"),
        ),
    ),
    "aws_iam_policy": (Call("iam", "CreatePolicy", _DOCUMENT),),
    "aws_iam_role": (
        Call("iam", "CreateRole", {"name": "role_name", "assume_role_policy": "assume_role_policy_document"}),
    ),
    "aws_iam_role_policy": (Call("iam", "PutRolePolicy", _DOCUMENT),),
    "aws_lambda_alias": (Call("lambda", "CreateAlias"),),
    "aws_lambda_function": (Call("lambda", "CreateFunction", before=_function),),
    "aws_lambda_function_url": (
        Call("lambda", "CreateFunctionUrlConfig", {"authorization_type": "auth_type"}),
    ),
    "aws_lambda_permission": (Call("lambda", "AddPermission"),),
    "aws_lambda_provisioned_concurrency_config": (Call("lambda", "PutProvisionedConcurrencyConfig"),),
    "aws_launch_template": (
        Call(
            "ec2",
            "CreateLaunchTemplate",
            {"name": "launch_template_name"},
            before=within("launch_template_data", "name"),
        ),
    ),
    "aws_s3_bucket": (
        Call("s3", "CreateBucket", takes=_OF_BUCKET),
        Call(
            "s3",
            "PutBucketLifecycleConfiguration",
            {"ID": "id"},
            only("bucket", "lifecycle_rule"),
            before=_lifecycle,
        ),
    ),
    "aws_s3_bucket_ownership_controls": (
        Call(
            "s3",
            "PutBucketOwnershipControls",
            {"rule": "rules"},
            before=within("ownership_controls", "bucket"),
        ),
    ),
    "aws_s3_bucket_policy": (Call("s3", "PutBucketPolicy"),),
    "aws_s3_bucket_public_access_block": (
        Call("s3", "PutPublicAccessBlock", before=within("public_access_block_configuration", "bucket")),
    ),
    "aws_s3_bucket_server_side_encryption_configuration": (
        Call(
            "s3",
            "PutBucketEncryption",
            {"rule": "rules", "kms_master_key_id": "kms_master_key_id"},
            before=within("server_side_encryption_configuration", "bucket"),
        ),
    ),
    "aws_s3_bucket_versioning": (Call("s3", "PutBucketVersioning"),),
    "aws_sagemaker_endpoint": (Call("sagemaker", "CreateEndpoint", {"name": "endpoint_name"}),),
    "aws_sagemaker_endpoint_configuration": (
        Call(
            "sagemaker",
            "CreateEndpointConfig",
            {"name": "endpoint_config_name", "kms_key_arn": "kms_key_id"},
        ),
    ),
    "aws_sagemaker_model": (Call("sagemaker", "CreateModel", {"name": "model_name"}),),
    "aws_scheduler_schedule": (Call("scheduler", "CreateSchedule"),),
    "aws_sns_topic": (Call("sns", "CreateTopic", before=_topic),),
    "aws_sns_topic_policy": (
        Call(
            "sns",
            "SetTopicAttributes",
            before=lambda given: {
                "topic_arn": given["arn"],
                "attribute_name": "Policy",
                "attribute_value": given["policy"],
            },
        ),
    ),
}

TERRAFORMS_OWN: Mapping[str, frozenset[str]] = {
    "aws_batch_job_definition": only("deregister_on_new_revision"),
    "aws_ecr_repository": only("force_delete"),
    "aws_lambda_function": only("replace_security_groups_on_destroy"),
    "aws_launch_template": only("update_default_version"),
    "aws_s3_bucket": only("force_destroy"),
}
"""Arguments that only tell the provider how to go about it."""


class Unmatched(Exception):
    """An argument that the operation has no member for: the table is wrong, or the blueprint."""


def parameters(call: Call, shape: StructureShape, arguments: Arguments) -> dict[str, Any]:
    """The parameters of `call` that come of a resource's arguments, all of them known values."""
    taken = {name: value for name, value in arguments.items() if call.takes is None or name in call.takes}
    found: dict[str, Any] = _converted(shape, call.before(taken), call.renamed, shape.name)
    return found


def _converted(shape: Shape, value: Any, renamed: Mapping[str, str], path: str) -> Any:
    if isinstance(shape, StructureShape):
        (block,) = value if isinstance(value, list | tuple) else (value,)
        return _structure(shape, block, renamed, path)
    if isinstance(shape, ListShape):
        return [_converted(shape.member, item, renamed, path) for item in _items(shape, value)]
    if isinstance(shape, MapShape):
        return {str(key): _converted(shape.value, item, renamed, path) for key, item in value.items()}
    kind = _SCALARS.get(shape.type_name)
    return kind(value) if kind is not None else value


def _structure(
    shape: StructureShape, block: Arguments, renamed: Mapping[str, str], path: str
) -> dict[str, Any]:
    members = {xform_name(member): member for member in shape.members}
    found = {}
    for name, value in block.items():
        member = _member(name, members, renamed, shape)
        if member is None:
            raise Unmatched(f"{path}: {name} is none of {', '.join(members)}")
        found[member] = _converted(shape.members[member], value, renamed, f"{path}.{member}")
    return found


def _member(
    name: str, members: Mapping[str, str], renamed: Mapping[str, str], shape: StructureShape
) -> str | None:
    if name in shape.members:
        return name
    return members.get(renamed.get(name, name)) or members.get(name)


def _items(shape: ListShape, value: Any) -> list[Any]:
    """A list's items; the provider writes names and values, such as tags and dimensions, as a map."""
    if not isinstance(value, Mapping):
        return list(value)
    members = shape.member.members if isinstance(shape.member, StructureShape) else {}
    for key in ("Key", "key", "Name", "name"):
        other = {"Key": "Value", "key": "value", "Name": "Value", "name": "value"}[key]
        if set(members) == {key, other}:
            return [{key: name, other: text} for name, text in value.items()]
    return [value]


_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "string": str,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": lambda value: value if isinstance(value, bool) else {"true": True, "false": False}[value],
}
"""The provider takes numbers and truths as text, too, and sends what they mean."""
