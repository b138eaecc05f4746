import boto3
import pytest
from moto import mock_aws

from infra.ledger import Ledger, records
from tests.infra.conftest import function, multi_model, realtime

BUCKET = "modelyard-dev-111122223333-us-east-1"


@pytest.fixture
def ledger(monkeypatch):
    """A ledger in an empty bucket of an AWS in this process."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield Ledger(client, BUCKET)


def put(ledger: Ledger, *keys: str) -> None:
    for key in keys:
        ledger.client.put_object(Bucket=BUCKET, Key=key, Body=b"x")


def test_what_is_written_is_read_and_what_is_removed_is_gone(ledger, make_stack):
    stack = make_stack(realtime(), function())
    deployed = records(
        stack, {"rank": "models/tiny/1/model.tar.gz", "rank-small": "models/tiny/2/function.zip"}
    )
    ledger.write("shop", deployed)
    assert ledger.deployed() == deployed
    assert [(record.kind, record.name) for record in deployed] == [
        ("RealtimeEndpoint", "dev-shop-rank"),
        ("LambdaEndpoint", "dev-shop-rank-small"),
    ]
    ledger.remove("shop")
    assert ledger.stacks() == []


def test_a_bucket_that_is_not_there_holds_nothing(ledger):
    assert ledger.exists()
    assert not Ledger(ledger.client, "modelyard-none").exists()


def test_only_models_that_no_stack_uses_are_swept_away(ledger, make_stack):
    put(ledger, "models/tiny/0/model.tar.gz", "models/tiny/1/model.tar.gz", "models/other/1/model.tar.gz")
    ledger.write("shop", records(make_stack(realtime()), {"rank": "models/tiny/1/model.tar.gz"}))
    assert ledger.sweep() == 1
    keys = [
        item["Key"] for item in ledger.client.list_objects_v2(Bucket=BUCKET, Prefix="models/")["Contents"]
    ]
    # The version before stays: a roll-back needs it.
    assert keys == ["models/tiny/0/model.tar.gz", "models/tiny/1/model.tar.gz"]


def test_sets_that_no_stack_uses_go_and_earlier_versions_and_members_of_used_ones_stay(ledger, make_stack):
    put(
        ledger,
        "models/tiny/0/model.tar.gz",
        "models/gone/0/model.tar.gz",
        "sets/readers/0/tiny.tar.gz",
        "sets/readers/1/tiny.tar.gz",
        "sets/others/1/tiny.tar.gz",
    )
    stack = make_stack(multi_model("readers"))
    ledger.write("shop", records(stack, {"readers": "sets/readers/1/"}))
    assert ledger.sweep() == 2
    keys = [item["Key"] for item in ledger.client.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert [key for key in keys if not key.startswith("stacks/")] == [
        "models/tiny/0/model.tar.gz",
        "sets/readers/0/tiny.tar.gz",
        "sets/readers/1/tiny.tar.gz",
    ]


def test_a_bill_is_kept_beside_the_stack_and_goes_with_it(ledger, make_stack):
    ledger.write("shop", records(make_stack(realtime()), {"rank": "models/tiny/1/model.tar.gz"}))
    assert ledger.bill("shop") is None
    ledger.write_bill("shop", {"version": 1})
    assert (ledger.bill("shop"), ledger.stacks()) == ({"version": 1}, ["shop"])
    ledger.sweep()
    assert ledger.bill("shop") == {"version": 1}
    ledger.remove("shop")
    assert ledger.bill("shop") is None


def test_what_cannot_be_built_again_is_counted(ledger):
    assert ledger.results() == 0
    put(ledger, "data/inbox/sort/output/1.out", "data/inbox/sort/input/1", "models/tiny/0/model.tar.gz")
    assert ledger.results() == 2


def test_what_sleeps_is_remembered_until_it_is_awake_or_gone(ledger):
    assert ledger.asleep("shop") == frozenset()
    ledger.write_asleep("shop", {"rank", "queue"})
    assert ledger.asleep("shop") == {"rank", "queue"}
    ledger.write_asleep("shop", set())
    assert ledger.asleep("shop") == frozenset()
    ledger.write_asleep("shop", {"rank"})
    ledger.remove("shop")
    assert ledger.asleep("shop") == frozenset()


def test_a_stack_that_is_not_deployed_has_no_workloads(ledger):
    assert ledger.of("shop") == []
