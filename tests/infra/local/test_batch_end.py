"""What is left of running jobs when the embedded AWS ends: nothing."""

import time

import psutil
import pytest

from infra.local import daemon
from tests.infra.local.conftest import is_gone, until
from tests.infra.local.jobs import make_job


@pytest.fixture
def home(tmp_path):
    made = tmp_path / "local"
    yield made
    daemon.down(made)


def processes(home) -> list[psutil.Process]:
    """Of its jobs: the launcher, what it launched, and what that started."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if str(home) in words and "launcher.py" in " ".join(words):
            found += [process, *process.children(recursive=True)]
    return found


@pytest.mark.parametrize("end", ["down", "kill -9"])
def test_no_process_of_a_job_outlives_the_server(home, end):
    running = daemon.up(home, parent_pipe=True)
    job = make_job(running, ["sh", "-c", "sleep 90 & sleep 90"], retryStrategy={"attempts": 3})
    job.batch.submit_job(
        jobName="job", jobQueue=job.queue, jobDefinition=job.definition, arrayProperties={"size": 3}
    )
    until(lambda: sum("sleep" in process.name() for process in processes(home)) == 6)
    alive = processes(home)
    if end == "down":
        daemon.down(home)
    else:
        psutil.Process(running.pid).kill()
    until(lambda: all(is_gone(process.pid) for process in alive))
    time.sleep(0.5)  # an attempt that follows would be here by now
    assert processes(home) == []
