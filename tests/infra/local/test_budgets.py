"""AWS Budgets as the provider and people use it: notifications with their addresses, updates, and tags that stay."""

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.conftest import new_name

ACCOUNT = "123456789012"
NOTICE = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
PERCENT = {**NOTICE, "ThresholdType": "PERCENTAGE"}
TO = [{"SubscriptionType": "EMAIL", "Address": "costs@example.com"}]


@pytest.fixture
def budgets(client):
    return client("budgets")


@pytest.fixture
def budget(budgets) -> str:
    """A budget of 300 USD with a notification and a tag."""
    name = new_name("budget")
    budgets.create_budget(
        AccountId=ACCOUNT,
        Budget=described(name, "300"),
        NotificationsWithSubscribers=[{"Notification": PERCENT, "Subscribers": TO}],
        ResourceTags=[{"Key": "modelyard:stack", "Value": "triage"}],
    )
    return name


def described(name: str, amount: str) -> dict:
    limit = {"Amount": amount, "Unit": "USD"}
    return {"BudgetName": name, "BudgetLimit": limit, "TimeUnit": "MONTHLY", "BudgetType": "COST"}


def arn(name: str) -> str:
    return f"arn:aws:budgets::{ACCOUNT}:budget/{name}"


def tags(budgets, name: str) -> dict[str, str]:
    found = budgets.list_tags_for_resource(ResourceARN=arn(name))["ResourceTags"]
    return {one["Key"]: one["Value"] for one in found}


def code(call, **given) -> str:
    with pytest.raises(ClientError) as error:
        call(**given)
    return error.value.response["Error"]["Code"]


def test_who_is_told_is_found_with_or_without_what_has_a_default(budgets, budget):
    for notice in (NOTICE, PERCENT):
        found = budgets.describe_subscribers_for_notification(
            AccountId=ACCOUNT, BudgetName=budget, Notification=notice
        )
        assert found["Subscribers"] == TO
    found = budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName=budget)
    assert found["Notifications"] == [PERCENT]


def test_an_update_changes_the_limit_and_keeps_notifications_and_tags(budgets, budget):
    before = budgets.describe_budget(AccountId=ACCOUNT, BudgetName=budget)["Budget"]
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=described(budget, "500"))
    after = budgets.describe_budget(AccountId=ACCOUNT, BudgetName=budget)["Budget"]
    assert (before["BudgetLimit"]["Amount"], after["BudgetLimit"]["Amount"]) == ("300", "500")
    assert after["TimePeriod"] == before["TimePeriod"]
    assert tags(budgets, budget) == {"modelyard:stack": "triage"}
    found = budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName=budget)
    assert len(found["Notifications"]) == 1


def test_tags_are_added_and_taken_away(budgets, budget):
    budgets.tag_resource(ResourceARN=arn(budget), ResourceTags=[{"Key": "team", "Value": "ml"}])
    budgets.untag_resource(ResourceARN=arn(budget), ResourceTagKeys=["modelyard:stack"])
    assert tags(budgets, budget) == {"team": "ml"}


def test_a_notification_is_replaced(budgets, budget):
    budgets.delete_notification(AccountId=ACCOUNT, BudgetName=budget, Notification=PERCENT)
    later = {**PERCENT, "Threshold": 100.0}
    budgets.create_notification(AccountId=ACCOUNT, BudgetName=budget, Notification=later, Subscribers=TO)
    again = {"AccountId": ACCOUNT, "BudgetName": budget, "Notification": later, "Subscribers": TO}
    assert code(budgets.create_notification, **again) == "DuplicateRecordException"
    gone = {"AccountId": ACCOUNT, "BudgetName": budget, "Notification": PERCENT}
    assert code(budgets.describe_subscribers_for_notification, **gone) == "NotFoundException"
    assert code(budgets.delete_notification, **gone) == "NotFoundException"


def test_what_is_not_there_or_cannot_be_is_refused(budgets):
    nobody = {"AccountId": ACCOUNT, "BudgetName": "none"}
    assert code(budgets.describe_notifications_for_budget, **nobody) == "NotFoundException"
    assert code(budgets.list_tags_for_resource, ResourceARN=arn("none")) == "NotFoundException"
    update = {"AccountId": ACCOUNT, "NewBudget": described("none", "1")}
    assert code(budgets.update_budget, **update) == "NotFoundException"
    wrong = {"AccountId": ACCOUNT, "Budget": {**described("a:b", "1"), "BudgetType": "MONEY"}}
    assert code(budgets.create_budget, **wrong) == "InvalidParameterException"


def test_a_budget_that_is_made_again_has_none_of_the_old_tags(budgets, budget):
    budgets.delete_budget(AccountId=ACCOUNT, BudgetName=budget)
    budgets.create_budget(AccountId=ACCOUNT, Budget=described(budget, "1"))
    assert tags(budgets, budget) == {}
