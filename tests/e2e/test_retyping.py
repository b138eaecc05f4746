"""A scaled-out endpoint gets another type of instance: nobody is let down, and it is scaled as before."""

import json
import runpy
import threading
import time

import pytest

from tests.e2e.conftest import CLONE

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

STACK = """
from infra import RealtimeEndpoint, ScheduledScaling, Stack, TargetTracking
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")


def stack(env):
    busy = TargetTracking(min_capacity=1, max_capacity=4, invocations_per_instance=1000)
    winter = ScheduledScaling(schedule="cron(0 0 1 1 ? *)", min_capacity=2, max_capacity=4)
    return Stack("retyped", env, [
        RealtimeEndpoint("read", model=digits, instance_type=INSTANCE, autoscaling=(busy, winter)),
    ])
"""
WORDS = ("retyped", "--env", "local")
ENDPOINT = "local-retyped-read"


def registered(yard) -> tuple[list, list, list]:
    """What Application Auto Scaling has of the endpoint, but for what it makes up."""
    scaling = yard.client("application-autoscaling")
    here = {"ServiceNamespace": "sagemaker"}
    targets = scaling.describe_scalable_targets(**here)["ScalableTargets"]
    policies = scaling.describe_scaling_policies(**here)["ScalingPolicies"]
    actions = scaling.describe_scheduled_actions(**here)["ScheduledActions"]
    return (
        [(one["ResourceId"], one["MinCapacity"], one["MaxCapacity"]) for one in targets],
        [(one["PolicyName"], one["TargetTrackingScalingPolicyConfiguration"]) for one in policies],
        [(one["ScheduledActionName"], one["Schedule"], one["ScalableTargetAction"]) for one in actions],
    )


def counts(yard) -> tuple[int, int]:
    """How many instances there are, and shall be."""
    (variant,) = yard.client("sagemaker").describe_endpoint(EndpointName=ENDPOINT)["ProductionVariants"]
    return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]


def test_three_before_during_and_after_and_scaled_again(yard):
    file = yard.root / "stacks" / "retyped.py"
    file.write_text(STACK.replace("INSTANCE", '"ml.m5.large"'))
    yard.run("deploy", *WORDS, "--yes")
    sagemaker, runtime = yard.client("sagemaker"), yard.client("sagemaker-runtime")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
    )
    while counts(yard) != (3, 3):
        time.sleep(0.2)
    before = registered(yard)
    assert [len(part) for part in before] == [1, 1, 1]

    images, _ = runpy.run_path(str(CLONE / "stacks" / "models" / "digits" / "train.py"))["held_out"]()
    body = json.dumps({"images": images[:1].tolist()})
    seen, answers, over = set(), [], threading.Event()

    def ask() -> None:
        while not over.wait(0.1):
            answer = runtime.invoke_endpoint(EndpointName=ENDPOINT, ContentType="application/json", Body=body)
            answers.append(answer["ResponseMetadata"]["HTTPStatusCode"])
            seen.add(counts(yard))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        file.write_text(STACK.replace("INSTANCE", '"ml.c5.xlarge"'))
        done = yard.run("deploy", *WORDS, "--yes")
    finally:
        over.set()
        asking.join()
    assert (
        f"{ENDPOINT}: SageMaker changes the type of instances only while they are not scaled" in done.stderr
    )
    assert len(answers) > 20 and set(answers) == {200}
    assert seen == {(3, 3)} and counts(yard) == (3, 3)
    name = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.c5.xlarge", 3)
    assert registered(yard) == before
    assert "plan: no changes" in yard.run("plan", *WORDS).stdout
    yard.run("destroy", *WORDS, "--yes")
    assert yard.census() == []
