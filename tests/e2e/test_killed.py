"""The command line, Terraform or both are killed at any moment: the next run of the same verb finishes what was begun."""

import contextlib
import os
import random
import signal
import time

import psutil
import pytest

from tests.e2e.conftest import Yard
from tests.e2e.test_adoption import STACK

pytestmark = pytest.mark.e2e

MOMENTS = 40
"""At which a verb is killed, with the state in a file and in S3 by turns. `make drills` goes through all."""
SAMPLE = 0
BUCKET = "acme-states"


@pytest.fixture(scope="module")
def cut(yard):
    """A stack, and an environment whose states lie in S3; nothing of it is deployed before and after."""
    (yard.root / "stacks" / "cut.py").write_text(STACK)
    environments = yard.root / "stacks" / "environments"
    text = (environments / "local.toml").read_text()
    (environments / "shared.toml").write_text(
        text.replace("embedded_aws = true", f'embedded_aws = true\nstate_bucket = "{BUCKET}"')
    )
    yard.run("bootstrap", "--env", "shared", "--yes")
    yield yard
    for env in ("local", "shared"):
        yard.run("destroy", "cut", "--env", env, "--yes")
    assert [one for one in yard.census() if BUCKET not in one] == []


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


def prepared(yard: Yard, verb: str, moment: int, env: str) -> tuple[str, ...]:
    """The words of a verb that is to be killed, with what comes before it done."""
    words = ("cut", "--env", env, "--yes")
    if verb == "create":
        yard.run("destroy", *words)
    else:
        yard.run("deploy", *words)
    if verb == "update":
        handler = yard.root / "stacks" / "models" / "digits" / "inference.py"
        handler.write_text(f"{handler.read_text()}\n# version {moment}\n")
    return ("destroy" if verb == "destroy" else "deploy", *words)


def of_one(prefix: str, names: list[str]) -> list[str]:
    """Those of one environment."""
    return [name for name in names if name.startswith(prefix)]


@pytest.mark.parametrize(
    "moment",
    [
        moment if moment == SAMPLE else pytest.param(moment, marks=pytest.mark.drill)
        for moment in range(MOMENTS)
    ],
)
def test_what_was_killed_at_any_moment_is_finished_by_the_same_verb(cut, moment):
    env = ("local", "shared")[moment % 2]
    verb = ("create", "update", "destroy")[moment // 2 % 3]
    whom = ("both", "modelyard", "terraform")[moment // 6 % 3]
    after = random.Random(moment).uniform(0, 8)
    words = prepared(cut, verb, moment, env)
    killed(cut, after, whom, *words)
    cut.run(*words)
    sagemaker = cut.client("sagemaker")
    alive = [
        (one["EndpointName"], one["EndpointStatus"])
        for one in sagemaker.list_endpoints()["Endpoints"]
        if one["EndpointName"].startswith(f"{env}-")
    ]
    configurations = [
        one["EndpointConfigName"] for one in sagemaker.list_endpoint_configs()["EndpointConfigs"]
    ]
    models = [one["ModelName"] for one in sagemaker.list_models()["Models"]]
    kept = (len(of_one(f"{env}-", configurations)), len(of_one(f"{env}-", models)))
    if verb == "destroy":
        assert (alive, kept) == ([], (0, 0))
        assert [one for one in cut.census() if f"{env}-" in one] == []
    else:
        assert (alive, kept) == ([(f"{env}-cut-read", "InService")], (1, 1))
        done = cut.run("plan", "cut", "--env", env)
        assert "plan: no changes" in done.stdout, done.stdout + done.stderr
    print(f"moment {moment}: {verb} on {env}, {whom} killed after {after:.1f} s: finished by the next run")
