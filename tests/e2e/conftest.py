"""A project of its own with the kit's stacks in it, an embedded AWS, and the command line as a user runs it."""

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import environment, loader
from infra.local import daemon
from infra.project import find
from model_packaging.prepare import prepare

CLONE = Path(__file__).parents[2]
MODELYARD = Path(sys.executable).with_name("modelyard")
REGION = "us-east-1"
LINKED_BYTES = 1_000_000
# What a fresh machine has: nothing of AWS or Terraform is set.
BARE = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "TF_", "MODELYARD_"))}


@dataclass(frozen=True)
class Yard:
    """A project folder, and the command line in it."""

    root: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """A verb that is under way."""
        return subprocess.Popen(
            [str(MODELYARD), *words],
            cwd=self.root,
            env={**BARE, **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
        """A verb that is done; it must have ended with `code`."""
        process = self.start(*words)
        out, err = process.communicate(timeout=280)
        assert process.returncode == code, (
            f"modelyard {' '.join(words)}: {process.returncode}\n{out}\n{err}\n{self.server_log()}"
        )
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def interrupted(self, *words: str, after: str) -> tuple[float, "subprocess.CompletedProcess[str]"]:
        """A verb that gets Ctrl-C once it has printed `after` on stderr; how many seconds it then took to end."""
        process = self.start(*words)
        assert process.stderr is not None and process.stdout is not None
        seen = ""
        for line in process.stderr:
            seen += line
            if after in line:
                break
        else:
            raise AssertionError(f"{after!r} was never said:\n{seen}\n{process.stdout.read()}")
        started = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of its group
        out, err = process.communicate(timeout=60)
        return time.monotonic() - started, subprocess.CompletedProcess(
            words, process.returncode, out, seen + err
        )

    @property
    def endpoint_url(self) -> str:
        """Where the embedded AWS is; asked of it each time, for it may have been started anew."""
        running = daemon.find(find(self.root).embedded)
        assert running is not None, f"no embedded AWS is up for {self.root}"
        return running.endpoint_url

    def server_log(self) -> str:
        """The last lines of the embedded AWS's log: what it refused, what was asked twice, and where it failed."""
        log = find(self.root).embedded / daemon.LOG_FILE
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join(["The embedded AWS:", *lines[-40:]])

    def client(self, service: str) -> Any:
        """A plain boto3 client, with any credentials."""
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )

    def census(self) -> list[str]:
        """Everything of the kinds that a stack makes, by list calls."""
        from infra.connection import connect
        from infra.operations.census import census

        project = find(self.root)
        return census(connect(environment.load("local", project.root), project))


def make_project(root: Path) -> Path:
    """A project in `root` with the kit's stacks and models, and what the clone has built already."""
    make_weights()
    root.mkdir(exist_ok=True)
    shutil.copytree(
        CLONE / "stacks", root / "stacks", copy_function=copy, ignore=shutil.ignore_patterns("__pycache__")
    )
    own = root / ".modelyard"
    own.mkdir(mode=0o700)
    for shared in ("artifacts", "requirements"):
        (CLONE / ".modelyard" / shared).mkdir(parents=True, exist_ok=True)
        (own / shared).symlink_to(CLONE / ".modelyard" / shared)
    return root


@functools.cache
def make_weights() -> None:
    """The weights of the kit's models, in the clone: made once, and not by each project anew."""
    for name in loader.known(CLONE):
        stack = loader.load(name, environment.load("local", CLONE), CLONE)
        for workload in stack.workloads:
            for model in workload.models:
                prepare(model, stack.base)


def copy(source: str, target: str) -> None:
    """Weights are linked where the file system can; what a test may write to is copied."""
    if Path(source).stat().st_size > LINKED_BYTES:
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """A project with an embedded AWS that is up; one per module."""
    made = Yard(make_project(tmp_path_factory.mktemp("yard")))
    made.run("local", "up", "--idle-hours", "0.5")
    try:
        yield made
    finally:
        made.run("local", "down")
