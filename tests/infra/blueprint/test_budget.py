from decimal import Decimal

import pytest

from infra.blueprint import storage
from infra.blueprint.budget import NOTICES
from tests.infra.blueprint.conftest import only

TOLD = {"monthly_budget_usd": Decimal("1500"), "budget_emails": ("costs@example.com", "cto@example.com")}


def test_an_environment_has_one_budget_that_counts_all_of_its_stacks_and_tells_the_addresses(environment):
    found = only(storage(environment.model_copy(update=TOLD)), "aws_budgets_budget").arguments
    assert (found["name"], found["limit_amount"], found["limit_unit"]) == (
        "modelyard-dev-us-east-1-month",
        "1500",
        "USD",
    )
    assert found["cost_filter"] == [{"name": "TagKeyValue", "values": ["user:modelyard:environment$dev"]}]
    told = [(one["notification_type"], one["threshold"]) for one in found["notification"]]
    assert told == list(NOTICES)
    assert all(
        one["subscriber_email_addresses"] == list(TOLD["budget_emails"]) for one in found["notification"]
    )


@pytest.mark.parametrize("settings", [{}, {"monthly_budget_usd": Decimal("1500")}])
def test_there_is_none_where_there_is_no_budget_or_nobody_to_tell(environment, settings):
    made = storage(environment.model_copy(update=settings))
    assert list(made.of_type("aws_budgets_budget")) == []
