"""A function whose newest code no version has gets one; one that has it, or is about to change, is left alone."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.engines.plan import Change, PlanSummary
from infra.operations.publishing import publish, unpublished
from tests.infra.conftest import function, realtime

NEWEST = {"Version": "$LATEST", "CodeSha256": "new", "MemorySize": 1024}
OLD = {**NEWEST, "Version": "1", "CodeSha256": "old"}
NOTHING = PlanSummary((), 0, 0, 0, empty=True)
FUNCTION = Change("aws_lambda_function.rank-small", "aws_lambda_function", "rank-small", "update", None)


class Lambda:
    """One function and its versions, on two pages; None where there is no function."""

    def __init__(self, versions: list[dict[str, Any]] | None) -> None:
        self.versions, self.made = versions, []

    def client(self, service: str) -> "Lambda":
        assert service == "lambda"
        return self

    def get_paginator(self, operation: str) -> "Lambda":
        assert operation == "list_versions_by_function"
        return self

    def paginate(self, FunctionName: str) -> list[dict[str, Any]]:
        assert FunctionName == "dev-shop-rank-small"
        if self.versions is None:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "List")
        return [{"Versions": self.versions[:1]}, {"Versions": self.versions[1:]}]

    def get_waiter(self, name: str) -> "Lambda":
        assert name == "function_updated_v2"
        return self

    def wait(self, FunctionName: str) -> None:
        self.made.append(f"waited for {FunctionName}")

    def publish_version(self, FunctionName: str) -> dict[str, str]:
        self.made.append(FunctionName)
        return {"Version": "2"}


@pytest.mark.parametrize(
    "versions, lacking",
    [
        ([NEWEST, OLD], True),
        ([NEWEST, {**NEWEST, "Version": "1", "MemorySize": 512}], True),
        ([NEWEST, {**OLD, "Version": "9"}, {**NEWEST, "Version": "10"}], False),
        ([NEWEST, {**NEWEST, "Version": "1", "RevisionId": "another"}], False),
        (
            [NEWEST, {**NEWEST, "Version": "1", "VpcConfig": {"SubnetIds": ["a"], "SecurityGroupIds": []}}],
            True,
        ),
        ([NEWEST, {**NEWEST, "Version": "1", "VpcConfig": {"SubnetIds": [], "VpcId": ""}}], False),
        ([NEWEST], False),
        (None, False),
    ],
    ids=[
        "other code",
        "other settings",
        "the tenth has it",
        "no part of a version",
        "another network",
        "no network either way",
        "no version",
        "not there",
    ],
)
def test_a_function_lacks_a_version_where_none_has_what_it_is(make_stack, versions, lacking):
    said: list[str] = []
    found = unpublished(make_stack(realtime(), function()), NOTHING, Lambda(versions), said.append)
    assert found == (["dev-shop-rank-small"] if lacking else [])
    assert len(said) == len(found)


def test_one_that_is_about_to_change_gets_its_version_with_that(make_stack):
    plan = PlanSummary((FUNCTION,), 0, 1, 0, empty=False)
    said: list[str] = []
    assert unpublished(make_stack(realtime(), function()), plan, Lambda([NEWEST, OLD]), said.append) == []
    assert said == []


def test_a_version_is_made_and_told():
    account, said = Lambda([NEWEST, OLD]), []
    publish(["dev-shop-rank-small"], account, said.append)
    assert account.made == ["waited for dev-shop-rank-small", "dev-shop-rank-small"]
    assert said == ["dev-shop-rank-small: version 2 is made of what it is"]
