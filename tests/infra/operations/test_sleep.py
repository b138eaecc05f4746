"""Sleep and wake without Terraform: what is refused before it, what is remembered, and what is said."""

import datetime
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.blueprint import Blueprint, blueprint
from infra.engines.plan import Change, PlanSummary
from infra.errors import Misuse
from infra.ledger import Ledger, records
from infra.operations import invoke, sleep, sleepers, verify
from infra.operations.artifacts import KeptArtifact
from infra.operations.status import ASLEEP, MISSING, Live, _rested
from tests.infra.conftest import asynchronous, function, realtime, serverless

BUCKET = "modelyard-dev-111122223333-us-east-1"
NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)
KEYS = {"rank": "models/tiny/1/model.tar.gz", "rank-small": "models/tiny/2/function.zip"}


@pytest.fixture
def stack(make_stack):
    return make_stack(realtime(), function())


@pytest.fixture
def connection(environment, stack):
    """The bucket of an environment in which the stack is deployed."""
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any")
        s3.create_bucket(Bucket=BUCKET)
        ledger = Ledger(s3, BUCKET)
        ledger.write("shop", records(stack, KEYS))
        yield SimpleNamespace(
            client=lambda _: s3, environment=environment, check_account=lambda: None, ledger=ledger
        )


def test_what_has_nothing_by_the_hour_cannot_sleep(make_stack):
    stack = make_stack(serverless(), function())
    with pytest.raises(Misuse, match=r"^Nothing of rare is billed by the hour"):
        sleep.prepare_sleep(stack, "rare", None, None, print)
    with pytest.raises(
        Misuse, match=r"has no workload 'rank'; write one of rare, rank-small, or none for all"
    ):
        sleep.prepare_wake(stack, "rank", None, None, print)


def test_what_is_not_deployed_cannot_sleep(make_stack, connection):
    more = make_stack(realtime(), realtime("another"))
    with pytest.raises(
        Misuse, match=r"^another of shop is not deployed on dev \(us-east-1\); run: modelyard deploy shop"
    ):
        sleep.prepare_sleep(more, None, connection, None, print)


class Waiting:
    """CloudWatch, which counts two requests in every queue."""

    def get_metric_statistics(self, **request) -> dict:
        assert request["MetricName"] == "ApproximateBacklogSize"
        return {"Datapoints": [{"Timestamp": NOW, "Maximum": 2.0}]}


def test_a_queue_with_requests_in_it_is_not_thrown_away(make_stack, connection):
    stack = make_stack(asynchronous())
    connection.ledger.write("shop", records(stack, {"queue": "models/tiny/1/model.tar.gz"}))
    s3 = connection.client("s3")
    connection.client = lambda service: Waiting() if service == "cloudwatch" else s3
    connection.now = lambda: NOW
    with pytest.raises(
        Misuse, match=r"^queue has 2 requests in its queue, which would be lost; put it to sleep"
    ):
        sleep.prepare_sleep(stack, None, connection, None, print)


def planned(stack, *changes: tuple[str, str]) -> SimpleNamespace:
    made = tuple(Change(address, *address.split("."), action, None) for action, address in changes)
    return SimpleNamespace(stack=stack, plan=PlanSummary(made, 0, 0, 0, not made))


KEPT = {name: KeptArtifact(key) for name, key in KEYS.items()}


def test_only_what_sleeps_may_be_in_its_plan(stack):
    sleep._refuse_other_changes(
        planned(
            stack,
            ("delete", "aws_sagemaker_endpoint.rank"),
            ("delete", "aws_appautoscaling_target.rank"),
            ("create", "aws_appautoscaling_policy.rank-invocations"),
        ),
        KEPT,
    )


