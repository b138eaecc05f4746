"""A stack that one engine made is not made again by the other."""

import io
import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from infra.engines.plan import Change, PlanSummary
from infra.engines.pulumi.workspace import PULUMI
from infra.engines.terraform.workspace import TERRAFORM
from infra.errors import Misuse
from infra.ledger import records
from infra.operations import crossing
from tests.infra.conftest import realtime


class Bucket:
    """S3 with the record of one stack; what is written before there were engines names none."""

    def __init__(self, rows, bill) -> None:
        self.rows, self.bill = rows, bill

    def head_bucket(self, Bucket):
        return {}

    def get_paginator(self, _name):
        return SimpleNamespace(paginate=lambda **_: [{"Contents": [{"Key": "stacks/shop.json"}]}])

    def get_object(self, Bucket, Key):
        if Key.startswith("bills/") and not self.bill:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(json.dumps(self.rows).encode())}


def connected(environment, rows, bill=True):
    return SimpleNamespace(environment=environment, client=lambda service: Bucket(rows, bill))


def planned(action: str, type: str = "aws_sns_topic") -> PlanSummary:
    change = Change(f"{type}.a", type, "a", action, None)
    return PlanSummary((change,), add=1, change=0, destroy=0, empty=False)


@pytest.fixture
def stack(make_stack):
    return make_stack(realtime())


def rows(stack, engine: str | None):
    return [vars(one) for one in records(stack, {"rank": "models/tiny/1/model.tar.gz"}, engine)]


def test_what_terraform_made_pulumi_does_not_make_again(stack, environment):
    of_terraform = connected(environment, rows(stack, "terraform"))
    with pytest.raises(
        Misuse, match="shop was deployed with --engine terraform, and Pulumi would make it a second time"
    ):
        crossing.refuse(stack, planned("create"), PULUMI, of_terraform)
    crossing.refuse(stack, planned("create"), TERRAFORM, of_terraform)


def test_a_record_that_names_no_engine_is_terraform_s_where_it_was_deployed(stack, environment):
    old = [{key: value for key, value in row.items() if key != "engine"} for row in rows(stack, "terraform")]
    with pytest.raises(Misuse, match="--engine terraform"):
        crossing.refuse(stack, planned("create"), PULUMI, connected(environment, old))


def test_what_was_only_uploaded_is_nobody_s(stack, environment):
    uploaded = connected(environment, rows(stack, None), bill=False)
    crossing.refuse(stack, planned("create"), PULUMI, uploaded)


def test_what_pulumi_made_terraform_does_not_make_again(stack, environment):
    with pytest.raises(Misuse, match="--engine pulumi, and Terraform would"):
        crossing.refuse(stack, planned("create"), TERRAFORM, connected(environment, rows(stack, "pulumi")))


@pytest.mark.parametrize("action", ["import", "update", "delete"])
def test_what_is_taken_over_or_known_already_may_go_on(stack, environment, action):
    crossing.refuse(stack, planned(action), PULUMI, connected(environment, rows(stack, "terraform")))


def test_what_no_engine_can_import_is_made_anew(stack, environment):
    timetable = planned("create", "aws_appautoscaling_scheduled_action")
    crossing.refuse(stack, timetable, PULUMI, connected(environment, rows(stack, "terraform")))
