"""What one does with a deployed stack: invoke it in every way, put it to sleep and wake it, and take it down asleep."""

import json
import runpy

import pytest

from tests.e2e.conftest import CLONE

pytestmark = pytest.mark.e2e

STACK = """
from infra import Alarms, AsyncEndpoint, FunctionUrl, LambdaEndpoint, RealtimeEndpoint, Stack, TargetTracking
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")


def stack(env):
    busy = TargetTracking(min_capacity=1, max_capacity=2, invocations_per_instance=100)
    waiting = TargetTracking(min_capacity=0, max_capacity=2, backlog_per_instance=5)
    url = FunctionUrl(streaming=True)
    return Stack("desk", env, [
        RealtimeEndpoint("read", model=digits, instance_type=env["instance"], autoscaling=busy,
                         alarms=Alarms(p99_latency_ms=500)),
        AsyncEndpoint("later", model=digits, instance_type=env["instance"], autoscaling=waiting),
        LambdaEndpoint("ready", model=digits, provisioned_concurrency=1, url=url, network=False),
    ])
"""
DESK = ("desk", "--env", "local")


@pytest.fixture(scope="module")
def desk(yard):
    """The stack, deployed; taken down at the end by a test, or here where it failed."""
    (yard.root / "stacks" / "desk.py").write_text(STACK)
    yard.run("deploy", *DESK, "--yes")
    try:
        yield yard
    finally:
        yard.run("destroy", *DESK, "--yes")


@pytest.fixture(scope="module")
def question():
    """One image of a digit that the model has not seen, as a request; and what it shows."""
    images, labels = runpy.run_path(str(CLONE / "stacks" / "models" / "digits" / "train.py"))["held_out"]()
    return json.dumps({"images": images[:3].tolist()}), labels[:3].tolist()


def digits(text: str) -> list[int]:
    """What an answer reads, whole or in lines."""
    lines = [json.loads(line) for line in text.splitlines()]
    return [item["digit"] for item in (lines[0] if isinstance(lines[0], list) else lines)]


def billed(yard) -> list[str]:
    """What is there that AWS bills by the hour."""
    endpoints = yard.client("sagemaker").list_endpoints()["Endpoints"]
    functions = yard.client("lambda")
    name = {"FunctionName": "local-desk-ready"}
    ready = functions.list_provisioned_concurrency_configs(**name)["ProvisionedConcurrencyConfigs"]
    alarms = yard.client("cloudwatch").describe_alarms()["MetricAlarms"]
    targets = yard.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    return [
        *(one["EndpointName"] for one in endpoints),
        *(one["FunctionArn"] for one in ready),
        *(one["AlarmName"] for one in alarms),
        *(one["ResourceId"] for one in targets["ScalableTargets"]),
    ]


# They share one deployment, and run in this order.
@pytest.mark.parametrize(
    "words", [("read",), ("read", "--stream"), ("later", "--async"), ("ready",), ("ready", "--stream")]
)
def test_each_is_invoked_as_it_can_be(desk, question, words):
    request, labels = question
    name, *options = words
    result = desk.run("invoke", name, "--env", "local", "--json", request, *options)
    assert digits(result.stdout) == labels
    assert f"local-desk-{name}: " in result.stderr
    assert ("3 parts, the first after" in result.stderr) is ("--stream" in options)
    assert ("ms queue and model" in result.stderr) is (name == "later")


def test_a_client_in_python_says_where_the_time_went(desk, question, monkeypatch):
    from infra.operations.invoke import Client

    monkeypatch.chdir(desk.root)
    client = Client.of("local")
    response = client.invoke("read", question[0].encode())
    assert digits(response.body.decode()) == question[1]
    assert (response.retries, list(response.spent_ms)) == (0, ["answering"])
    assert b"".join(client.stream("read", question[0].encode()).parts).count(b"digit") == 3


def test_what_answers_at_once_is_not_asked_with_async(desk):
    refused = desk.run("invoke", "read", "--env", "local", "--json", "{}", "--async", code=2)
    assert "local-desk-read is a RealtimeEndpoint and answers at once; leave --async out" in refused.stderr


def test_asleep_nothing_is_billed_by_the_hour_and_the_plan_says_so(desk, question):
    assert len(billed(desk)) > 5
    slept = desk.run("sleep", *DESK, "--yes")
    # It is what `cost` says of it asleep.
    told = desk.run("cost", *DESK, "--asleep").stdout
    summary = "desk on local: 0.00 USD a month, plus Lambda per request"
    assert summary in slept.stdout and summary in told
    # The function answers, with cold starts, and is watched.
    assert not [name for name in billed(desk) if "ready" not in name]
    assert not [name for name in billed(desk) if name.startswith("arn:")]
    planned = desk.run("plan", *DESK)
    assert "plan: no changes" in planned.stdout and summary in planned.stdout
    assert "desk sleeps (later, read, ready), and this leaves it asleep; to wake it: modelyard wake desk" in (
        planned.stderr
    )
    assert "plan: no changes" in desk.run("deploy", *DESK, "--yes").stdout
    states = {
        one["workload"]: one["state"] for one in json.loads(desk.run("status", *DESK[1:], "--json").stdout)
    }
    assert states == {"read": "asleep", "later": "asleep", "ready": "Active, asleep"}
    refused = desk.run("invoke", "read", "--env", "local", "--json", question[0], code=2)
    assert "read of desk sleeps; wake it first: modelyard wake desk read --env local" in refused.stderr
    assert digits(desk.run("invoke", "ready", "--env", "local", "--json", question[0]).stdout) == question[1]


def test_one_is_woken_and_answers_and_then_the_others_and_the_plan_is_empty(desk, question):
    woken = desk.run("wake", "desk", "read", "--env", "local", "--yes")
    assert "desk is awake on local" in woken.stderr or "read" in woken.stderr
    assert digits(desk.run("invoke", "read", "--env", "local", "--json", question[0]).stdout) == question[1]
    assert "desk sleeps (later, ready)" in desk.run("plan", *DESK).stderr
    desk.run("wake", *DESK, "--yes")
    planned = desk.run("plan", *DESK)
    assert "plan: no changes" in planned.stdout and "sleeps" not in planned.stderr
    assert len(billed(desk)) > 5


def test_changes_that_are_not_deployed_are_none_of_sleeps_business(desk):
    file = desk.root / "stacks" / "desk.py"
    file.write_text(STACK.replace("max_capacity=2, inv", "max_capacity=3, inv"))
    refused = desk.run("sleep", "desk", "later", "--env", "local", "--yes", code=2)
    assert "desk has changes that are not deployed: update aws_appautoscaling_target.read" in refused.stderr
    file.write_text(STACK)


def test_a_stack_that_sleeps_is_taken_down_whole(desk):
    desk.run("sleep", *DESK, "--yes")
    desk.run("destroy", *DESK, "--yes")
    assert desk.census() == []
