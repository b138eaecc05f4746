"""A lock is removed only where its holder is proven to be gone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.engines.terraform import locks

ME = "ann@build-7"


def at_work(folder: Path, name: str, key: str | None) -> Path:
    """A directory as Terraform's init leaves it."""
    made = folder / name
    (made / ".terraform").mkdir(parents=True)
    if key is not None:
        backend = {"type": "s3", "config": {"bucket": "states", "key": key}}
        (made / ".terraform" / "terraform.tfstate").write_text(json.dumps({"version": 3, "backend": backend}))
    return made


def without_backend(folder: Path, name: str) -> Path:
    """One whose configuration names no backend, after its init."""
    made = folder / name
    (made / ".terraform" / "providers").mkdir(parents=True)
    return made


@pytest.mark.parametrize(
    "who, me, running, gone",
    [
        (ME, ME, [("bash", "elsewhere"), ("python", None)], True),
        (ME, ME, [("terraform", "elsewhere")], True),
        (ME, ME, [("terraform", "in a file")], True),
        (ME, ME, [("bash", "ours"), ("terraform", "ours")], False),
        (ME, ME, [("terraform", "another clone")], False),
        (ME, ME, [("terraform", "not told")], False),
        (ME, ME, [("tofu", None)], False),
        ("ann@build-8", ME, [("bash", "ours")], False),
        ("bob@build-7", ME, [("bash", "ours")], False),
        ("root@localhost", "root@localhost", [("bash", "ours")], False),
        ("", "", [("bash", "ours")], False),
        (ME, ME, [], False),
    ],
)
def test_who_is_gone(tmp_path, who, me, running, gone):
    folders = {
        "ours": at_work(tmp_path, "ours", "a"),
        "another clone": at_work(tmp_path, "another clone", "a"),
        "elsewhere": at_work(tmp_path, "elsewhere", "b"),
        "not told": at_work(tmp_path, "not told", None),
        "in a file": without_backend(tmp_path, "in a file"),
    }
    programs = [(name, folders[where] if where else None) for name, where in running]
    assert locks.is_gone(who, folders["ours"], me, programs) is gone


def test_a_state_that_is_not_told_may_be_anybodys(tmp_path):
    other = at_work(tmp_path, "elsewhere", "b")
    assert not locks.is_gone(ME, tmp_path / "absent", ME, [("terraform", other)])


@pytest.mark.skipif(sys.platform != "linux", reason="of /proc")
def test_what_runs_here_is_known_by_name_and_directory(tmp_path):
    child = subprocess.Popen(["sleep", "60"], cwd=tmp_path)
    try:
        assert {("sleep", tmp_path), (Path("/proc/self/comm").read_text().strip(), Path.cwd())} <= set(
            locks._running()
        )
    finally:
        child.kill()
        child.wait()
    assert locks._running(Path("/absent")) == []
