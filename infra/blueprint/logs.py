"""Log groups: with a retention, and under the environment's key where it has one."""

from infra.blueprint.resource import Resource
from infra.environment import Environment


def log_group(environment: Environment, label: str, name: str) -> Resource:
    """The group that the output of what the stack calls `label` goes to.

    A key has to allow logs.REGION.amazonaws.com its use; else CreateLogGroup answers "The specified KMS key does not
    exist or is not allowed to be used".
    """
    encryption = {} if environment.kms_key_arn is None else {"kms_key_id": environment.kms_key_arn}
    return Resource(
        "aws_cloudwatch_log_group",
        label,
        {"name": name, "retention_in_days": environment.log_retention_days, **encryption},
    )
