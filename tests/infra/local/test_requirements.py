"""What a requirements.txt asks for, and this Python has."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest

from infra.local.requirements import NotInstalled, missing, provide


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("boto3", None),
        ("boto3>=1  # the SDK", None),
        ("# nothing", None),
        ("", None),
        ("--extra-index-url https://example.com/simple", None),
        ('nowhere==1; python_version < "3"', None),
        ("nowhere==1.0", "nowhere==1.0: not installed"),
        ("boto3<1", f"boto3<1: found boto3 {version('boto3')}"),
        ("-r other.txt", "-r other.txt: not a plain requirement; write name==version"),
    ],
)
def test_each_line(tmp_path, line, finding):
    file = tmp_path / "requirements.txt"
    file.write_text(line + "\n")
    assert missing(file) == ([finding] if finding else [])


def test_no_file(tmp_path):
    assert missing(tmp_path / "requirements.txt") == []


def test_another_endpoint_was_faster(tmp_path):
    file, cache = tmp_path / "requirements.txt", tmp_path / "cache"
    file.write_text("nowhere==1.0\n")

    def slow_pip(target, variables) -> int:
        folder = provide(file, cache, lambda target, variables: 0)
        (folder / "theirs").touch()
        return 0

    folder = provide(file, cache, slow_pip)
    assert [path.name for path in folder.iterdir()] == ["theirs"]
    assert list(cache.iterdir()) == [folder]


def test_a_file_that_is_not_text(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_bytes(b"caf\xe9==1\n")
    with pytest.raises(NotInstalled, match=r"requirements\.txt is not UTF-8"):
        provide(file, tmp_path / "cache", lambda target, variables: 0)


def test_what_a_killed_process_left_goes_and_what_is_under_way_stays(tmp_path):
    file, cache = tmp_path / "requirements.txt", tmp_path / "cache"
    file.write_text("nowhere==1.0\n")
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    left, own, other = (cache / f"half-{name}" for name in (f"{ended.pid}-a", f"{os.getpid()}-b", "notes"))
    for half in (left, own, other):
        (half / "package").mkdir(parents=True)
    folder = provide(file, cache, lambda target, variables: 0)
    assert sorted(cache.iterdir()) == sorted([folder, own, other])
