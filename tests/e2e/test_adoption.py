"""A deploy that was cut short goes on: what its state knows nothing of is taken over, whatever the moment."""

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import REGION, Yard
from tests.faults.proxy import Fault, Faults, between, once_each

pytestmark = pytest.mark.e2e

STACK = """
from infra import Alarms, FunctionUrl, LambdaEndpoint, RealtimeEndpoint, Stack, TargetTracking
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")


def stack(env):
    busy = TargetTracking(min_capacity=1, max_capacity=2, invocations_per_instance=100)
    return Stack("cut", env, [
        RealtimeEndpoint("read", model=digits, instance_type=env["instance"], autoscaling=busy,
                         alarms=Alarms(p99_latency_ms=500)),
        LambdaEndpoint("small", model=digits, url=FunctionUrl(), network=False),
    ])
"""
CUT = ("cut", "--env", "local")


@pytest.fixture(scope="module")
def cut(yard):
    """The stack's file, with nothing deployed of it before and after."""
    (yard.root / "stacks" / "cut.py").write_text(STACK)
    yield yard
    yard.run("destroy", *CUT, "--yes")
    assert yard.census() == []


def folder(yard: Yard, stack: str) -> Path:
    """Where Terraform works."""
    return yard.root / ".modelyard" / "local" / "stacks" / "local" / stack


def forget(yard: Yard, stack: str) -> None:
    """The state, as if nothing of it had been saved."""
    for file in folder(yard, stack).glob("terraform.tfstate*"):
        file.unlink()


def births(yard: Yard) -> dict[str, object]:
    """When what serves was made."""
    endpoint = yard.client("sagemaker").describe_endpoint(EndpointName="local-cut-read")
    role = yard.client("iam").get_role(RoleName=f"local-cut-read-role-{REGION}")["Role"]
    return {"endpoint": endpoint["CreationTime"], "role": role["CreateDate"]}


def is_settled(yard: Yard, stack: str) -> None:
    """A further plan has nothing to do."""
    done = yard.run("plan", stack, "--env", "local")
    assert "plan: no changes" in done.stdout, done.stdout + done.stderr


LOST = ("CreateRepository", "CreateRole", "CreateLogGroup", "CreateEndpointConfig", "CreateEndpoint")
"""The first is the environment's, in a state of its own. Not models and functions: the provider asks for minutes whether one that exists can be made."""


def test_answers_that_are_lost_are_made_up_for_in_the_same_run(cut):
    losing = once_each()
    faults = Faults(lambda call: losing(call) if call.name in LOST else None)
    with between(cut.root, faults):
        done = cut.run("deploy", *CUT, "--yes")
    assert set(faults.done[Fault.LOST]) == set(LOST)
    assert done.stderr.count("An answer of AWS was lost; taking over what it made: ") in (3, 4, 5)
    is_settled(cut, "cut")


def test_a_lost_state_is_found_again_on_aws(cut):
    cut.run("deploy", *CUT, "--yes")
    before = births(cut)
    forget(cut, "cut")
    done = cut.run("deploy", *CUT, "--yes")
    assert "An earlier deploy was cut short; taking over what it made: " in done.stderr
    assert births(cut) == before
    is_settled(cut, "cut")


@pytest.mark.drill
def test_an_update_that_the_state_never_heard_of_is_finished(cut):
    cut.run("deploy", *CUT, "--yes")
    state = folder(cut, "cut") / "terraform.tfstate"
    kept = state.read_bytes()
    handler = cut.root / "stacks" / "models" / "digits" / "inference.py"
    handler.write_text(handler.read_text() + "\n# another version\n")
    cut.run("deploy", *CUT, "--yes")
    sagemaker = cut.client("sagemaker")
    serving = sagemaker.describe_endpoint(EndpointName="local-cut-read")["EndpointConfigName"]
    state.write_bytes(kept)
    cut.run("deploy", *CUT, "--yes")
    assert sagemaker.describe_endpoint(EndpointName="local-cut-read")["EndpointConfigName"] == serving
    assert [one["EndpointConfigName"] for one in sagemaker.list_endpoint_configs()["EndpointConfigs"]] == [
        serving
    ]
    assert len(sagemaker.list_models()["Models"]) == 1
    is_settled(cut, "cut")


def test_what_is_somebody_elses_is_named_and_left_alone(cut):
    cut.run("deploy", *CUT, "--yes")
    forget(cut, "cut")
    logs = cut.client("logs")
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/local-cut-small")["logGroups"]
    arn = group["arn"].removesuffix(":*")
    tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
    logs.untag_resource(resourceArn=arn, tagKeys=["modelyard:stack"])
    refused = cut.run("deploy", *CUT, "--yes", code=2)
    assert (
        "aws_cloudwatch_log_group /aws/lambda/local-cut-small is there already and is not this stack's"
        in refused.stderr
    )
    assert not list(folder(cut, "cut").glob("terraform.tfstate"))
    logs.tag_resource(resourceArn=arn, tags=tags)
    cut.run("deploy", *CUT, "--yes")
    is_settled(cut, "cut")


def test_a_state_that_could_not_be_saved_is_saved_first(cut):
    state = folder(cut, "cut") / "terraform.tfstate"
    shutil.move(state, state.with_name("errored.tfstate"))
    done = cut.run("deploy", *CUT, "--yes")
    assert "the state that an earlier run could not save is saved now" in done.stderr
    assert "taking over" not in done.stderr and not state.with_name("errored.tfstate").exists()
    is_settled(cut, "cut")


@pytest.mark.drill
def test_a_function_whose_newest_code_no_version_has_gets_one(cut):
    cut.run("deploy", *CUT, "--yes")
    functions, name = cut.client("lambda"), {"FunctionName": "local-cut-small"}
    before = functions.get_alias(**name, Name="live")["FunctionVersion"]
    handler = cut.root / "stacks" / "models" / "digits" / "inference.py"
    handler.write_text(handler.read_text() + "\n# one more version\n")
    cut.run("package", *CUT, "--upload")
    # As a Terraform leaves it that was stopped after the code and before the version: it holds the new code to be done.
    bucket = "modelyard-local-123456789012-us-east-1"
    packed = cut.client("s3").list_objects_v2(Bucket=bucket, Prefix="models/digits/")["Contents"]
    zips = [one for one in packed if one["Key"].endswith("/function.zip")]
    key = max(zips, key=lambda one: one["LastModified"])["Key"]
    newest = functions.update_function_code(**name, S3Bucket=bucket, S3Key=key)["CodeSha256"]
    file = folder(cut, "cut") / "terraform.tfstate"
    state = json.loads(file.read_text())
    (function,) = [one for one in state["resources"] if one["type"] == "aws_lambda_function"]
    function["instances"][0]["attributes"]["s3_key"] = key
    file.write_text(json.dumps({**state, "serial": state["serial"] + 1}))
    done = cut.run("deploy", *CUT, "--yes")
    assert (
        "local-cut-small: an earlier deploy was cut short, and no version has its newest code" in done.stderr
    )
    running = functions.get_function(**name, Qualifier="live")["Configuration"]
    assert running["CodeSha256"] == newest and int(running["Version"]) > int(before)
    is_settled(cut, "cut")
