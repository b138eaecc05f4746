"""Who may call a function's URL, as AWS has it after an apply.

For a public URL the provider adds a statement to the function's policy outside of its state, and leaves it there when
the URL goes back to IAM or goes at all. Without a public URL no such statement may stay; with one, AWS asks since
October 2025 for a second one, which the provider cannot make before its version 6.29.
"""

import json
from collections.abc import Iterator
from typing import Any

from infra.connection import Connection
from infra.errors import DeployFailed
from infra.naming import ALIAS
from infra.stack import Stack
from infra.workloads import LambdaEndpoint

PROVIDERS = "FunctionURLAllowPublicAccess"
OURS = "FunctionURLInvokeAllowPublicAccess"
ACTIONS = frozenset({"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"})
ANYBODY: tuple[Any, ...] = ("*", {"AWS": "*"}, {"AWS": ["*"]})


def settle(stack: Stack, connection: Connection) -> None:
    """Let anybody call what is public by name, and nobody else's URL.

    Raises `DeployFailed` where a function can be called by more, or by fewer, than the stack says.
    """
    findings = [
        finding
        for workload in stack.workloads
        if isinstance(workload, LambdaEndpoint)
        for finding in _settle(stack.deployed_name(workload), workload, connection.client("lambda"))
    ]
    if findings:
        raise DeployFailed("\n".join(findings))


def _settle(name: str, workload: LambdaEndpoint, client: Any) -> Iterator[str]:
    public = workload.url is not None and workload.url.public
    there = public_statements(name, client)
    if not public:
        for sid in there:
            client.remove_permission(FunctionName=name, StatementId=sid, Qualifier=ALIAS)
    elif "lambda:InvokeFunction" not in there.values():
        client.add_permission(
            FunctionName=name,
            Qualifier=ALIAS,
            StatementId=OURS,
            Action="lambda:InvokeFunction",
            Principal="*",
            InvokedViaFunctionUrl=True,
        )
    allowed = set(public_statements(name, client).values())
    if not public and allowed:
        yield (
            f"Function {name} can still be called by anybody ({', '.join(sorted(allowed))}); remove the statement from "
            f"the policy of its alias {ALIAS}."
        )
    if public and allowed != ACTIONS:
        missing = ", ".join(sorted(ACTIONS - allowed))
        yield f"Function {name} is declared public, and AWS lets nobody in without {missing}; run the deploy again."


def public_statements(name: str, client: Any) -> dict[str, str]:
    """The statements of the alias's policy that let anybody call, by id: the action of each."""
    from botocore.exceptions import ClientError

    try:
        policy = json.loads(client.get_policy(FunctionName=name, Qualifier=ALIAS)["Policy"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return {}
        raise
    return {
        statement["Sid"]: statement["Action"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        and statement["Principal"] in ANYBODY
        and statement["Action"] in ACTIONS
        and not _narrowed(statement.get("Condition", {}))
    }


def _narrowed(condition: dict[str, dict[str, str]]) -> bool:
    """Whether it asks for more than that the call comes through a URL, such as for one's own organization."""
    own = {"lambda:FunctionUrlAuthType", "lambda:InvokedViaFunctionUrl"}
    return any(key not in own for keys in condition.values() for key in keys)
