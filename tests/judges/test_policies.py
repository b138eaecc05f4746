"""cloudsplaining and parliament over every policy of every example; policy_sentry over our table of actions."""

import json
import subprocess
from pathlib import Path

import pytest

from infra.blueprint.unscoped import UNSCOPED
from tests.judges import environment, examples

KNOWN = {
    "credentials_exposure: ecr:GetAuthorizationToken": "nothing is pulled from a registry without it",
    "RESOURCE_MISMATCH: batch:SubmitJob": "a job has no ARN before it is submitted; the queue's and the definition's "
    "are named",
    "RESOURCE_MISMATCH: ec2:AssignPrivateIpAddresses": "Lambda takes no narrower resource than */* of the account",
    "RESOURCE_MISMATCH: ec2:DeleteNetworkInterface": "Lambda takes no narrower resource than */* of the account",
    "RESOURCE_MISMATCH: ec2:UnassignPrivateIpAddresses": "Lambda takes no narrower resource than */* of the account",
    "UNKNOWN_CONDITION_FOR_ACTION: Unknown condition lambda:SourceFunctionArn": "Lambda adds it to every call of a "
    "function's own code",
}
"""How a finding begins that is none -> why."""

SCRIPT = Path(__file__).with_name("policies.py")
POLICIES = {
    f"{module}/{type}.{name}": arguments["policy"]
    for module, content in examples.modules().items()
    for type in ("aws_iam_policy", "aws_iam_role_policy")
    for name, arguments in content["resource"].get(type, {}).items()
}
BROAD = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["iam:PassRole", "iam:CreatePolicyVersion"], "Resource": "*"},
            {"Effect": "Allow", "Action": ["s3:PutObjectt"], "Resource": "arn:aws:s3:::b/*"},
        ],
    }
)


@pytest.fixture(scope="module")
def said():
    """What the judges say, in one run."""
    if not (environment.BIN / "python").exists():
        pytest.skip("the judges are not installed; run: make .venv/.judges")
    done = subprocess.run(
        [str(environment.BIN / "python"), str(SCRIPT)],
        input=json.dumps({"policies": {**POLICIES, "broad": BROAD}, "actions": [*UNSCOPED, "s3:GetObject"]}),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("judge", ["cloudsplaining", "parliament"])
@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_of_an_example_has_no_finding(judge, name, said):
    assert [finding for finding in said[judge][name] if not finding.startswith(tuple(KNOWN))] == []


def test_every_finding_that_is_known_is_still_found(said):
    judges = (said["cloudsplaining"], said["parliament"])
    found = [finding for judge in judges for findings in judge.values() for finding in findings]
    assert [known for known in KNOWN if not any(finding.startswith(known) for finding in found)] == []


def test_a_broad_policy_is_found_by_both(said):
    assert any("allows_privilege_escalation" in finding for finding in said["cloudsplaining"]["broad"])
    assert any(finding.startswith("UNKNOWN_ACTION") for finding in said["parliament"]["broad"])


def test_every_action_of_the_table_is_one_that_an_example_needs():
    statements = [one for text in POLICIES.values() for one in json.loads(text)["Statement"]]
    needed = {action for one in statements if "*" in one.get("Resource", ()) for action in one["Action"]}
    assert set(UNSCOPED) <= needed


def test_every_action_that_is_allowed_on_everything_has_no_resource_level(said):
    assert said["unscoped"] == [*UNSCOPED]
