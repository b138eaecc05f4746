"""A second model of another kind: scikit-learn's digits."""

import json
import runpy

import numpy as np
import pytest

from tests.e2e.conftest import CLONE

pytestmark = pytest.mark.e2e

ACCOUNT = "123456789012"


def test_the_stack_is_short():
    assert len((CLONE / "stacks" / "digits.py").read_text().splitlines()) <= 20


def budget(yard, usd: int, *emails: str) -> None:
    """Write the budget of the environment and whom it tells."""
    file = yard.root / "stacks" / "environments" / "local.toml"
    rest = [line for line in file.read_text().splitlines() if "budget" not in line]
    keys = [f"monthly_budget_usd = {usd}", f"budget_emails = {json.dumps(emails)}"]
    file.write_text("\n".join([*keys, *rest]) + "\n")


def told(yard) -> tuple[str, set[str]]:
    """The limit of the environment's budget on AWS, and who is told of it."""
    budgets, named = (
        yard.client("budgets"),
        {"AccountId": ACCOUNT, "BudgetName": "modelyard-local-us-east-1-month"},
    )
    addresses = {
        one["Address"]
        for notice in budgets.describe_notifications_for_budget(**named)["Notifications"]
        for one in budgets.describe_subscribers_for_notification(**named, Notification=notice)["Subscribers"]
    }
    return budgets.describe_budget(**named)["Budget"]["BudgetLimit"]["Amount"], addresses


def test_at_least_95_percent_of_the_held_out_digits_are_read_right(yard):
    budget(yard, 300, "costs@example.com")
    yard.run("deploy", "digits", "--env", "local", "--yes")
    try:
        # The part that the training script keeps apart.
        images, labels = runpy.run_path(str(CLONE / "stacks" / "models" / "digits" / "train.py"))[
            "held_out"
        ]()
        answer = yard.client("sagemaker-runtime").invoke_endpoint(
            EndpointName="local-digits-read",
            ContentType="application/json",
            Body=json.dumps({"images": images.tolist()}),
        )
        read = json.loads(answer["Body"].read())
        assert np.mean([item["digit"] == label for item, label in zip(read, labels, strict=True)]) >= 0.95
        assert told(yard) == ("300", {"costs@example.com"})
        assert "plan: no changes" in yard.run("plan", "digits", "--env", "local").stdout
        budget(yard, 83, "costs@example.com", "cto@example.com")
        refused = yard.run("deploy", "digits", "--env", "local", "--yes", code=2)
        assert "would cost 83.95 USD a month, and monthly_budget_usd is 83; make it smaller" in refused.stderr
        deployed = yard.run("deploy", "digits", "--env", "local", "--yes", "--over-budget")
        assert "plan: no changes" in deployed.stdout
        assert told(yard) == ("83", {"costs@example.com", "cto@example.com"})
        assert "plan: no changes" in yard.run("plan", "digits", "--env", "local").stdout
    finally:
        yard.run("destroy", "digits", "--env", "local", "--yes")
    assert yard.census() == []
