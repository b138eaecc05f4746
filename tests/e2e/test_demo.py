"""`modelyard demo`: all of it; and nothing of it is left, also when it is interrupted or killed."""

import json
import signal
import time

import psutil
import pytest

from tests.e2e.conftest import CLONE, Yard, make_project

pytestmark = pytest.mark.e2e

TICKETS = json.loads((CLONE / "stacks" / "tickets.json").read_text())


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Yard:
    """One project for all of these, as one clone is used again and again."""
    return Yard(make_project(tmp_path_factory.mktemp("demo")))


def processes(project: Yard) -> list[str]:
    """The command lines of the processes that work in the project or were told of it."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if str(project.root) in words or process.cwd().startswith(str(project.root)):
                found.append(words)
        except psutil.Error:
            continue
    return found


def test_an_interrupted_demo_leaves_nothing(project):
    seconds, result = project.interrupted(
        "demo", after="aws_sagemaker_endpoint_configuration.classify: create done"
    )
    assert seconds < 15
    assert result.returncode == 130
    assert result.stderr.splitlines()[-1].startswith("Interrupted;")
    assert processes(project) == []
    assert not (project.root / ".modelyard" / "demo").exists()


def test_a_killed_demo_leaves_no_process(project):
    process = project.start("demo")
    assert process.stderr is not None and process.stdout is not None
    for line in process.stderr:
        if "create aws_sagemaker_model.classify" in line:
            break
    else:
        raise AssertionError("the demo ended before it had a plan")
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close(), process.stderr.close()
    deadline = time.monotonic() + 20
    while processes(project) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes(project) == []


def test_a_demo_shows_everything_and_leaves_nothing(project):
    result = project.run("demo")
    shown = result.stdout
    assert result.stderr.count("sha256 ") == 2
    order = [
        "triage on local: 84.15 to 168.10 USD",
        "plan: 16 to add",
        "(RealtimeEndpoint)",
        "(LambdaEndpoint)",
        "16 to destroy",
    ]
    places = [shown.index(text) for text in order]
    assert places == sorted(places)
    for ticket in TICKETS:
        rows = [line for line in shown.splitlines() if line.startswith(ticket["text"])]
        assert [row.removeprefix(ticket["text"]).split()[0] for row in rows] == [ticket["label"]] * 2
    assert result.stderr.splitlines()[-1] == "The embedded AWS is down; nothing of the demo is left."
    assert processes(project) == []
    assert not (project.root / ".modelyard" / "demo").exists()
