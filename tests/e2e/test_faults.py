"""What goes wrong in the cloud: a handler that raises, a roll-back, Ctrl-C. Nothing is lost, and nothing is left."""

import json
import shutil
import time

import psutil
import pytest

from tests.e2e.conftest import Yard

pytestmark = pytest.mark.e2e

STACK = """
from infra import RealtimeEndpoint, Stack, TargetTracking
from model_packaging import Model

def stack(env):
    model = Model("models/{model}", framework="sklearn")
    scaling = TargetTracking(min_capacity=1, max_capacity=2, invocations_per_instance=600)
    return Stack("shaky", env, [
        RealtimeEndpoint("answer", model=model, instance_type="ml.m5.large", autoscaling=scaling),
    ])
"""
GOOD = "def predict_fn(data, model):\n    return {'version': 1}\n"
BROKEN = "def model_fn(directory):\n    raise RuntimeError('the weights are from another age')\n\ndef predict_fn(data, model):\n    return data\n"


def write(yard: Yard, handler: str) -> None:
    """A stack of one endpoint with this handler."""
    folder = yard.root / "stacks" / "models" / "shaky"
    folder.mkdir(exist_ok=True)
    (folder / "inference.py").write_text(handler)
    (yard.root / "stacks" / "shaky.py").write_text(STACK.format(model="shaky"))


NAME = "local-shaky-answer"
NEIGHBOUR = ["bucket modelyard-local-123456789012-us-east-1", "repository modelyard-local"]


@pytest.fixture(scope="module", autouse=True)
def neighbour(yard):
    """Another stack of the environment: that it is recorded keeps what all share, and saves making it each time."""
    yard.run("package", "digits", "--env", "local", "--upload")


@pytest.fixture(autouse=True)
def nothing_left(yard):
    """Each of these ends with a destroy, and after it only the neighbour's bucket is there."""
    yield
    yard.run("destroy", "shaky", "--env", "local", "--yes")
    assert yard.census() == NEIGHBOUR
    shutil.rmtree(yard.root / "stacks" / "models" / "shaky")


def test_a_handler_that_raises_while_loading_is_told_with_its_log_and_mended_by_the_next_deploy(yard):
    write(yard, BROKEN)
    started = time.monotonic()
    result = yard.run("deploy", "shaky", "--env", "local", "--yes", code=1)
    assert time.monotonic() - started < 90
    assert "did not pass the ping health check" in result.stderr
    assert "RuntimeError: the weights are from another age" in result.stderr
    # The handler's own traceback stands in its log; none of ours stands before it.
    ours, _, log = result.stderr.partition("The last lines of its log")
    assert "Traceback" not in ours and "BrokenPipe" not in ours
    assert "Traceback" in log
    # Taken down, it leaves nothing; the next deploy would have mended it as well.
    yard.run("destroy", "shaky", "--env", "local", "--yes")
    assert yard.census() == NEIGHBOUR
    yard.run("deploy", "shaky", "--env", "local", "--yes", code=1)
    write(yard, GOOD)
    yard.run("deploy", "shaky", "--env", "local", "--yes")
    assert answer(yard) == {"version": 1}


def test_an_update_that_sagemaker_rolls_back_fails_and_the_old_model_serves_on(yard):
    write(yard, GOOD)
    yard.run("deploy", "shaky", "--env", "local", "--yes")
    sagemaker = yard.client("sagemaker")
    before = sagemaker.describe_endpoint(EndpointName=NAME)["EndpointConfigName"]
    write(yard, BROKEN)
    result = yard.run("deploy", "shaky", "--env", "local", "--yes", code=1)
    assert f"Endpoint {NAME} was rolled back: " in result.stderr
    assert "RuntimeError: the weights are from another age" in result.stderr
    assert sagemaker.describe_endpoint(EndpointName=NAME)["EndpointConfigName"] == before
    # What Terraform alone does wrong: it deletes the configuration that still serves.
    names = [item["EndpointConfigName"] for item in sagemaker.list_endpoint_configs()["EndpointConfigs"]]
    assert names == [before]
    assert len(sagemaker.list_models()["Models"]) == 1
    assert answer(yard) == {"version": 1}
    # Back to the old model: there is nothing to do. On to a new one: the next deploy does it.
    write(yard, GOOD)
    assert "plan: no changes" in yard.run("deploy", "shaky", "--env", "local", "--yes").stdout
    write(yard, GOOD.replace("1", "2"))
    yard.run("deploy", "shaky", "--env", "local", "--yes")
    assert answer(yard) == {"version": 2}
    # A state that does not know what lives takes nothing away.
    directory = yard.root / ".modelyard" / "local" / "stacks" / "local" / "shaky"
    aside = directory.rename(directory.with_name("aside"))
    result = yard.run("destroy", "shaky", "--env", "local", "--yes", code=2)
    assert f"Terraform's state here knows nothing of shaky, and {NAME} is deployed" in result.stderr
    shutil.rmtree(directory)
    aside.rename(directory)
    # A stack whose file is gone can still be taken down.
    (yard.root / "stacks" / "shaky.py").unlink()


def test_ctrl_c_ends_soon_and_the_next_run_goes_on(yard):
    write(yard, "import time\ntime.sleep(4)\n" + GOOD)
    for after in ("create aws_sagemaker_endpoint.answer", "aws_sagemaker_model.answer: create done"):
        seconds, result = yard.interrupted("deploy", "shaky", "--env", "local", "--yes", after=after)
        assert seconds < 15
        assert result.returncode == 130
        assert result.stderr.splitlines()[-1].startswith("Interrupted;")
        assert "Traceback" not in result.stderr and "BrokenPipe" not in result.stderr
        assert [process.name() for process in psutil.process_iter() if is_terraform(process, yard)] == []
    yard.run("deploy", "shaky", "--env", "local", "--yes")
    assert "plan: no changes" in yard.run("plan", "shaky", "--env", "local").stdout


def answer(yard: Yard) -> dict[str, int]:
    """What the endpoint says."""
    return json.loads(yard.run("invoke", "answer", "--env", "local", "--json", "{}").stdout)


def is_terraform(process: psutil.Process, yard: Yard) -> bool:
    """Whether a process is Terraform, OpenTofu or a provider of theirs, at work in this test's project."""
    try:
        return process.name().startswith(("terraform", "tofu")) and process.cwd().startswith(str(yard.root))
    except psutil.Error:
        return False
