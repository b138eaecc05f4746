"""What stands for the `pulumi` program, on PATH."""

import os

import pytest

from tests.infra.engines.pulumi.installed import install


@pytest.fixture
def variables(tmp_path, monkeypatch):
    """Those of a process that finds what stands for `pulumi`."""
    path = f"{install(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    return {**os.environ, "PATH": path, "LIVE": str(tmp_path / "live.json")}
