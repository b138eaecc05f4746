"""Ten endpoints on the embedded AWS, a week of made-up use, and what is found idle; a real request saves its endpoint."""

import datetime
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from infra.connection import Connection
from infra.environment import Environment
from infra.ledger import Deployed
from infra.operations import activity, status
from infra.operations.idle import KEEP, History, IdleRule, judge
from infra.operations.removal import REMOVED, SAVED, World, remove
from tests.infra.local.conftest import REGION, make_role, packed_tar, until

HOUR = 3600
RULE = IdleRule(hours=48, grace_hours=24)
WEEK = datetime.timedelta(days=7)
USED_HOURS_AGO = {
    "never": None,
    "five-days": 120,
    "just-over": 50,
    "yesterday": 24,
    "an-hour": 1,
    "kept": None,
    "kept-no-more": None,
    "waited": None,
}
NEW = ("new", "changed")
IDLE = {"never", "five-days", "just-over", "kept-no-more", "waited"}


@dataclass(frozen=True)
class Yard:
    """The endpoints, as stacks of one each, and the connection to where they are."""

    connection: Connection
    by_hand: object

    @property
    def records(self) -> list[Deployed]:
        return [
            Deployed(name, "one", "RealtimeEndpoint", f"idle-{name}", "any", "ml.m5.large")
            for name in (*USED_HOURS_AGO, *NEW)
        ]

    def look(self, record: Deployed) -> History | None:
        return activity.history(record, self.connection, self.connection.now(), WEEK)

    def ask(self, name: str) -> None:
        self.by_hand.client("sagemaker-runtime").invoke_endpoint(EndpointName=f"idle-{name}", Body=b"x")

    def verdicts(self):
        return judge(
            [found for one in self.records if (found := self.look(one))], RULE, self.connection.now()
        )


@pytest.fixture(scope="module")
def yard(by_hand) -> Iterator[Yard]:
    sagemaker, clock = by_hand.client("sagemaker"), by_hand.clock
    role = make_role(by_hand.client("iam"), "idle", "sagemaker.amazonaws.com")
    by_hand.client("s3").create_bucket(Bucket="idle")
    by_hand.client("s3").put_object(Bucket="idle", Key="model.tar.gz", Body=packed_tar({"w": b"1"}))
    container = {"Image": "i", "ModelDataUrl": "s3://idle/model.tar.gz"}
    sagemaker.create_model(ModelName="idle", ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "AllTraffic", "ModelName": "idle", "InstanceType": "ml.m5.large"}
    variants = [{**variant, "InitialInstanceCount": 1}]
    sagemaker.create_endpoint_config(EndpointConfigName="idle-1", ProductionVariants=variants)

    def create(*names: str) -> None:
        for name in names:
            sagemaker.create_endpoint(EndpointName=f"idle-{name}", EndpointConfigName="idle-1")
        for name in names:
            until(lambda name=name: state(name) == "InService")

    def state(name: str) -> str:
        return sagemaker.describe_endpoint(EndpointName=f"idle-{name}")["EndpointStatus"]

    create(*USED_HOURS_AGO, "changed")
    variables = {
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_ENDPOINT_URL": by_hand.server.endpoint_url,
    }
    environment = Environment(name="local", region=REGION, account_id="123456789012", embedded_aws=True)
    made = Yard(Connection(environment, variables), by_hand)
    passed = 0
    for name, ago in sorted(USED_HOURS_AGO.items(), key=lambda one: -(one[1] or 1000)):
        if ago is not None:
            clock.jump((168 - ago - passed) * HOUR)
            passed = 168 - ago
            made.ask(name)
    create("new")
    sagemaker.create_endpoint_config(EndpointConfigName="idle-2", ProductionVariants=variants)
    sagemaker.update_endpoint(EndpointName="idle-changed", EndpointConfigName="idle-2")
    until(lambda: state("changed") == "InService")
    clock.jump((168 - passed) * HOUR)
    for name, value in (("kept", ""), ("kept-no-more", "false")):
        arn = sagemaker.describe_endpoint(EndpointName=f"idle-{name}")["EndpointArn"]
        sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": KEEP, "Value": value}])
    yield made
    for one in sagemaker.list_endpoints(NameContains="idle-")["Endpoints"]:
        sagemaker.delete_endpoint(EndpointName=one["EndpointName"])
    until(lambda: not sagemaker.list_endpoints(NameContains="idle-")["Endpoints"])


# They share the endpoints, and run in this order.
def test_of_ten_endpoints_exactly_the_right_ones_are_idle(yard):
    verdicts = {one.history.deployed.stack: one for one in yard.verdicts()}
    assert len(verdicts) == 10
    assert {name for name, one in verdicts.items() if one.is_idle} == IDLE
    assert verdicts["five-days"].idle_hours == pytest.approx(120, abs=0.3)
    assert verdicts["yesterday"].kept.startswith("it was used 2")
    assert verdicts["kept"].kept == f"it is tagged {KEEP}"
    assert verdicts["changed"].kept.startswith("it was made or changed ")


def test_the_last_use_and_the_cost_are_those_of_its_time(yard):
    now = yard.connection.now()
    (record,) = [one for one in yard.records if one.stack == "five-days"]
    live = status.more(status.READERS[record.kind](record, yard.connection, now), yard.connection, now)
    assert live.last_used is not None
    assert (now - live.last_used).total_seconds() / HOUR == pytest.approx(120, abs=0.3)
    assert live.usd_this_month is not None and live.usd_this_month > 0


@dataclass
class TearDown:
    """Takes the endpoint away; before it does, a request may come."""

    yard: Yard
    stack: str

    def refusal(self) -> str:
        return ""

    def carry_out(self) -> None:
        sagemaker = self.yard.by_hand.client("sagemaker")
        sagemaker.delete_endpoint(EndpointName=f"idle-{self.stack}")


def test_a_request_while_the_removal_is_planned_saves_its_endpoint(yard):
    asked = set(random.Random(6).sample(sorted(IDLE), 2))

    def prepare(stack: str) -> TearDown:
        if stack in asked:
            yard.ask(stack)
        yard.by_hand.clock.jump(8)
        return TearDown(yard, stack)

    world = World(yard.connection.now, yard.look, prepare)
    outcomes = {one.stack: one.outcome for one in remove(yard.verdicts(), {}, RULE, 9, world)}
    assert outcomes == {name: SAVED if name in asked else REMOVED for name in IDLE}
    left = {one.history.deployed.stack for one in yard.verdicts()}
    assert left == {*USED_HOURS_AGO, *NEW} - (IDLE - asked)
