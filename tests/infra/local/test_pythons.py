"""The Python of a function's runtime."""

import sys

import pytest

from infra.local.pythons import IN_RUNTIME, NoPython, interpreter, packages

HERE = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_running_one_without_its_packages():
    assert interpreter(HERE) == (sys.executable, "-I", "-S")


def test_what_a_runtime_brings_is_that_and_no_more_and_may_be_there_already(tmp_path):
    folder = packages(tmp_path)
    assert packages(tmp_path) == folder
    assert {entry.stem for entry in folder.iterdir()} == set(IN_RUNTIME)
    assert all(entry.exists() for entry in folder.iterdir())


@pytest.mark.parametrize(
    ("runtime", "words"),
    [
        ("nodejs22.x", "runtime nodejs22.x is not Python; the embedded AWS runs python3.N"),
        ("python3.99", f"python3.99 is not on the PATH; install it, or deploy with runtime {HERE}"),
    ],
)
def test_what_is_not_here(runtime, words):
    with pytest.raises(NoPython) as caught:
        interpreter(runtime)
    assert str(caught.value) == words


def test_a_shim_that_is_not_that_python_is_not_taken(tmp_path, monkeypatch):
    shim = tmp_path / "python3.98"
    shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(NoPython):
        interpreter("python3.98")
