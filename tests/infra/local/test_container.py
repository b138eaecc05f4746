"""A container without a server around it: how it starts, comes back, and leaves nothing."""

import http.client
import json
import socket
import threading
from pathlib import Path

import pytest

from infra.local.container import Container, ContainerFailed
from infra.local.machine import Machine
from tests.infra.local.conftest import HOST, is_gone, packed_tar, until


class Log:
    """Keeps the lines; calls `on_line` with each."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.on_line = lambda line: None

    def write(self, line: str) -> None:
        self.lines.append(line)
        self.on_line(line)


@pytest.fixture
def machine(tmp_path):
    home = tmp_path / "yard" / "local"
    home.mkdir(parents=True)
    made = Machine(home, "http://127.0.0.1:9", host=HOST)
    yield made
    made.stop()


@pytest.fixture
def make(machine):
    """Makes a container, not started; gives it and its log."""

    def of(
        files: dict[str, bytes] | None = None, memory_mb: int | None = None, **environment: str
    ) -> tuple[Container, Log]:
        log = Log()
        artifact = packed_tar(files) if files is not None else None
        definition = {"Environment": environment}
        return Container(machine, "us-east-1", definition, artifact, log, memory_mb=memory_mb), log

    return of


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def folders(machine: Machine) -> list[Path]:
    return list((machine.home / "endpoints").iterdir())


def test_one_that_dies_is_started_again_and_leaves_neither_children_nor_pipes(make):
    container, log = make()
    container.start(20)
    before = open_files()
    child = json.loads(container.invoke(b"parent", {}).body)["child"]
    assert not is_gone(child)
    with pytest.raises(OSError):
        container.invoke(b"die", {})
    until(lambda: log.lines.count("loading []") == 2)
    assert is_gone(child)
    until(lambda: open_files() == before)
    container.stop()
    assert "The container exited with code 7; it is started again." in log.lines


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_one_that_is_stopped_is_not_started_again(machine, make):
    threads = threading.active_count()
    container, log = make()
    container.start(20)
    log.on_line = lambda line: container.stop() if line.endswith("it is started again.") else None
    with pytest.raises(OSError):
        container.invoke(b"die", {})
    until(lambda: threading.active_count() == threads)
    assert log.lines.count("loading []") == 1
    assert folders(machine) == []


def test_requirements_count_against_the_time_to_start(machine, make, monkeypatch):
    # pip tries an index that takes the connection and says nothing
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        container, log = make({"code/requirements.txt": b"no-such-package==1.0\n"})
        with pytest.raises(ContainerFailed, match=r"code/requirements.txt was not installed in time\."):
            container.start(0.5)
    assert folders(machine) == [] and machine._processes == set()
    assert log.lines[-1] == "code/requirements.txt was not installed in time."


def test_one_that_does_not_come_up_leaves_nothing(machine, make):
    container, _ = make(HANG="1")
    with pytest.raises(ContainerFailed, match=r"GET /ping did not answer 200 within 0\.3 seconds\."):
        container.start(0.3)
    assert folders(machine) == [] and machine._processes == set()


def test_what_else_goes_wrong_leaves_nothing_either(machine, make):
    broken = {"PYTHONPATH": "a\0b"}  # no process can be started with it
    container, _ = make({"w": b"1"}, **broken)
    with pytest.raises(ValueError, match="null byte"):
        container.start(20)
    assert folders(machine) == [] and machine._processes == set()


def test_one_that_uses_more_than_its_memory_is_killed_and_started_again(make):
    container, log = make(memory_mb=150)
    container.start(20)
    assert container.invoke(b"x", {}).status == 200
    with pytest.raises((OSError, http.client.HTTPException)):
        container.invoke(b"eat 200", {})
    until(lambda: log.lines.count("loading []") == 2)
    container.stop()
    (line,) = [line for line in log.lines if "was killed" in line]
    assert line.endswith(" MB of 150 MB, and was killed.")
