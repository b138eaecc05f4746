"""The runner and the state's store with real Terraform and the real AWS provider, against a plain moto server."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from infra.engines.events import ResourceEvent
from infra.engines.terraform import toolchain
from infra.engines.terraform.diagnostics import StateLocked, TerraformFailed
from infra.engines.terraform.mirror import HOSTS
from infra.engines.terraform.provider import CONSTRAINT
from infra.engines.terraform.runner import Runner
from infra.engines.terraform.store import StateStore
from infra.errors import TerraformError, ToolchainError

pytestmark = pytest.mark.e2e

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    ],
}

Make = Callable[..., Runner]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def configuration(name: str, source: str = "hashicorp/aws", **extra: Any) -> dict[str, Any]:
    """A bucket and a role called `name`; `extra` is more resources, `backend` where the state lies."""
    backend = extra.pop("backend", None)
    return {
        "terraform": {
            "required_providers": {"aws": {"source": source, "version": CONSTRAINT}},
            **({"backend": backend} if backend else {}),
        },
        "provider": {
            "aws": {
                "region": "us-east-1",
                "allowed_account_ids": ["123456789012"],
                "s3_use_path_style": True,
                "skip_metadata_api_check": "true",
                "max_retries": 3,
            }
        },
        "resource": {
            "aws_s3_bucket": {"b": {"bucket": name}},
            "aws_iam_role": {"r": {"name": name, "assume_role_policy": json.dumps(TRUST)}},
            **extra,
        },
        "output": {"role": {"value": "${aws_iam_role.r.arn}"}},
    }


def variables(endpoint: str) -> dict[str, str]:
    """The endpoint, credentials that nobody checks, and a CLI configuration that is not there."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "TF_CLI_CONFIG_FILE": "/absent/terraformrc",
    }


@pytest.fixture
def name() -> str:
    return f"probe-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def make(endpoint: str, tmp_path: Path) -> Make:
    def make(configuration: dict[str, Any], endpoint: str = endpoint, folder: str = "stack") -> Runner:
        directory = tmp_path / folder
        directory.mkdir(exist_ok=True)
        (directory / "cdk.tf.json").write_text(json.dumps(configuration))
        environ = variables(endpoint)
        try:
            found = toolchain.find(environ)
        except ToolchainError as error:
            pytest.skip(str(error))
        return Runner(found, directory, environ, lock_timeout_seconds=1)

    return make


