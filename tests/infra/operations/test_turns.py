"""One run at a time in a working directory."""

import subprocess
import sys

import pytest

from infra.operations import turns

HOLD = (
    "import sys; from pathlib import Path; from infra.operations import turns\n"
    "turns.take(Path(sys.argv[1]), print); print('mine', flush=True); sys.stdin.read()"
)


@pytest.fixture
def other(tmp_path):
    """Another process, which has the directory."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "mine\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_run_waits_and_says_for_whom_and_then_ends(other, tmp_path):
    said, slept = [], []
    with pytest.raises(
        turns.Busy, match=rf"another run \(process {other.pid}, since .*\) is at work on {tmp_path.name}"
    ):
        turns.take(tmp_path, said.append, wait_seconds=1, sleep=slept.append)
    assert len(said) == 1 and said[0].startswith(f"Waiting for another run (process {other.pid}, since ")
    assert 1 <= sum(slept) < 1.5


@pytest.mark.parametrize("end", ["kill", "communicate"])
def test_it_goes_on_when_the_other_has_ended_however_that_was(other, tmp_path, end):
    def sleep(seconds):
        getattr(other, end)()
        other.wait()

    turns.take(tmp_path, lambda line: None, sleep=sleep)
    assert f"process {turns.os.getpid()}, since " in (tmp_path / turns.FILE).read_text()


def test_one_process_may_take_its_turn_again(tmp_path):
    for _ in range(2):
        turns.take(tmp_path, lambda line: pytest.fail(line))
    assert (tmp_path / turns.FILE).stat().st_mode & 0o777 == 0o600
