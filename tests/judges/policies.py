"""Run by the judges' own Python: what cloudsplaining, parliament and policy_sentry say of policies and actions.

stdin: {"policies": {name: text}, "actions": [action]}; stdout: findings by judge, and the actions that policy_sentry
knows to have no resource level.
"""

import json
import sys

import parliament
from cloudsplaining.scan.policy_document import PolicyDocument
from policy_sentry.querying.actions import get_action_data

RISKS = (
    "allows_privilege_escalation",
    "permissions_management_without_constraints",
    "allows_data_exfiltration_actions",
    "credentials_exposure",
    "service_wildcard",
    "infrastructure_modification",
)


def risks(text: str) -> list[str]:
    """Each risk of cloudsplaining's with what has it; cloudsplaining itself exits 0 whatever it finds."""
    document = PolicyDocument(json.loads(text))
    return [f"{risk}: {item}" for risk in RISKS for item in getattr(document, risk)]


def mistakes(text: str) -> list[str]:
    """Each finding of parliament's with the action, or the words, that it is about."""
    found = []
    for finding in parliament.analyze_policy_string(text).findings:
        details = finding.detail if isinstance(finding.detail, list) else [finding.detail]
        found += [
            f"{finding.issue}: {detail.get('action', detail) if isinstance(detail, dict) else detail}"
            for detail in details
        ]
    return found


def is_unscoped(action: str) -> bool:
    """Whether the action has no resource but `*`."""
    service, _, name = action.partition(":")
    data = get_action_data(service, name)
    return bool(data) and [row["resource_arn_format"] for row in data[service]] == ["*"]


asked = json.load(sys.stdin)
print(
    json.dumps(
        {
            "cloudsplaining": {name: risks(text) for name, text in asked["policies"].items()},
            "parliament": {name: mistakes(text) for name, text in asked["policies"].items()},
            "unscoped": [action for action in asked["actions"] if is_unscoped(action)],
        }
    )
)
