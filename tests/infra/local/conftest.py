"""One embedded AWS for all tests of this folder, and what they deploy to it."""

import io
import itertools
import json
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import boto3
import psutil
import pytest
from botocore.config import Config

from infra.local import daemon
from infra.local.server import Server
from tests.infra.local.hand_clock import HandClock

HOST = [str(Path(__file__).with_name("host.py"))]
REGION = "us-east-1"
RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
numbers = itertools.count()


def new_name(kind: str) -> str:
    """A name that no other test has."""
    return f"{kind}-{next(numbers)}"


def until(condition, seconds: float = 20) -> None:
    """Wait for the condition; without it the test fails."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Whether the process ended, reaped or not."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def client_of(endpoint_url: str, service: str, **settings):
    """A plain boto3 client, told only where, and any credentials."""
    return boto3.client(
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(**settings),
    )


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "local"


@pytest.fixture(scope="session")
def running(shared_home):
    """The embedded AWS; its endpoints run host.py, and pip finds nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        daemon.up(shared_home, parent_pipe=True, host=HOST)
    yield daemon.find(shared_home)
    daemon.down(shared_home)


class ByHand:
    """An embedded AWS in this process, whose time only `clock` moves."""

    def __init__(self, home: Path) -> None:
        self.clock = HandClock()
        self.server = Server(home, host=tuple(HOST))
        self.server.machine.aws_time = self.clock
        self.server.start()
        self._clients = {}

    def client(self, service: str):
        if service not in self._clients:
            self._clients[service] = client_of(self.server.endpoint_url, service)
        return self._clients[service]


@pytest.fixture(scope="session")
def by_hand(tmp_path_factory):
    """One for all tests: what moto keeps is global. Its time never goes back."""
    made = ByHand(tmp_path_factory.mktemp("by_hand"))
    yield made
    made.server.stop()


@pytest.fixture(scope="session")
def client(running):
    made = {}

    def get(service: str, **settings):
        key = (service, *settings)
        if key not in made:
            made[key] = client_of(running.endpoint_url, service, **settings)
        return made[key]

    return get


@pytest.fixture(scope="session")
def sagemaker(client):
    return client("sagemaker")


@pytest.fixture(scope="session")
def runtime(client):
    return client("sagemaker-runtime")


@pytest.fixture(scope="session")
def functions(client):
    return client("lambda")


@pytest.fixture(scope="session")
def bucket(client) -> str:
    client("s3").create_bucket(Bucket="artifacts")
    return "artifacts"


def make_role(iam, name: str, service: str) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]


@pytest.fixture(scope="session")
def hosting_role(client) -> str:
    return make_role(client("iam"), "hosting", "sagemaker.amazonaws.com")


@pytest.fixture(scope="session")
def function_role(client) -> str:
    return make_role(client("iam"), "function", "lambda.amazonaws.com")


def packed_tar(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def packed_zip(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture(scope="session")
def make_model(client, sagemaker, bucket, hosting_role):
    """Makes a model whose container sees `environment`; gives its name."""

    def make(files: dict[str, bytes] | None = None, **environment: str) -> str:
        name = new_name("model")
        key = f"{name}/model.tar.gz"
        body = packed_tar(files or {"weights.bin": b"1"})
        client("s3").put_object(Bucket=bucket, Key=key, Body=body)
        container = {"Image": "image:1", "ModelDataUrl": f"s3://{bucket}/{key}", "Environment": environment}
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=hosting_role, PrimaryContainer=container)
        return name

    return make


@pytest.fixture(scope="session")
def make_config(sagemaker, make_model):
    """Makes an endpoint configuration of a new model; gives its name."""

    def make(files: dict[str, bytes] | None = None, changes: dict | None = None, **environment: str) -> str:
        name = new_name("config")
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": make_model(files, **environment),
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
            **(changes or {}),
        }
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        return name

    return make


@pytest.fixture(scope="session")
def settle(sagemaker):
    """Waits until an endpoint's state lasts; gives the states that were seen, and its description."""

    def wait(name: str, seconds: float = 20) -> tuple[list[str], dict]:
        seen, deadline = [], time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = sagemaker.describe_endpoint(EndpointName=name)
            if found["EndpointStatus"] not in seen[-1:]:
                seen.append(found["EndpointStatus"])
            if found["EndpointStatus"] in ("InService", "Failed"):
                return seen, found
            time.sleep(0.05)
        raise AssertionError(f"{name} is still {seen}")

    return wait


@pytest.fixture(scope="session")
def make_endpoint(sagemaker, make_config, settle):
    """Makes an endpoint, waits for it, and gives its name."""

    def make(**environment: str) -> str:
        name = new_name("endpoint")
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=make_config(**environment))
        assert settle(name)[0][-1] == "InService"
        return name

    return make


@pytest.fixture(scope="session")
def make_function(functions, function_role):
    """Makes a function of one file; gives its name."""

    def make(code: str, files: dict[str, str] | None = None, **settings) -> str:
        name = new_name("function")
        functions.create_function(
            FunctionName=name,
            Role=function_role,
            Code={"ZipFile": packed_zip({"app.py": code, **(files or {})})},
            **{"Runtime": RUNTIME, "Handler": "app.handler", **settings},
        )
        return name

    return make
