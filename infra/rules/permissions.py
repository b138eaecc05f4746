"""Rights: named actions on named resources."""

from collections.abc import Iterator

from infra.blueprint import Blueprint
from infra.blueprint.unscoped import UNSCOPED
from infra.rules.statements import Statement, statements, unreadable
from infra.stack import Stack

PASSING = "iam:PassRole"
_BROAD = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess", "FullAccess")


def _readable(_stack: Stack, blueprint: Blueprint) -> Iterator[str]:
    for resource in unreadable(blueprint):
        yield (
            f"{resource.address}: its policy is not JSON, so that nobody can say what it allows; write a policy "
            "document as JSON text."
        )


def _actions(_stack: Stack, blueprint: Blueprint) -> Iterator[str]:
    for statement in _rights(blueprint):
        for action in statement.actions:
            if "*" in action or "?" in action:
                yield (
                    f"{statement.address}: it allows the action {action!r}, which is more than one; write each action "
                    "by its name, such as s3:GetObject."
                )
        for key in statement.inverted:
            yield (
                f"{statement.address}: it allows by {key}, which is everything but what is named; write "
                f"{key.removeprefix('Not')} with what is meant."
            )


def _resources(_stack: Stack, blueprint: Blueprint) -> Iterator[str]:
    for statement in _rights(blueprint):
        if "*" not in statement.resources or _of_a_resource(statement):
            continue
        for action in statement.actions:
            if action not in {*UNSCOPED, PASSING}:
                yield (
                    f"{statement.address}: it allows {action} on every resource; write the ARNs. '*' is for actions "
                    f"that AWS has no resource level for: {', '.join(UNSCOPED)}."
                )


def _passing(_stack: Stack, blueprint: Blueprint) -> Iterator[str]:
    for statement in _rights(blueprint):
        roles = [one for one in statement.resources if one == "*" or one.endswith(":role/*")]
        if PASSING in statement.actions and roles:
            yield (
                f"{statement.address}: it allows iam:PassRole on {roles[0]!r}: whoever has it gets the rights of every "
                "role; write the ARN of the one role that is passed."
            )


def _managed(_stack: Stack, blueprint: Blueprint) -> Iterator[str]:
    for resource in blueprint.resources:
        arns = (resource.arguments.get("policy_arn"), *resource.arguments.get("managed_policy_arns", ()))
        for arn in arns:
            if isinstance(arn, str) and ":iam::aws:policy/" in arn and arn.endswith(_BROAD):
                yield (
                    f"{resource.address}: it attaches {arn.rpartition('/')[2]}, which allows far more than a model "
                    "needs; write an aws_iam_role_policy with the actions and ARNs that are used."
                )


def _rights(blueprint: Blueprint) -> Iterator[Statement]:
    return (statement for statement in statements(blueprint) if statement.allows)


def _of_a_resource(statement: Statement) -> bool:
    """Whether it stands in the policy of a resource, where `*` is that resource itself (KMS, ECR)."""
    return bool(statement.principals)


RULES = (_readable, _actions, _resources, _passing, _managed)
