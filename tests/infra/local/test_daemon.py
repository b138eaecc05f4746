"""The background process: up, found again, down; and nothing left behind, however it ends."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from infra.errors import EmbeddedAwsError
from infra.local import daemon
from tests.infra.local.conftest import HOST, RUNTIME, client_of, make_role, packed_tar, packed_zip

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def home(tmp_path):
    """A home of its own, down again at the end."""
    folder = tmp_path / "yard" / "local"
    yield folder
    daemon.down(folder)


def processes_of(home: Path) -> list[psutil.Process]:
    """Every process whose command line names `home`."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # it may end at any moment, and has no command line then
            if str(home) in process.cmdline() and process.pid != os.getpid():
                found.append(process)
    return found


def all_end(home: Path, seconds: float = 10, besides: tuple[int, ...] = ()) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if all(process.pid in besides for process in processes_of(home)):
            return True
        time.sleep(0.05)
    return False


def deploy(endpoint_url: str) -> None:
    """One endpoint and one function, both with a process."""

    def client(service: str):
        return client_of(endpoint_url, service)

    role = make_role(client("iam"), "sagemaker", "sagemaker.amazonaws.com")
    client("s3").create_bucket(Bucket="artifacts")
    client("s3").put_object(Bucket="artifacts", Key="model.tar.gz", Body=packed_tar({"w": b"1"}))
    sagemaker = client("sagemaker")
    container = {"Image": "i", "ModelDataUrl": "s3://artifacts/model.tar.gz"}
    sagemaker.create_model(ModelName="m", ExecutionRoleArn=role, PrimaryContainer=container)
    variant = {"VariantName": "V", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    deadline = time.monotonic() + 20
    while sagemaker.describe_endpoint(EndpointName="e")["EndpointStatus"] == "Creating":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    functions = client("lambda")
    functions.create_function(
        FunctionName="f",
        Role=make_role(client("iam"), "lambda", "lambda.amazonaws.com"),
        Runtime=RUNTIME,
        Handler="app.handler",
        Code={"ZipFile": packed_zip({"app.py": "def handler(event, context): return 1\n"})},
    )
    assert functions.invoke(FunctionName="f", Payload="{}")["Payload"].read() == b"1"


def accepts(endpoint_url: str) -> bool:
    address = urlsplit(endpoint_url)
    with socket.socket() as probe:
        return probe.connect_ex((address.hostname, address.port)) == 0


def test_up_find_and_down(home):
    assert daemon.find(home) is None
    home.parent.mkdir(parents=True)
    program = (
        "import json, sys; from pathlib import Path; from infra.local import daemon; "
        "print(daemon.up(Path(sys.argv[1]), host=json.loads(sys.argv[2])).pid)"
    )
    command = [sys.executable, "-c", program, str(home), json.dumps(HOST)]
    # the user's own settings are not the embedded AWS's
    environment = {**os.environ, "MOTO_ACCOUNT_ID": "999999999999", "AWS_PROFILE": "none-such"}
    started = [
        subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE) for _ in range(2)
    ]
    (pid,) = {int(process.communicate()[0]) for process in started}  # two at once start one
    assert [process.pid for process in processes_of(home)] == [pid]
    running = daemon.find(home)
    assert client_of(running.endpoint_url, "sts").get_caller_identity()["Account"] == "123456789012"
    assert daemon.up(home) == running
    assert urlsplit(running.endpoint_url).hostname == "127.0.0.1"
    assert stat.S_IMODE((home / "server.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "server.log").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    deploy(running.endpoint_url)
    assert len(processes_of(home)) == 3
    (home / "stacks").mkdir()
    assert daemon.down(home) is True
    assert processes_of(home) == []
    assert not home.exists()
    assert not accepts(running.endpoint_url)
    assert daemon.down(home) is False


def test_its_processes_end_with_it_even_when_it_is_killed_and_its_state_is_not_kept(home):
    running = daemon.up(home, host=HOST)
    deploy(running.endpoint_url)
    assert len(processes_of(home)) == 3
    state = (home / "server.json").read_text()
    os.kill(running.pid, signal.SIGKILL)
    assert all_end(home)
    (home / "stacks").mkdir()
    assert (home / "server.json").read_text() == state
    assert daemon.find(home) is None
    again = daemon.up(home)
    assert again.pid != running.pid
    assert not (home / "stacks").exists()
    os.kill(again.pid, signal.SIGTERM)
    assert all_end(home)


def test_it_ends_with_its_parent_even_when_that_is_killed(home):
    home.parent.mkdir(parents=True)
    parent = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("child.py")), str(home), json.dumps(HOST)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    _, endpoint_url = parent.stdout.readline().split()
    deploy(endpoint_url)
    assert len(processes_of(home)) == 4  # and the parent
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert all_end(home)
    assert not accepts(endpoint_url)


def test_its_time_may_run_faster(home):
    running = daemon.up(home, host=HOST, speed=200)
    before = daemon.find(home)
    assert (running.speed, before.speed) == (200, 200)
    answered = client_of(running.endpoint_url, "sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    told = parsedate_to_datetime(answered["date"])
    time.sleep(0.3)
    after = daemon.find(home)
    assert before.time.replace(microsecond=0) <= told <= after.time
    assert (after.time - before.time).total_seconds() >= 60
    assert daemon.up(home) == running
    assert daemon.up(home, speed=200) == running
    with pytest.raises(EmbeddedAwsError, match="runs already, at speed 200, and 2 was asked for"):
        daemon.up(home, speed=2)


def test_without_requests_it_ends_by_itself(home):
    running = daemon.up(home, idle_hours=1 / 3600)
    assert all_end(home)
    assert not accepts(running.endpoint_url)
    assert daemon.find(home) is None


def test_another_process_behind_the_same_pid_and_port_is_not_ours(home, running):
    home.mkdir(parents=True)
    stale = {
        "endpoint_url": running.endpoint_url,
        "pid": os.getpid(),
        "identity": "another",
        "started": "2026-01-01T00:00:00+00:00",
    }
    (home / "server.json").write_text(json.dumps(stale))
    assert daemon.find(home) is None
    assert daemon.down(home) is False  # and this process, whose id the file names, lives on
    assert accepts(running.endpoint_url)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_broken_state_file_is_no_server(home, text):
    home.mkdir(parents=True)
    (home / "server.json").write_text(text)
    assert daemon.find(home) is None


def test_without_moto_it_says_what_to_install(home, monkeypatch):
    monkeypatch.setattr(daemon, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedAwsError, match=r"run: pip install 'modelyard\[local\]'"):
        daemon.up(home)


def test_one_that_does_not_start_says_why(home):
    with pytest.raises(EmbeddedAwsError) as caught:
        daemon.up(home, host=HOST, idle_hours="never")
    message = str(caught.value)
    assert "\n" not in message
    assert "invalid float value: 'never'" in message and str(home / "server.log") in message
    assert processes_of(home) == []
