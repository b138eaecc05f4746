"""AWS Budgets: what moto lacks of what the provider asks for, and tags that are kept.

Nothing costs anything here, so that no budget is ever reached, and nobody is told anything.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from moto.budgets.models import Budget
from moto.budgets.responses import BudgetsResponse

from infra.local.overlay import constraints
from infra.local.overlay.faults import Fault

moto_create_budget = BudgetsResponse.create_budget
moto_create_notification = BudgetsResponse.create_notification
moto_delete_notification = BudgetsResponse.delete_notification

_ARN = "arn:{partition}:budgets::{account}:budget/{name}"
_KEPT = "_modelyard_tags"
"""Where moto's budget keeps its tags: as an attribute, which no answer of moto shows."""


def create_budget(self: BudgetsResponse) -> str:
    _check(self, "CreateBudget")
    answer: str = moto_create_budget(self)
    budget = _named(self, self._get_param("Budget")["BudgetName"])
    setattr(budget, _KEPT, _tags(self._get_param("ResourceTags") or []))
    return answer


def update_budget(self: BudgetsResponse) -> str:
    """The new budget takes the place of the old; notifications, time and tags stay."""
    _check(self, "UpdateBudget")
    new = self._get_param("NewBudget")
    budget = _named(self, new["BudgetName"])
    kept = {name: budget.budget[name] for name in ("TimePeriod",) if name not in new}
    if not {"BudgetLimit", "PlannedBudgetLimits", "AutoAdjustData"} & new.keys():
        raise Fault(400, "InvalidParameterException", "A budget needs a limit.")
    budget.budget = {**kept, **new, "LastUpdatedTime": budget.budget["LastUpdatedTime"]}
    return "{}"


def create_notification(self: BudgetsResponse) -> str:
    _check(self, "CreateNotification")
    budget = _named(self, self._get_param("BudgetName"))
    if self._get_param("Notification") in list(budget.get_notifications()):
        raise Fault(400, "DuplicateRecordException", "The notification already exists.")
    answer: str = moto_create_notification(self)
    return answer


def delete_notification(self: BudgetsResponse) -> str:
    _subscribers(self)
    answer: str = moto_delete_notification(self)
    return answer


def describe_notifications_for_budget(self: BudgetsResponse) -> str:
    found = _named(self, self._get_param("BudgetName")).get_notifications()
    return json.dumps({"Notifications": list(found)})


def describe_subscribers_for_notification(self: BudgetsResponse) -> str:
    return json.dumps({"Subscribers": list(_subscribers(self))})


def list_tags_for_resource(self: BudgetsResponse) -> str:
    tags = getattr(_of_arn(self), _KEPT)
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]})


def tag_resource(self: BudgetsResponse) -> str:
    _check(self, "TagResource")
    getattr(_of_arn(self), _KEPT).update(_tags(self._get_param("ResourceTags")))
    return "{}"


def untag_resource(self: BudgetsResponse) -> str:
    _check(self, "UntagResource")
    tags = getattr(_of_arn(self), _KEPT)
    for key in self._get_param("ResourceTagKeys"):
        tags.pop(key, None)
    return "{}"


def _check(self: BudgetsResponse, operation: str) -> None:
    findings = constraints.violations("budgets", operation, json.loads(self.body))
    if findings:
        raise Fault(400, "InvalidParameterException", constraints.message(findings))


def _named(self: BudgetsResponse, name: str) -> Budget:
    found: Budget | None = self.backend.budgets[self._get_param("AccountId")].get(name)
    if found is None:
        raise Fault(400, "NotFoundException", f"Unable to get budget: {name} - the budget doesn't exist.")
    return found


def _of_arn(self: BudgetsResponse) -> Budget:
    wanted = self._get_param("ResourceARN")
    for account, budgets in self.backend.budgets.items():
        for name, budget in budgets.items():
            if wanted == _ARN.format(partition=self.partition, account=account, name=name):
                found: Budget = budget
                return found
    raise Fault(400, "NotFoundException", f"There is no budget {wanted}.")


def _subscribers(self: BudgetsResponse) -> Iterator[Mapping[str, Any]]:
    asked = self._get_param("Notification")
    for one in _named(self, self._get_param("BudgetName")).notifications:
        # What has a default may be left out: percent.
        if {"ThresholdType": "PERCENTAGE", **one.details} == {"ThresholdType": "PERCENTAGE", **asked}:
            # moto calls it a dictionary; it is the list that was given.
            return iter(cast(list[Mapping[str, Any]], one.subscribers))
    raise Fault(400, "NotFoundException", "Unable to get the notification - it doesn't exist.")


def _tags(given: list[Mapping[str, str]]) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in given}


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        create_budget,
        update_budget,
        create_notification,
        delete_notification,
        describe_notifications_for_budget,
        describe_subscribers_for_notification,
        list_tags_for_resource,
        tag_resource,
        untag_resource,
    )
}
