"""A process, its group, and its lifeline."""

import os
import time

import psutil
import pytest

from infra.local.processes import Process, base_environment

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
print(sys.argv[1:], sys.stdin.read() == "", flush=True)
time.sleep(600)
"""


@pytest.fixture
def family(tmp_path):
    """A process with a child of its own, and what it printed."""
    program = tmp_path / "family.py"
    program.write_text(FAMILY)
    printed: list[str] = []
    process = Process(
        tmp_path,
        [str(program), "argument"],
        environment=base_environment({}),
        directory=tmp_path,
        on_line=printed.append,
    )
    deadline = time.monotonic() + 10
    while len(printed) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    yield process, printed
    process.kill()


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_the_target_sees_its_arguments_and_an_empty_input(family):
    _, printed = family
    assert printed[1] == "['argument'] True"


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_the_whole_group_ends(family, end):
    process, printed = family
    getattr(process, end)()
    assert process.exit_code is not None
    assert gone(int(printed[0]))


def test_the_whole_group_ends_when_the_lifeline_is_cut(family):
    process, printed = family
    process._popen.stdin.close()  # what the kernel does when the server dies
    assert process.wait(5)
    assert gone(int(printed[0]))


def test_only_named_variables_go_in(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    environment = base_environment({"A": "b"})
    assert environment["A"] == "b"
    assert environment["PATH"] == os.environ["PATH"]
    assert {"AWS_SECRET_ACCESS_KEY", "PYTHONPATH"}.isdisjoint(environment)
