"""An endpoint takes minutes to be made, and as long to go: what is interrupted meanwhile is finished by the next run."""

import time

import pytest

from tests.e2e.conftest import Yard

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

STACK = """
from infra import Alarms, AllAtOnce, RealtimeEndpoint, Stack
from model_packaging import Model

slow = Model("models/slow", framework="sklearn")
WATCHED = {{"alarms": Alarms(p99_latency_ms=500), "rollout": AllAtOnce(wait_seconds=180)}}


def stack(env):
    return Stack("patient", env, [RealtimeEndpoint("answer", model=slow, instance_type="ml.m5.large", **{more})])
"""
HANDLER = "import time\n\ntime.sleep(12)\n\n\ndef predict_fn(data, model):\n    return {'asked': data}\n"
WORDS = ("patient", "--env", "local")
NAME = "local-patient-answer"


@pytest.fixture
def patient(yard: Yard):
    """Writes the stack; it is taken down at the end."""
    folder = yard.root / "stacks" / "models" / "slow"
    folder.mkdir()
    (folder / "inference.py").write_text(HANDLER)
    (folder / "sample.json").write_text("[1]")

    def write(more: str) -> None:
        (yard.root / "stacks" / "patient.py").write_text(STACK.format(more=more))

    yield write
    yard.run("destroy", *WORDS, "--yes")
    assert yard.census() == []


@pytest.mark.timeout(600)
def test_what_was_interrupted_or_replaced_is_finished_by_one_more_run(yard, patient):
    patient("{}")
    done = "aws_sagemaker_endpoint_configuration.answer: create done"
    process = yard.start("deploy", *WORDS, "--yes")
    for line in process.stderr:
        if done in line:
            break
    time.sleep(2)  # in which the provider has asked for the endpoint
    sagemaker = yard.client("sagemaker")
    made = sagemaker.describe_endpoint(EndpointName=NAME)
    assert made["EndpointStatus"] == "Creating"
    process.send_signal(2)
    process.communicate(timeout=60)
    assert process.returncode == 130
    again = yard.run("deploy", *WORDS, "--yes")
    assert f"Waiting for SageMaker: {NAME} is Creating" in again.stderr
    assert "keeping what AWS has made since: aws_sagemaker_endpoint.answer" in again.stderr
    assert "answer: answers the sample in " in again.stderr
    assert sagemaker.describe_endpoint(EndpointName=NAME)["CreationTime"] == made["CreationTime"]
    assert "plan: no changes" in yard.run("plan", *WORDS).stdout
    # Alarms of a roll-out cannot be added to an endpoint that is there.
    patient("WATCHED")
    yard.run("deploy", *WORDS, "--yes", "--replace")
    assert sagemaker.describe_endpoint(EndpointName=NAME)["CreationTime"] > made["CreationTime"]
    assert "plan: no changes" in yard.run("plan", *WORDS).stdout
