"""Who may call a function's URL, as AWS has it after an apply.

For a URL that is made public the provider adds a statement to the function's policy, outside of its state, and leaves
it there when the URL goes back to IAM or goes at all; for one that becomes public later it adds none (only Create of
`function_url.go` does). Without a public URL no such statement may stay; with one, AWS asks since October 2025 for a
second one, which the provider cannot make before its version 6.29.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.connection import Connection
from infra.errors import DeployFailed
from infra.naming import ALIAS
from infra.stack import Stack
from infra.workloads import LambdaEndpoint

PROVIDERS = "FunctionURLAllowPublicAccess"
OURS = "FunctionURLInvokeAllowPublicAccess"
WANTED: Mapping[str, Mapping[str, Any]] = {
    "lambda:InvokeFunctionUrl": {"StatementId": PROVIDERS, "FunctionUrlAuthType": "NONE"},
    "lambda:InvokeFunction": {"StatementId": OURS, "InvokedViaFunctionUrl": True},
}
"""What a public URL takes, by action; the first under the provider's own id, so that it finds it there."""
ACTIONS = frozenset(WANTED)
_WIDER = frozenset({"lambda:*", "*"})
"""What AddPermission takes besides, and what nobody is to have who is anybody."""
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
    kept = ACTIONS if public else frozenset()
    for sid in (sid for sid, action in there.items() if action not in kept):
        client.remove_permission(FunctionName=name, StatementId=sid, Qualifier=ALIAS)
    for action in sorted(kept - set(there.values())):
        client.add_permission(
            FunctionName=name, Qualifier=ALIAS, Action=action, Principal="*", **WANTED[action]
        )
    allowed = set(public_statements(name, client).values())
    if allowed - kept:
        yield (
            f"Function {name} can still be called by anybody ({', '.join(sorted(allowed - kept))}); remove the "
            f"statement from the policy of its alias {ALIAS}."
        )
    if kept - allowed:
        missing = ", ".join(sorted(kept - allowed))
        yield (
            f"Function {name} is declared public, and the policy of its alias {ALIAS} does not keep {missing}, which "
            "AWS asks for: a policy of the organisation or another tool may undo it; look there, and deploy again."
        )


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
        and statement["Action"] in ACTIONS | _WIDER
        and not _narrowed(statement.get("Condition", {}))
    }


def _narrowed(condition: dict[str, dict[str, str]]) -> bool:
    """Whether it asks for more than that the call comes through a URL, such as for one's own organization."""
    own = {"lambda:FunctionUrlAuthType", "lambda:InvokedViaFunctionUrl"}
    return any(key not in own for keys in condition.values() for key in keys)
