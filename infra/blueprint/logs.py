"""Log groups: with a retention, and under the environment's key where it has one."""

from infra.blueprint.resource import Resource
from infra.environment import Environment
from infra.workloads import Workload


def log_group(environment: Environment, workload: Workload, name: str) -> Resource:
    """The group that a workload's output goes to.

    A key has to allow logs.REGION.amazonaws.com its use; else CreateLogGroup answers "The specified KMS key does not
    exist or is not allowed to be used".
    """
    encryption = {} if environment.kms_key_arn is None else {"kms_key_id": environment.kms_key_arn}
    return Resource(
        "aws_cloudwatch_log_group",
        workload.name,
        {"name": name, "retention_in_days": environment.log_retention_days, **encryption},
    )
