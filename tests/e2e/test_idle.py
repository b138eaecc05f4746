"""`idle --remove` with real Terraform: what is used meanwhile stays, what is kept is never touched, and `--max` holds.

Ten endpoints with made-up histories, and fifty races, are in tests/infra/local/test_idle.py, on the same embedded AWS.
"""

import json
import random
import time
from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pytest

from tests.e2e.conftest import Yard, make_project

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

SPEED = 120
"""An hour, for which nobody must have asked, takes 30 s."""
HOURS = 1.0
STACK = """
from infra import RealtimeEndpoint, Stack
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")


def stack(env):
    return Stack("{name}", env, [RealtimeEndpoint("read", model=digits, instance_type="{type}")])
"""
STACKS = {"cheap": "ml.m5.large", "dear": "ml.m5.2xlarge", "kept": "ml.m5.4xlarge", "used": "ml.m5.xlarge"}
ROUNDS = 5
IDLE = ("idle", "--env", "local", "--hours", str(HOURS), "--grace-hours", "0")


@pytest.fixture(scope="module")
def yard(tmp_path_factory) -> Iterator[Yard]:
    """Four stacks of one endpoint each, of which one is kept, on an embedded AWS whose time runs faster."""
    made = Yard(make_project(tmp_path_factory.mktemp("yard")))
    made.run("local", "up", "--idle-hours", "100", "--speed", str(SPEED))
    try:
        for name, type in STACKS.items():
            (made.root / "stacks" / f"{name}.py").write_text(STACK.format(name=name, type=type))
            made.run("deploy", name, "--env", "local", "--yes")
        sagemaker = made.client("sagemaker")
        arn = sagemaker.describe_endpoint(EndpointName="local-kept-read")["EndpointArn"]
        sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "modelyard:keep", "Value": "true"}])
        yield made
    finally:
        made.run("local", "down")


def ask(yard: Yard, stack: str) -> None:
    """One request."""
    body = json.dumps({"images": np.zeros((1, 8, 8)).tolist()})
    yard.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=f"local-{stack}-read", ContentType="application/json", Body=body
    )


def pass_time(yard: Yard) -> None:
    """So long that what nobody asks now is idle."""
    yard.run("status", "--env", "local")
    end = _aws_time(yard) + HOURS * 3600 * 1.2
    while _aws_time(yard) < end:
        time.sleep(1)


def _aws_time(yard: Yard) -> float:
    return datetime.fromisoformat(
        json.loads(yard.run("local", "status", "--json").stdout)["time"]
    ).timestamp()


def listed(yard: Yard) -> set[str]:
    return {one["stack"] for one in json.loads(yard.run(*IDLE, "--json").stdout)["idle"]}


# They share one deployment, and run in this order.
def test_what_is_used_and_what_is_kept_is_not_listed(yard):
    pass_time(yard)
    ask(yard, "used")
    found = json.loads(yard.run(*IDLE, "--json").stdout)
    assert {one["stack"] for one in found["idle"]} == {"cheap", "dear"}
    reasons = {one["stack"]: one["reason"] for one in found["kept"]}
    assert reasons["kept"] == "it is tagged modelyard:keep" and reasons["used"].startswith("it was used ")


@pytest.mark.timeout(900)
def test_a_request_between_listing_and_removal_saves_its_stack(yard):
    chance, moments = random.Random(6), []
    for _ in range(ROUNDS):
        pass_time(yard)
        ask(yard, "used")
        ask(yard, "cheap")
        assert listed(yard) == {"dear"}
        process = yard.start(*IDLE, "--remove", "--max", "1", "--yes", "--json")
        assert process.stderr is not None and process.stdout is not None
        # Its tear-down is planned from when the stack's turn comes; the look is after that.
        moments.append(chance.uniform(0, 3))
        time.sleep(1.5 + moments[-1])
        ask(yard, "dear")
        out, err = process.communicate(timeout=120)
        (outcome,) = json.loads(out)["outcomes"]
        assert outcome["outcome"] == "saved", (outcome, err)
        assert outcome["reason"].startswith("read: it was used ")
        ask(yard, "dear")
    told = ", ".join(f"{moment + 1.5:.1f}" for moment in moments)
    print(f"{ROUNDS} requests between listing and removal, {told} s after its start: each saved its stack")


@pytest.mark.timeout(600)
def test_no_more_go_than_may_and_the_dearest_goes_first(yard):
    pass_time(yard)
    assert listed(yard) == {"cheap", "dear", "used"}
    told = json.loads(yard.run(*IDLE, "--remove", "--max", "2", "--yes", "--json").stdout)["outcomes"]
    assert [(one["stack"], one["outcome"]) for one in told] == [
        ("dear", "removed"),
        ("used", "removed"),
        ("cheap", "left"),
    ]
    assert told[-1]["reason"] == "2 of at most 2 workloads are removed; left are cheap"
    left = {one["EndpointName"] for one in yard.client("sagemaker").list_endpoints()["Endpoints"]}
    assert left == {"local-cheap-read", "local-kept-read"}
    again = json.loads(yard.run(*IDLE, "--remove", "--max", "9", "--yes", "--json").stdout)["outcomes"]
    assert [(one["stack"], one["outcome"]) for one in again] == [("cheap", "removed")]
    ask(yard, "kept")
    lines = (yard.root / ".modelyard" / "local" / "stacks" / "local" / "_idle" / "removed.jsonl").read_text()
    stacks = [json.loads(line)["stack"] for line in lines.splitlines()]
    assert stacks == ["dear"] * ROUNDS + ["dear", "used", "cheap", "cheap"]
    print(
        "of 4 stacks 3 were idle; --max 2 took the dearest 2, --max 9 the third, and the kept one serves on"
    )
