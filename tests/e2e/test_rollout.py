"""A scaled-out endpoint under a steady stream of requests: an update that fails, and one that works."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

STACK = """
from infra import RealtimeEndpoint, Stack, TargetTracking
from model_packaging import Model


def stack(env):
    model = Model("models/versions", framework="sklearn")
    busy = TargetTracking(min_capacity=1, max_capacity=4, invocations_per_instance=10_000)
    return Stack("rolled", env, [
        RealtimeEndpoint("answer", model=model, instance_type="ml.m5.large", autoscaling=busy),
    ])
"""
HANDLER = "def predict_fn(data, model):\n    return {'version': VERSION}\n"
BROKEN = "def model_fn(directory):\n    raise RuntimeError('the weights are from another age')\n\n" + HANDLER
WORDS = ("rolled", "--env", "local", "--yes")
ENDPOINT = "local-rolled-answer"
CALLERS = 2


@contextmanager
def stream(yard) -> Iterator[tuple[list[int], list[str], set[tuple[int, int]]]]:
    """Requests without a pause for the length of a `with`: the versions that answered, errors, and instance counts."""
    runtime, sagemaker = yard.client("sagemaker-runtime"), yard.client("sagemaker")
    versions: list[int] = []
    errors: list[str] = []
    counts: set[tuple[int, int]] = set()
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.05):
            try:
                answer = runtime.invoke_endpoint(
                    EndpointName=ENDPOINT, ContentType="application/json", Body="{}"
                )
                versions.append(json.load(answer["Body"])["version"])
            except Exception as error:
                errors.append(repr(error))

    def look() -> None:
        while not over.wait(0.2):
            (variant,) = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["ProductionVariants"]
            counts.add((variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]))

    threads = [threading.Thread(target=target) for target in (*[ask] * CALLERS, look)]
    for thread in threads:
        thread.start()
    try:
        yield versions, errors, counts
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.mark.timeout(900)
def test_nobody_is_let_down_by_an_update_that_fails_nor_by_one_that_works(yard):
    folder = yard.root / "stacks" / "models" / "versions"
    folder.mkdir()
    (yard.root / "stacks" / "rolled.py").write_text(STACK)
    (folder / "inference.py").write_text(HANDLER.replace("VERSION", "1"))
    (folder / "sample.json").write_text("{}")
    yard.run("deploy", *WORDS)
    sagemaker = yard.client("sagemaker")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
    )
    while sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"] != "InService":
        time.sleep(0.2)
    serving = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]

    (folder / "inference.py").write_text(BROKEN.replace("VERSION", "2"))
    with stream(yard) as (versions, errors, counts):
        failed = yard.run("deploy", *WORDS, code=1)
    assert f"Endpoint {ENDPOINT} was rolled back: " in failed.stderr
    assert "the weights are from another age" in failed.stderr
    assert errors == [] and set(versions) == {1} and len(versions) > 100
    assert counts == {(3, 3)}
    assert sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"] == serving
    answered = len(versions)

    (folder / "inference.py").write_text(HANDLER.replace("VERSION", "3"))
    with stream(yard) as (versions, errors, counts):
        yard.run("deploy", *WORDS)
    assert errors == [] and set(versions) == {1, 3} and len(versions) > 100
    assert counts == {(3, 3)}
    assert "plan: no changes" in yard.run("plan", *WORDS[:-1]).stdout
    print(
        f"{answered} requests during a roll-back and {len(versions)} during an update: none failed; 3 instances"
    )
    yard.run("destroy", *WORDS)
    assert yard.census() == []
