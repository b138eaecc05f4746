"""`--engine pulumi` by the real program against the embedded AWS, where there is one: no package of a registry has it."""

import shutil
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(900),
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="no pulumi on PATH"),
]


def test_digits_goes_live_and_away(yard):
    yard.run("deploy", "digits", "--env", "local", "--engine", "pulumi", "--yes")
    assert "no changes" in yard.run("plan", "digits", "--env", "local", "--engine", "pulumi").stdout
    sample = Path(yard.root, "stacks", "models", "digits", "sample.json").read_text()
    assert yard.run("invoke", "read", "--env", "local", "--json", sample).stdout
    yard.run("destroy", "digits", "--env", "local", "--engine", "pulumi", "--yes")
    assert yard.census() == []