def children(folder: Path) -> list[str]:
    """Processes that work in `folder`: Terraform, and the providers that it starts."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(folder):
                found.append(process.name())
    return found


@pytest.mark.parametrize("source", ["hashicorp/aws", *(f"{host}/hashicorp/aws" for host in HOSTS)])
def test_one_mirror_serves_every_name_of_the_provider(make: Make, name: str, source: str) -> None:
    runner = make(configuration(name, source))
    assert [runner.init(), runner.init()] == [True, False]
    (installed,) = runner.directory.glob(".terraform/providers/*/hashicorp/aws/*/*")
    assert any(installed.iterdir())


def test_apply_converges_and_destroy_leaves_nothing(make: Make, name: str, endpoint: str) -> None:
    runner = make(configuration(name))
    plan = runner.plan()
    assert plan.line == "2 to add, 0 to change, 0 to destroy"
    saved = (runner.directory / "plan.tfplan").read_bytes()
    events: list[ResourceEvent] = []
    outputs = runner.apply(events.append)
    assert outputs == {"role": f"arn:aws:iam::123456789012:role/{name}"}
    assert {(event.kind, event.address) for event in events} >= {
        ("start", "aws_s3_bucket.b"),
        ("complete", "aws_s3_bucket.b"),
        ("complete", "aws_iam_role.r"),
    }
    (runner.directory / "plan.tfplan").write_bytes(saved)
    with pytest.raises(TerraformError, match="Saved plan is stale"):
        runner.apply()
    assert StateStore(runner).read().outputs == outputs
    assert [(resource.address, resource.id) for resource in StateStore(runner).read().resources] == [
        ("aws_iam_role.r", name),
        ("aws_s3_bucket.b", name),
    ]
    assert runner.plan().line == "no changes"
    assert runner.plan(destroy=True).line == "0 to add, 0 to change, 2 to destroy"
    assert runner.apply() == {}
    assert StateStore(runner).read().resources == ()
    assert name not in [bucket["Name"] for bucket in client(endpoint).list_buckets()["Buckets"]]
    modes = {file.name: file.stat().st_mode & 0o777 for file in runner.directory.glob("terraform.tf*")}
    assert set(modes.values()) == {0o600}


def client(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )


def test_awss_answer_is_the_error(make: Make, name: str, endpoint: str) -> None:
    client(endpoint).create_bucket(Bucket=name)
    runner = make(configuration(name))
    runner.plan()
    with pytest.raises(TerraformFailed) as caught:
        runner.apply()
    assert str(caught.value).splitlines() == [
        f"aws_s3_bucket.b: creating S3 Bucket ({name}): BucketAlreadyExists"
    ]
    assert [resource.address for resource in StateStore(runner).read().resources] == ["aws_iam_role.r"]


def test_an_interrupted_apply_keeps_its_state_and_the_next_run_goes_on(make: Make, name: str) -> None:
    # The provider tries for two minutes to put a policy on a bucket that is not there.
    stuck = {"p": {"bucket": f"{name}-absent", "policy": "{}"}}
    runner = make(configuration(name, aws_s3_bucket_policy=stuck))
    runner.plan()
    done: list[str] = []
    working: list[str] = []

    def interrupt(event: ResourceEvent) -> None:
        if event.kind == "complete":
            done.append(event.address)
        if len(done) == 2:
            working.extend(children(runner.directory))
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)

    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        runner.apply(interrupt)
    assert time.monotonic() - begin < 20
    assert "terraform" in str(working) or "tofu" in str(working)
    assert children(runner.directory) == []
    assert [resource.address for resource in StateStore(runner).read().resources] == [
        "aws_iam_role.r",
        "aws_s3_bucket.b",
    ]
    assert make(configuration(name)).plan().line == "no changes"


def test_an_interrupted_refresh_ends_at_once(make: Make, name: str) -> None:
    runner = make(configuration(name))
    runner.plan()
    runner.apply()
    begin = 0.0
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = make(configuration(name), f"http://127.0.0.1:{silent.getsockname()[1]}")
        silent.settimeout(60)

        def interrupt() -> None:
            nonlocal begin
            silent.accept()
            begin = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            hanging.plan()
    assert time.monotonic() - begin < 8
    assert children(runner.directory) == []
    assert runner.plan().line == "no changes"


def test_a_state_in_s3_is_shared_and_locked(make: Make, name: str, endpoint: str) -> None:
    s3 = client(endpoint)
    s3.create_bucket(Bucket=f"{name}-state")
    store = {"bucket": f"{name}-state", "key": "stack.tfstate", "region": "us-east-1"}
    backend = {"s3": {**store, "use_lockfile": True, "use_path_style": True}}
    first = make(configuration(name, backend=backend))
    first.plan()
    first.apply()
    second = make(configuration(name, backend=backend), folder="second")
    assert [resource.address for resource in StateStore(second).read().resources] == [
        "aws_iam_role.r",
        "aws_s3_bucket.b",
    ]
    assert second.plan().line == "no changes"
    lock = {
        "ID": "6a2b",
        "Operation": "OperationTypeApply",
        "Who": "ann@laptop",
        "Created": "2026-11-21T19:58:49.8Z",
    }
    s3.put_object(Bucket=f"{name}-state", Key="stack.tfstate.tflock", Body=json.dumps(lock))
    with pytest.raises(
        StateLocked, match=r"^the state is locked by ann@laptop, apply, since .* force-unlock 6a2b$"
    ):
        second.plan()
