"""A stack whose callers still hold its policies is not half destroyed."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.engines.plan import Change, PlanSummary
from infra.errors import Misuse
from infra.operations import holders
from tests.infra.conftest import function


def plan(*actions: str) -> PlanSummary:
    """A plan that does so to the policy of the workload `rank`, and deletes its role."""
    role = Change("aws_iam_role.rank", "aws_iam_role", "rank", "delete", None)
    policies = [
        Change("aws_iam_policy.rank-invoke", "aws_iam_policy", "rank-invoke", one, None) for one in actions
    ]
    return PlanSummary((role, *policies), add=0, change=0, destroy=2, empty=False)


RANK = "arn:aws:iam::111122223333:policy/dev-shop-rank-invoke-us-east-1"


class Iam:
    """Policies by ARN with the pages of who holds each, or the code of an error."""

    def __init__(self, environment, **pages: Any) -> None:
        self.environment, self.pages = environment, pages

    def client(self, _service: str) -> "Iam":
        return self

    def get_paginator(self, _operation: str) -> "Iam":
        return self

    def paginate(self, PolicyArn: str):
        found = self.pages.get(PolicyArn, "NoSuchEntity")
        if isinstance(found, str):
            raise ClientError({"Error": {"Code": found, "Message": ""}}, "ListEntitiesForPolicy")
        return found


@pytest.mark.parametrize("action", ["delete", "replace"])
def test_who_holds_a_policy_is_named(make_stack, environment, action):
    """Also of a workload that the stack has no longer."""
    pages = [{"PolicyRoles": [{"RoleName": "shop-web"}]}, {"PolicyUsers": [{"UserName": "ann"}]}]
    with pytest.raises(Misuse) as error:
        holders.refuse(make_stack(function()), plan(action), Iam(environment, **{RANK: pages}))
    assert str(error.value) == (
        "dev-shop-rank-invoke-us-east-1 is attached to role shop-web, user ann, and AWS deletes no policy that is "
        "attached: detach it there, then run it again."
    )


@pytest.mark.parametrize("answer", [[{"PolicyRoles": []}], "NoSuchEntity", "AccessDenied"])
def test_nobody_holds_it_or_nobody_may_look(make_stack, environment, answer):
    holders.refuse(make_stack(function()), plan("delete"), Iam(environment, **{RANK: answer}))


def test_any_other_answer_is_told(make_stack, environment):
    with pytest.raises(ClientError, match="Throttling"):
        holders.refuse(make_stack(function()), plan("delete"), Iam(environment, **{RANK: "Throttling"}))


def test_a_policy_that_stays_may_be_attached(make_stack, environment):
    held = Iam(environment, **{RANK: [{"PolicyUsers": [{"UserName": "ann"}]}]})
    holders.refuse(make_stack(function()), plan("update", "create"), held)
