"""A deploy that was cut short goes on: what its state knows nothing of is taken over, whatever the moment."""

import contextlib
import os
import random
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import Yard

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
MOMENTS = 18
"""At which a verb is killed: of making, of an update and of a destroy. `make drills` goes through all."""


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
    role = yard.client("iam").get_role(RoleName="local-cut-read-role")["Role"]
    return {"endpoint": endpoint["CreationTime"], "role": role["CreateDate"]}


def is_settled(yard: Yard, stack: str) -> None:
    """A further plan has nothing to do."""
    done = yard.run("plan", stack, "--env", "local")
    assert "plan: no changes" in done.stdout, done.stdout + done.stderr


def test_a_lost_state_is_found_again_on_aws(cut):
    cut.run("deploy", *CUT, "--yes")
    before = births(cut)
    forget(cut, "cut")
    done = cut.run("deploy", *CUT, "--yes")
    assert "An earlier deploy was cut short; taking over what it made: " in done.stderr
    assert births(cut) == before
    is_settled(cut, "cut")


def test_an_update_that_the_state_never_heard_of_is_finished(cut):
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


def processes(yard: Yard) -> list[psutil.Process]:
    """Terraform and its providers at work in the project."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if "terraform" in process.name() and str(yard.root) in process.cwd():
                found.append(process)
    return found


def killed(yard: Yard, after: float, whom: str, *words: str) -> None:
    """A verb of which, some seconds after Terraform's apply began, the command line, Terraform or both are killed."""
    process = yard.start(*words)
    assert process.stderr is not None
    for line in process.stderr:
        if "creating" in line.lower() or "create aws_" in line or "aws_" in line:
            break
    time.sleep(after)
    if whom != "terraform":
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    if whom != "modelyard":
        for one in processes(yard):
            with contextlib.suppress(psutil.Error):
                one.kill()
    process.communicate(timeout=60)
    end = time.monotonic() + 30
    while processes(yard):
        assert time.monotonic() < end, f"still at work: {processes(yard)}"
        time.sleep(0.2)


def prepared(yard: Yard, verb: str, moment: int) -> tuple[str, ...]:
    """The words of a verb that is to be killed, with what comes before it done."""
    if verb == "create":
        yard.run("destroy", *CUT, "--yes")
    else:
        yard.run("deploy", *CUT, "--yes")
    if verb == "update":
        handler = yard.root / "stacks" / "models" / "digits" / "inference.py"
        handler.write_text(f"{handler.read_text()}\n# version {moment}\n")
    return ("destroy" if verb == "destroy" else "deploy", *CUT, "--yes")


@pytest.mark.parametrize(
    "moment", [0, *(pytest.param(moment, marks=pytest.mark.drill) for moment in range(1, MOMENTS))]
)
def test_what_was_killed_at_any_moment_is_finished_by_the_same_verb(cut, moment):
    verb, whom = (
        ("create", "update", "destroy")[moment // 3 % 3],
        ("both", "modelyard", "terraform")[moment % 3],
    )
    after = random.Random(moment).uniform(0, 8)
    words = prepared(cut, verb, moment)
    killed(cut, after, whom, *words)
    cut.run(*words)
    sagemaker = cut.client("sagemaker")
    alive = [one["EndpointStatus"] for one in sagemaker.list_endpoints()["Endpoints"]]
    kept = (len(sagemaker.list_endpoint_configs()["EndpointConfigs"]), len(sagemaker.list_models()["Models"]))
    if verb == "destroy":
        assert (alive, kept) == ([], (0, 0)) and cut.census() == []
    else:
        assert (alive, kept) == (["InService"], (1, 1))
        is_settled(cut, "cut")
    print(f"moment {moment}: {verb}, {whom} killed after {after:.1f} s: finished by the next run")
