"""What one does with a deployed stack: invoke it, put it to sleep and wake it, see who changed it, and find it idle."""

import json
import runpy

import pytest

from tests.e2e.conftest import CLONE

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

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
BUCKET = "modelyard-local-123456789012-us-east-1"


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
    assert (response.retries, list(response.spent_ms)) == (0, ["preparing", "answering"])
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
    assert "read is awake on local; later, ready still sleep." in woken.stderr
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


def test_what_somebody_did_by_hand_is_shown_and_made_good_by_a_deploy(desk):
    told = desk.run("status", "--env", "local", "--drift")
    assert "Nothing was changed by hand." in told.stdout, told.stdout
    sagemaker, cloudwatch = desk.client("sagemaker"), desk.client("cloudwatch")
    scaling, iam = desk.client("application-autoscaling"), desk.client("iam")
    arn = sagemaker.describe_endpoint(EndpointName="local-desk-read")["EndpointArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "search"}])
    sagemaker.add_tags(
        ResourceArn=arn, Tags=[{"Key": "modelyard:keep", "Value": ""}]
    )  # no drift: ours to set
    cloudwatch.delete_alarms(AlarmNames=["local-desk-read-latency"])
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/local-desk-read/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling.register_scalable_target(**target, MaxCapacity=7)
    role = sagemaker.describe_model(
        ModelName=sagemaker.list_models(NameContains="local-desk-read")["Models"][0]["ModelName"]
    )["ExecutionRoleArn"].rpartition("/")[2]
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    iam.put_role_policy(
        RoleName=role,
        PolicyName=policy,
        PolicyDocument=json.dumps({**document, "Statement": document["Statement"][:1]}),
    )
    found = json.loads(desk.run("status", "--env", "local", "--drift", "--json").stdout)
    assert found["drift"] == {
        "desk": [
            "aws_appautoscaling_target.read: max_capacity is 7, was 2",
            "aws_cloudwatch_metric_alarm.read-latency is gone",
            "aws_iam_role_policy.read: policy is another",
            "aws_sagemaker_endpoint.read: tag team added",
        ]
    }
    desk.run("deploy", *DESK, "--yes")
    assert "Nothing was changed by hand." in desk.run("status", "--env", "local", "--drift").stdout
    tags = sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert "modelyard:keep" in [tag["Key"] for tag in tags]


def have(desk, instances: int) -> None:
    """Set the endpoint's instances by hand."""
    sagemaker = desk.client("sagemaker")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="local-desk-read",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": instances}],
    )
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName="local-desk-read", WaiterConfig={"Delay": 1}
    )


def test_instances_that_somebody_set_are_told(desk):
    for _ in range(3):
        have(desk, 3)
        told = desk.run("status", "--env", "local", "--drift").stdout
        # Once a minute Application Auto Scaling itself looks, and puts them back within bounds.
        if "local-desk-read: its instances are set to 3, and it is to have 1 to 2" in told:
            break
    else:
        pytest.fail(told)
    have(desk, 1)


def test_status_tells_the_last_use_the_p99_and_what_it_has_cost(desk):
    found = {
        one["workload"]: one for one in json.loads(desk.run("status", "--env", "local", "--json").stdout)
    }
    read = found["read"]
    assert read["errors_last_hour"] == 0 and read["p99_ms_last_hour"] > 0
    assert read["last_used"] is not None and float(read["usd_this_month"]) >= 0
    assert found["ready"]["usd_this_month"] is not None


def test_what_is_used_or_kept_is_not_idle(desk):
    found = json.loads(desk.run("idle", "--env", "local", "--hours", "1", "--json").stdout)
    assert found["idle"] == [] and found["environment"] is False
    reasons = {one["workload"]: one["reason"] for one in found["kept"]}
    assert reasons["read"] == "it is tagged modelyard:keep"
    assert reasons["ready"].startswith("it was made or changed ")
    refused = desk.run("idle", "--env", "local", "--hours", "1", "--remove", code=2)
    assert "--remove and --max belong together" in refused.stderr


def test_an_idle_stack_that_sleeps_is_taken_down_whole_but_not_with_its_data(desk):
    desk.run("sleep", *DESK, "--yes")
    idle = ("idle", "--env", "local", "--hours", "0.001", "--grace-hours", "0")
    listed = desk.run(*idle)
    assert "Nothing of desk is used." in listed.stderr and "0.00" in listed.stdout
    kept = json.loads(desk.run(*idle, "--remove", "--max", "1", "--yes", "--json").stdout)
    (outcome,) = kept["outcomes"]
    assert outcome["outcome"] == "left"
    assert (
        "it is the last stack, and with its bucket 2 objects of inputs and answers would go"
        in (outcome["reason"])
    )
    s3 = desk.client("s3")
    for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="data/")["Contents"]:
        s3.delete_object(Bucket=BUCKET, Key=item["Key"])
    gone = desk.run(*idle, "--remove", "--max", "1", "--yes")
    assert "desk is removed: not used for 0.001 h" in gone.stderr
    (written,) = (desk.root / ".modelyard").rglob("removed.jsonl")
    assert [json.loads(line)["outcome"] for line in written.read_text().splitlines()] == ["left", "removed"]
    assert written.stat().st_mode & 0o777 == 0o600
    assert desk.census() == []
