"""A lock is removed only where its holder is proven to be gone."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.engines.terraform import locks

ME = "ann@build-7"


@pytest.mark.parametrize(
    "who, me, running, gone",
    [
        (ME, ME, ["bash", "python"], True),
        (ME, ME, ["bash", "terraform"], False),
        (ME, ME, ["tofu"], False),
        ("ann@build-8", ME, ["bash"], False),
        ("bob@build-7", ME, ["bash"], False),
        ("root@localhost", "root@localhost", ["bash"], False),
        ("", "", ["bash"], False),
        (ME, ME, [], False),
    ],
)
def test_who_is_gone(who, me, running, gone):
    assert locks.is_gone(who, me, running) is gone


@pytest.mark.skipif(sys.platform != "linux", reason="of /proc")
def test_what_runs_here_is_known_by_name():
    child = subprocess.Popen(["sleep", "60"])
    try:
        assert {"sleep", Path("/proc/self/comm").read_text().strip()} <= set(locks._running())
    finally:
        child.kill()
        child.wait()
    assert locks._running(Path("/absent")) == []
