"""The workflow file of the README: what GitHub would run is run, but for pip and GitHub's own client."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

CLONE = Path(__file__).parents[3]
(TEXT,) = re.findall(
    r"^```yaml\n(.*?)^```$", (CLONE / "README.md").read_text(), flags=re.MULTILINE | re.DOTALL
)
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
ELSEWHERE = ("python -m pip", "gh ")
"""What needs a registry, or GitHub."""


def steps() -> list[dict[str, Any]]:
    (job,) = WORKFLOW["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> tuple[Path, str]:
    """A clone whose head asks for more instances than its base, and the base's commit."""
    root = tmp_path / "clone"
    # Weights are not priced, and large.
    shutil.copytree(CLONE / "stacks", root / "stacks", ignore=shutil.ignore_patterns("*.onnx", "__pycache__"))
    git(root, "init", "-q")
    git(root, "add", "stacks/*.py", "stacks/environments", "stacks/models/*/inference.py")
    git(root, "commit", "-q", "-m", "base")
    base = git(root, "rev-parse", "HEAD")
    prod = root / "stacks" / "environments" / "prod.toml"
    prod.write_text(prod.read_text().replace("min_instances = 2", "min_instances = 3"))
    git(root, "commit", "-q", "-a", "-m", "head")
    return root, base


def test_it_may_only_read_and_comment_and_runs_on_pull_requests():
    assert WORKFLOW[True] == "pull_request"  # YAML 1.1 reads the key on as true
    assert WORKFLOW["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert any(step.get("with", {}).get("fetch-depth") == 0 for step in steps())


def test_its_commands_write_the_comment(checkout):
    root, base = checkout
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = 0
    for step in steps():
        command = step.get("run", "")
        if not command or command.startswith(ELSEWHERE):
            continue
        command = command.replace("${{ github.event.pull_request.base.sha }}", base)
        assert "${{" not in command
        # As GitHub runs it: bash, and the first failure ends it.
        subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", command],
            cwd=root,
            env={**os.environ, "PATH": path},
            check=True,
            capture_output=True,
            timeout=120,
        )
        ran += 1
    assert ran == 1
    told = (root / "comment.md").read_text()
    assert told.startswith("<!-- modelyard cost triage --env prod -->")
    assert re.search(r"\*\*\+\d+\.\d\d USD a month\.\*\* Difference to base\.json, priced on", told)
    assert "| classify (RealtimeEndpoint) |" in told


def test_the_comment_is_what_is_posted():
    (post,) = [step["run"] for step in steps() if step.get("run", "").startswith("gh ")]
    assert "--body-file comment.md" in post
    assert "--edit-last" in post
