"""IAM policy documents: named actions on named resources."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def statement(
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    sid: str,
    effect: str = "Allow",
    principal: Any = None,
    condition: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One statement; `principal` only in policies of a resource."""
    content: dict[str, Any] = {"Sid": sid, "Effect": effect, "Action": list(actions)}
    if resources:
        content["Resource"] = list(resources)
    if principal is not None:
        content["Principal"] = principal
    if condition is not None:
        content["Condition"] = dict(condition)
    return content


def document(*statements: Mapping[str, Any]) -> str:
    """The statements as the JSON that AWS takes."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def trust(service: str, account_id: str) -> str:
    """Lets one AWS service take a role, on behalf of resources of our own account only."""
    return document(
        statement(
            ["sts:AssumeRole"],
            [],
            sid="OnlyThisService",
            principal={"Service": service},
            # Without it another account's resource could make the service use our role (confused deputy).
            condition={"StringEquals": {"aws:SourceAccount": account_id}},
        )
    )
