"""Doors that are open to everyone."""

from collections.abc import Iterator
from typing import Any

from infra.blueprint import Blueprint
from infra.rules.statements import Statement, statements
from infra.stack import Stack
from infra.workloads import LambdaEndpoint

# Condition keys that keep everybody but one's own account, organisation or resource out.
_NARROWING = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceowner",
        "kms:calleraccount",
    }
)
_OPERATORS = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")


def _policies(_stack: Stack, blueprint: Blueprint) -> Iterator[str]:
    for statement in statements(blueprint):
        if statement.allows and "*" in statement.principals and not _is_narrowed(statement):
            yield (
                f"{statement.address}: its policy allows {', '.join(statement.actions)} to everyone; write the "
                "account, role or service as Principal, or a Condition on aws:SourceAccount or aws:SourceArn."
            )


def _is_narrowed(statement: Statement) -> bool:
    return any(
        key.lower() in _NARROWING and "*" not in ([values] if isinstance(values, str) else values)
        for operator, keys in statement.conditions.items()
        if operator in _OPERATORS
        for key, values in keys.items()
    )


def _invocations(stack: Stack, blueprint: Blueprint) -> Iterator[str]:
    for permission in blueprint.of_type("aws_lambda_permission"):
        arguments = permission.arguments
        principal = arguments.get("principal")
        if principal == "*" and not _narrowed_permission(arguments) and permission.name not in _public(stack):
            yield (
                f"{permission.address}: everyone may call {arguments.get('action')}; write the calling account or "
                "service as principal, or url=FunctionUrl(public=True) on the workload if that is meant."
            )
        elif (
            isinstance(principal, str)
            and principal.endswith(".amazonaws.com")
            and not _narrowed_permission(arguments)
        ):
            yield (
                f"{permission.address}: {principal} may call it on behalf of any account; write source_account or "
                "source_arn."
            )


def _narrowed_permission(arguments: Any) -> bool:
    return any(arguments.get(key) for key in ("source_account", "source_arn", "principal_org_id"))


def _urls(stack: Stack, blueprint: Blueprint) -> Iterator[str]:
    for url in blueprint.of_type("aws_lambda_function_url"):
        if url.arguments.get("authorization_type") == "NONE" and url.name not in _public(stack):
            yield (
                f"{url.address}: anybody may call this URL; write authorization_type AWS_IAM, or "
                "url=FunctionUrl(public=True) on the workload if that is meant."
            )


def _public(stack: Stack) -> frozenset[str]:
    """The workloads that say by name that anybody may call them."""
    return frozenset(
        workload.name
        for workload in stack.workloads
        if isinstance(workload, LambdaEndpoint) and workload.url is not None and workload.url.public
    )


def _origins(_stack: Stack, blueprint: Blueprint) -> Iterator[str]:
    for resource in blueprint.resources:
        for block, key in (("cors", "allow_origins"), ("cors_rule", "allowed_origins")):
            for rule in _blocks(resource.arguments.get(block)):
                if "*" in rule.get(key, ()):
                    yield (
                        f"{resource.address}: a browser may call it from every web page (CORS origin '*'); write the "
                        "origins, such as https://app.example.com."
                    )


def _blocks(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


RULES = (_policies, _invocations, _urls, _origins)