@pytest.mark.parametrize(
    "change",
    [
        ("delete", "aws_iam_role.rank"),
        ("create", "aws_sagemaker_model.rank"),
        ("update", "aws_sagemaker_endpoint.rank"),
        ("update", "aws_lambda_function.rank-small"),
    ],
)
def test_what_else_has_changed_is_for_a_deploy(stack, change):
    with pytest.raises(Misuse) as caught:
        sleep._refuse_other_changes(planned(stack, ("delete", "aws_sagemaker_endpoint.rank"), change), KEPT)
    assert str(caught.value) == (
        f"Beside that, shop has changes that are not deployed: {' '.join(change)}; run first: "
        "modelyard deploy shop --env dev"
    )


def test_what_fell_asleep_since_the_plan_is_not_forgotten(stack, connection):
    prepared = SimpleNamespace(stack=stack, connection=connection)
    planned_before = sleep.Change(prepared, KEPT, before=frozenset(), after=frozenset({"rank-small"}))
    connection.ledger.write_asleep("shop", {"rank"})
    with pytest.raises(
        Misuse, match=r"^What sleeps of shop has changed since this was planned.*; run it again\.$"
    ):
        sleep.carry_out(planned_before, print, print)
    assert connection.ledger.asleep("shop") == {"rank"}


def test_a_plan_says_that_the_stack_sleeps_and_leaves_it_so(stack, connection):
    said: list[str] = []
    assert sleepers.told(stack, connection, said.append) == frozenset()
    # What is no longer in the stack's file does not sleep, it goes.
    connection.ledger.write_asleep("shop", {"rank", "long-gone"})
    assert sleepers.told(stack, connection, said.append) == {"rank"}
    assert said == [
        "shop sleeps (rank), and this leaves it asleep; to wake it: modelyard wake shop --env dev"
    ]


def test_what_goes_while_it_sleeps_is_forgotten(make_stack, connection):
    connection.ledger.write_asleep("shop", {"rank", "rank-small"})
    sleepers.forget(make_stack(function()), connection)
    assert connection.ledger.asleep("shop") == {"rank-small"}


def test_another_kind_under_its_name_is_awake(make_stack, connection):
    connection.ledger.write_asleep("shop", {"rank", "rank-small"})
    changed = make_stack(function("rank"), function())
    assert sleepers.of(changed, connection) == {"rank-small"}
    sleepers.forget(changed, connection)
    connection.ledger.write("shop", records(changed, {**KEYS, "rank": "models/tiny/2/function.zip"}))
    assert sleepers.of(changed, connection) == {"rank-small"}


def test_what_sleeps_is_not_asked(connection):
    connection.ledger.write_asleep("shop", {"rank", "rank-small"})
    with pytest.raises(
        Misuse, match=r"^rank of shop sleeps; wake it first: modelyard wake shop rank --env dev$"
    ):
        invoke.find("rank", connection)
    # A function answers, with a cold start.
    assert invoke.find("rank-small", connection).name == "dev-shop-rank-small"


def test_an_endpoint_that_sleeps_is_missing_by_intent(connection):
    record = connection.ledger.of("shop")[0]
    gone = _rested(Live(record, MISSING, None, 0, None), True)
    assert (gone.state, gone.is_there) == (ASLEEP, False)
    assert _rested(Live(record, "Active", None, 0, None), True).state == "Active, asleep"
    assert _rested(Live(record, MISSING, None, 0, None), False).state == MISSING


class SageMaker:
    """Has the endpoint, or has it not."""

    def __init__(self, status: str | None) -> None:
        self.status = status

    def describe_endpoint(self, EndpointName: str) -> dict[str, str]:
        if self.status is None:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        return {"EndpointStatus": self.status, "EndpointConfigName": "any"}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (None, []),
        ("InService", ["Endpoint dev-shop-rank was to sleep, and is there and billed: InService."]),
    ],
)
def test_what_sleeps_is_verified_to_be_gone(make_stack, status, told):
    stack = make_stack(realtime())
    content: Blueprint = blueprint(stack, KEYS, ["rank"])
    account = SimpleNamespace(client=lambda _: SageMaker(status))
    assert verify.findings(stack, content, KEPT, account) == told
