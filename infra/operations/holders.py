"""Who holds the policies that let one call a stack's workloads: AWS deletes none that somebody holds."""

from collections.abc import Iterator

from infra import naming
from infra.blueprint.access import SUFFIX, policy_name
from infra.connection import Connection
from infra.engines.plan import PlanSummary
from infra.errors import Misuse
from infra.stack import Stack

_KINDS = (
    ("PolicyRoles", "RoleName", "role"),
    ("PolicyUsers", "UserName", "user"),
    ("PolicyGroups", "GroupName", "group"),
)


def refuse(stack: Stack, plan: PlanSummary, connection: Connection) -> None:
    """Raise `Misuse` where a policy that `plan` deletes is attached.

    Its delete would fail (DeleteConflict) when all else is gone.
    """
    findings = [
        f"{name} is attached to {', '.join(holders)}, and AWS deletes no policy that is attached: detach it there, "
        "then run it again."
        for name in _deleted(stack, plan)
        if (holders := list(_holders(name, connection)))
    ]
    if findings:
        raise Misuse("\n".join(findings))


def _deleted(stack: Stack, plan: PlanSummary) -> Iterator[str]:
    """The names of the policies that go: by the plan, for the stack has no longer what was taken out of it."""
    environment = stack.environment
    for change in plan.changes:
        if change.type == "aws_iam_policy" and change.action in ("delete", "replace"):
            workload = change.name.removesuffix(SUFFIX)
            deployed = naming.deployed(environment.name, stack.name, workload)
            yield policy_name(deployed, environment)


def _holders(name: str, connection: Connection) -> Iterator[str]:
    from botocore.exceptions import ClientError

    environment = connection.environment
    arn = f"arn:{environment.partition}:iam::{environment.account_id}:policy/{name}"
    try:
        for page in (
            connection.client("iam").get_paginator("list_entities_for_policy").paginate(PolicyArn=arn)
        ):
            for key, named, kind in _KINDS:
                yield from (f"{kind} {one[named]}" for one in page.get(key, ()))
    except ClientError as error:
        # Without the policy nobody holds it; without the right to look, AWS will say.
        if error.response["Error"]["Code"] not in ("NoSuchEntity", "AccessDenied"):
            raise
