"""The function on a schedule that puts to sleep what nobody uses: told first, then done, undone by `wake`, and gone."""

import json
import time

import pytest

from tests.e2e.conftest import REGION

pytestmark = [pytest.mark.e2e, pytest.mark.drill, pytest.mark.timeout(900)]

STACK = """
from infra import Alarms, AsyncEndpoint, LambdaEndpoint, RealtimeEndpoint, Stack, TargetTracking
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")


def stack(env):
    busy = TargetTracking(min_capacity=1, max_capacity=2, invocations_per_instance=100)
    waiting = TargetTracking(min_capacity=0, max_capacity=2, backlog_per_instance=5)
    return Stack("desk", env, [
        RealtimeEndpoint("read", model=digits, instance_type=env["instance"], autoscaling=busy,
                         alarms=Alarms(p99_latency_ms=500)),
        RealtimeEndpoint("held", model=digits, instance_type=env["instance"]),
        AsyncEndpoint("later", model=digits, instance_type=env["instance"], autoscaling=waiting),
        LambdaEndpoint("ready", model=digits, provisioned_concurrency=1, url=None),
    ])
"""
DESK = ("desk", "--env", "local")
BUCKET = f"modelyard-local-123456789012-{REGION}"
IDLE = ("idle", "--env", "local", "--hours", "0.0001", "--grace-hours", "0")
MINUTE_SECONDS = 65
"""The deploy asked each its sample: until CloudWatch's minute of that is over, they are in use."""
EVERY = ("--schedule", "rate(30 days)")


@pytest.fixture(scope="module")
def desk(yard):
    """The stack, deployed, of which one endpoint is to be kept; taken down by a test, or here where that failed."""
    (yard.root / "stacks" / "desk.py").write_text(STACK)
    yard.run("deploy", *DESK, "--yes")
    sagemaker = yard.client("sagemaker")
    arn = sagemaker.describe_endpoint(EndpointName="local-desk-held")["EndpointArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "modelyard:keep", "Value": "true"}])
    time.sleep(MINUTE_SECONDS)
    try:
        yield yard
    finally:
        yard.run("destroy", *DESK, "--yes")


def go_round(desk) -> dict:
    """One round, begun by hand; what it returned, which must be what it wrote."""
    answer = desk.client("lambda").invoke(FunctionName="local-idle", Payload=b"{}")
    did = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, did
    s3 = desk.client("s3")
    logs = s3.list_objects_v2(Bucket=BUCKET, Prefix="idle/log/")["Contents"]
    newest = max(logs, key=lambda one: one["LastModified"])["Key"]
    written = [json.loads(s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()) for one in logs]
    assert did in written, newest
    return did


def outcomes(did: dict) -> dict[str, str]:
    return {one["workload"]: one["outcome"] for one in did["workloads"]}


def there(desk) -> set[str]:
    """What is there that AWS bills by the hour, or that belongs to it."""
    ready = desk.client("lambda").list_provisioned_concurrency_configs(FunctionName="local-desk-ready")
    scaling = desk.client("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    return {
        *(one["EndpointName"] for one in desk.client("sagemaker").list_endpoints()["Endpoints"]),
        *(one["AlarmName"] for one in desk.client("cloudwatch").describe_alarms()["MetricAlarms"]),
        *(one["FunctionArn"] for one in ready["ProvisionedConcurrencyConfigs"]),
        *(one["ResourceId"] for one in targets),
        *(one["PolicyName"] for one in policies),
    }


# They share one deployment, and run in this order.
def test_a_dry_run_tells_and_changes_nothing(desk):
    made = desk.run(*IDLE, *EVERY, "--yes")
    assert "local: rate(30 days) only tells (dry run) what is not used for 0.0001 h, at most 5" in made.stderr
    before = there(desk)
    did = go_round(desk)
    assert did["armed"] is False
    assert outcomes(did) == {
        "read": "would be put to sleep",
        "held": "kept",
        "later": "would be put to sleep",
        "ready": "would be put to sleep",
    }
    assert there(desk) == before
    assert "plan: no changes" in desk.run("plan", *DESK).stdout
    listed = desk.run(*IDLE)
    assert "On a schedule: rate(30 days) only tells (dry run)" in listed.stderr


def test_armed_it_puts_to_sleep_no_more_than_it_may_and_nothing_that_is_kept(desk):
    changed = desk.run(*IDLE, *EVERY, "--armed", "--max", "2", "--yes")
    assert "0 to add, 2 to change, 0 to destroy" in changed.stdout
    schedule = json.loads(desk.run(*IDLE, "--json").stdout)["schedule"]
    assert schedule == {
        "expression": "rate(30 days)",
        "hours": 0.0001,
        "grace_hours": 0.0,
        "max": 2,
        "armed": True,
        "problem": None,
    }
    first = outcomes(go_round(desk))
    assert sorted(first.values()) == ["kept", "left", "put to sleep", "put to sleep"]
    second = outcomes(go_round(desk))
    assert sorted(second.values()) == ["asleep", "asleep", "kept", "put to sleep"]
    assert there(desk) == {"local-desk-held"}


def test_the_plan_says_that_it_sleeps_and_has_no_changes(desk):
    planned = desk.run("plan", *DESK)
    assert "plan: no changes" in planned.stdout, planned.stdout
    assert "desk sleeps (later, read, ready), and this leaves it asleep" in planned.stderr
    assert "plan: no changes" in desk.run("deploy", *DESK, "--yes").stdout
    assert "Nothing was changed by hand." in desk.run("status", *DESK[1:], "--drift").stdout
    states = {
        one["workload"]: one["state"] for one in json.loads(desk.run("status", *DESK[1:], "--json").stdout)
    }
    assert states == {
        "read": "asleep",
        "held": "InService",
        "later": "asleep",
        "ready": "Active, asleep",
    }


def test_wake_brings_it_back_and_the_plan_is_empty(desk):
    before_it_slept = 9
    desk.run("wake", *DESK, "--yes")
    assert len(there(desk)) >= before_it_slept
    planned = desk.run("plan", *DESK)
    assert "plan: no changes" in planned.stdout and "sleeps" not in planned.stderr
    image = json.dumps({"images": [[0.0] * 64]})
    assert json.loads(desk.run("invoke", "read", "--env", "local", "--json", image).stdout)


def test_it_is_taken_off_again_and_leaves_nothing(desk):
    census = desk.census()
    assert [line for line in census if "local-idle" in line]
    removed = desk.run("idle", "--env", "local", "--unschedule", "--yes")
    assert "Nothing is on a schedule on local" in removed.stderr
    assert [line for line in desk.census() if "local-idle" in line] == []
    keys = desk.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="idle/")["Contents"]
    assert {one["Key"].rpartition("/")[0] for one in keys} == {"idle/log"}
    assert json.loads(desk.run(*IDLE, "--json").stdout)["schedule"] is None


def test_with_the_last_stack_it_goes_too(desk):
    desk.run(*IDLE, *EVERY, "--yes")
    gone = desk.run("destroy", *DESK, "--yes")
    assert "removing the schedule of idle" in gone.stderr
    assert desk.census() == []
