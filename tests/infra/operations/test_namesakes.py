"""Two stacks never share a name on AWS."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.errors import Misuse
from infra.ledger import records
from infra.operations import namesakes
from tests.infra.conftest import function


class S3:
    """The environment's bucket with the records of its stacks; None is no bucket."""

    def __init__(self, environment, stacks: dict[str, Any] | None) -> None:
        self.environment, self.stacks = environment, stacks

    def client(self, _service: str) -> "S3":
        return self

    def head_bucket(self, Bucket: str) -> None:
        if self.stacks is None:
            raise ClientError(
                {"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}, "HeadBucket"
            )

    def get_paginator(self, _operation: str) -> "S3":
        return self

    def paginate(self, Bucket: str, Prefix: str):
        return [{"Contents": [{"Key": f"{Prefix}{name}.json"} for name in self.stacks or ()]}]

    def get_object(self, Bucket: str, Key: str):
        name = Key.split("/")[1].removesuffix(".json")
        found = records(self.stacks[name], {one.name: "any" for one in self.stacks[name].workloads})
        return {"Body": io.BytesIO(json.dumps([vars(one) for one in found]).encode())}


@pytest.fixture
def deployed(make_stack, environment):
    """An environment where the stack `shop` has the function `web-rank`."""
    return S3(environment, {"shop": make_stack(function("web-rank"))})


def test_a_name_that_another_stack_has_is_refused(make_stack, deployed):
    with pytest.raises(Misuse) as error:
        namesakes.refuse(make_stack(function("rank"), function("other"), name="shop-web"), deployed)
    assert str(error.value) == (
        "rank: its name on AWS would be dev-shop-web-rank, which web-rank of stack shop has; rename it, or the stack."
    )


def test_the_stack_itself_and_others_are_deployed_again(make_stack, deployed, environment):
    namesakes.refuse(make_stack(function("web-rank")), deployed)
    namesakes.refuse(make_stack(function("rank"), name="web"), deployed)
    namesakes.refuse(make_stack(function("rank"), name="shop-web"), S3(environment, None))
