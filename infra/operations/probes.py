"""Whether AWS has a resource under the name that a blueprint gives it, and whose it is.

Only what AWS refuses to make a second time is looked for. What it overwrites (policies of roles, alarms, scaling,
rules, settings of buckets) is simply made again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from infra.connection import Connection
from infra.operations import endpoints

Tags = Mapping[str, str]


@dataclass(frozen=True)
class Found:
    """What AWS has: the identifier that an import takes, its ARN, and its tags.

    `tags` None: it has none of its own, and belongs to whom its owner, that with the name `owner`, belongs to; without
    an owner it is the account's, by its name.
    """

    id: str
    arn: str | None = None
    tags: Tags | None = None
    owner: str | None = None


Probe = Callable[[Connection, str], Found | None]
"""Takes what names it: the identifier of an import, or its name where that does not follow from it."""

_ABSENT = frozenset(
    {
        "404",
        "NoSuchEntity",
        "NoSuchBucket",
        "NotFound",
        "NotFoundException",
        "RepositoryNotFoundException",
        "ResourceNotFoundException",
        "InvalidLaunchTemplateName.NotFoundException",
    }
)


@contextmanager
def _absence() -> Iterator[None]:
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ABSENT:
            raise


def _pairs(listed: Any) -> Tags:
    return {one["Key"]: one["Value"] for one in listed or ()}


def _iam(operation: str, parameter: str, answer: str) -> Probe:
    def probe(connection: Connection, id: str) -> Found | None:
        with _absence():
            found = getattr(connection.client("iam"), operation)(**{parameter: id})[answer]
            return Found(id, found["Arn"], _pairs(found.get("Tags")))
        return None

    return probe


def _sagemaker(operation: str, kind: str) -> Probe:
    def probe(connection: Connection, id: str) -> Found | None:
        sagemaker = connection.client("sagemaker")
        with endpoints.absence_allowed():
            arn = getattr(sagemaker, operation)(**{f"{kind}Name": id})[f"{kind}Arn"]
            return Found(id, arn, _pairs(sagemaker.list_tags(ResourceArn=arn)["Tags"]))
        return None

    return probe


def _log_group(connection: Connection, id: str) -> Found | None:
    logs = connection.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=id):
        for group in page["logGroups"]:
            if group["logGroupName"] == id:
                arn = group["arn"].removesuffix(":*")
                return Found(id, arn, logs.list_tags_for_resource(resourceArn=arn)["tags"])
    return None


def _function(connection: Connection, id: str) -> Found | None:
    with _absence():
        found = connection.client("lambda").get_function(FunctionName=id)
        return Found(id, found["Configuration"]["FunctionArn"], found.get("Tags", {}))
    return None


def _alias(connection: Connection, id: str) -> Found | None:
    function, alias = id.split("/")
    with _absence():
        found = connection.client("lambda").get_alias(FunctionName=function, Name=alias)
        return Found(id, found["AliasArn"], owner=function)
    return None


def _url(connection: Connection, id: str) -> Found | None:
    function, alias = id.split("/")
    with _absence():
        connection.client("lambda").get_function_url_config(FunctionName=function, Qualifier=alias)
        return Found(id, owner=function)
    return None


def _schedule(connection: Connection, id: str) -> Found | None:
    group, name = id.split("/")
    with _absence():
        found = connection.client("scheduler").get_schedule(GroupName=group, Name=name)
        return Found(id, found["Arn"], owner=found["Target"]["RoleArn"].rsplit("/", 1)[-1])
    return None


def _repository(connection: Connection, id: str) -> Found | None:
    ecr = connection.client("ecr")
    with _absence():
        arn = ecr.describe_repositories(repositoryNames=[id])["repositories"][0]["repositoryArn"]
        return Found(id, arn, _pairs(ecr.list_tags_for_resource(resourceArn=arn)["tags"]))
    return None


def _bucket(connection: Connection, id: str) -> Found | None:
    # It is tagged after it was made, and may not be yet.
    with _absence():
        connection.client("s3").head_bucket(Bucket=id, ExpectedBucketOwner=connection.environment.account_id)
        return Found(id)
    return None


def _budget(connection: Connection, id: str) -> Found | None:
    account, name = id.split(":", 1)
    with _absence():
        connection.client("budgets").describe_budget(AccountId=account, BudgetName=name)
        return Found(id)
    return None


def _compute_environment(connection: Connection, id: str) -> Found | None:
    answer = connection.client("batch").describe_compute_environments(computeEnvironments=[id])
    alive = [one for one in answer["computeEnvironments"] if one.get("status") not in ("DELETING", "DELETED")]
    return Found(id, alive[0]["computeEnvironmentArn"], alive[0].get("tags", {})) if alive else None


def _queue(connection: Connection, id: str) -> Found | None:
    answer = connection.client("batch").describe_job_queues(jobQueues=[id])
    alive = [one for one in answer["jobQueues"] if one.get("status") not in ("DELETING", "DELETED")]
    return Found(id, alive[0]["jobQueueArn"], alive[0].get("tags", {})) if alive else None


def _launch_template(connection: Connection, id: str) -> Found | None:
    with _absence():
        found = connection.client("ec2").describe_launch_templates(LaunchTemplateNames=[id])
        for one in found["LaunchTemplates"]:
            return Found(one["LaunchTemplateId"], tags=_pairs(one.get("Tags")))
    return None


def _job_definition(connection: Connection, id: str) -> Found | None:
    pages = connection.client("batch").get_paginator("describe_job_definitions")
    there = [
        one
        for page in pages.paginate(jobDefinitionName=id, status="ACTIVE")
        for one in page["jobDefinitions"]
    ]
    if not there:
        return None
    newest = max(there, key=lambda one: one["revision"])
    return Found(newest["jobDefinitionArn"], newest["jobDefinitionArn"], newest.get("tags", {}))


BY_IDENTIFIER: Mapping[str, Probe] = {
    "aws_batch_compute_environment": _compute_environment,
    "aws_batch_job_queue": _queue,
    "aws_budgets_budget": _budget,
    "aws_cloudwatch_log_group": _log_group,
    "aws_ecr_repository": _repository,
    "aws_iam_instance_profile": _iam("get_instance_profile", "InstanceProfileName", "InstanceProfile"),
    "aws_iam_policy": _iam("get_policy", "PolicyArn", "Policy"),
    "aws_iam_role": _iam("get_role", "RoleName", "Role"),
    "aws_lambda_alias": _alias,
    "aws_lambda_function": _function,
    "aws_lambda_function_url": _url,
    "aws_s3_bucket": _bucket,
    "aws_sagemaker_endpoint": _sagemaker("describe_endpoint", "Endpoint"),
    "aws_sagemaker_endpoint_configuration": _sagemaker("describe_endpoint_config", "EndpointConfig"),
    "aws_sagemaker_model": _sagemaker("describe_model", "Model"),
    "aws_scheduler_schedule": _schedule,
}
BY_NAME: Mapping[str, Probe] = {
    "aws_batch_job_definition": _job_definition,
    "aws_launch_template": _launch_template,
}
"""Of these the identifier is made up by AWS."""
