"""Whose packages are put into the artifact, and whose are installed by the image; and what an upload shows."""

import contextlib
import dataclasses
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from infra import BatchJob, Network
from infra.operations.artifacts import KeptArtifact, build, identify, packed_for, upload_all
from model_packaging.artifact import ModelArtifact
from model_packaging.hosted import HostedArtifact
from model_packaging.sets import ArtifactSet
from tests.infra.conftest import MODEL, asynchronous, multi_model, realtime, serverless

CACHE = Path(__file__).parents[3] / ".modelyard" / "artifacts"
VPC = Network(subnet_ids=("subnet-1",), security_group_ids=("sg-1",))
OWN = "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/ranker:3"


def packed(make_stack, workload, **settings) -> str | None:
    stack = make_stack(workload)
    return packed_for(
        dataclasses.replace(stack, environment=stack.environment.model_copy(update=settings)), workload
    )


@pytest.mark.parametrize("workload", [realtime(), asynchronous(), serverless()], ids=lambda one: one.name)
def test_a_container_with_a_network_installs_them(make_stack, workload):
    assert packed(make_stack, workload) is None


@pytest.mark.parametrize("network", [VPC, Network(isolated=True)], ids=["vpc", "isolated"])
def test_a_container_that_is_cut_off_gets_them_for_its_images_python(make_stack, network):
    assert packed(make_stack, realtime(), network=network) == "python3.12"
    assert packed(make_stack, serverless(network=False), network=network) is None


def test_members_of_a_set_always_get_them(make_stack):
    assert packed(make_stack, multi_model()) == "python3.12"


def test_the_python_of_an_own_image_is_not_known(make_stack):
    assert packed(make_stack, multi_model(image=OWN)) is None


def test_the_embedded_aws_provides_them_itself(make_stack):
    assert packed(make_stack, multi_model(), embedded_aws=True) is None


def test_an_image_that_the_deploy_makes_has_them(make_stack):
    assert packed(make_stack, realtime(image="build"), network=VPC) is None


@pytest.mark.parametrize(
    ("workload", "layer"),
    [
        (realtime(image="build"), "x86_64"),
        (realtime(image="build", instance_type="ml.c7g.large"), "arm64"),
        (realtime(image="build", uncompressed=True), "x86_64"),
        (asynchronous(image="build"), "x86_64"),
        (serverless(image="build"), "x86_64"),
    ],
)
def test_a_model_with_an_image_that_the_deploy_makes(make_stack, workload, layer):
    stack = make_stack(workload)
    identity, artifact = identify(stack, CACHE)[workload.name], build(stack, CACHE)[workload.name]
    assert isinstance(artifact, HostedArtifact) and identity.key == artifact.key
    assert artifact.layer.kind == "sagemaker" and artifact.layer.architecture == layer
    assert artifact.layer.filename == f"sagemaker-python3.12-{layer}.tar.gz"
    files = {entry.path for entry in artifact.layer.entries}
    assert "opt/modelyard/model_packaging/hosts/sagemaker.py" in files and "inference.py" not in files
    assert [member.model_name for member in artifact.members] == ["tiny"]


@pytest.mark.parametrize(
    ("instance_type", "architecture"), [("m5.large", "x86_64"), ("m6g.large", "arm64"), ("optimal", "x86_64")]
)
def test_a_job_with_an_image_that_the_deploy_makes(make_stack, instance_type, architecture):
    workload = BatchJob("embed", model=MODEL, image="build", instance_types=[instance_type], network=VPC)
    stack = make_stack(workload)
    artifact = build(stack, CACHE)["embed"]
    assert isinstance(artifact, HostedArtifact) and artifact.key == identify(stack, CACHE)["embed"].key
    assert artifact.layer.filename == f"batch-python3.12-{architecture}.tar.gz"
    assert artifact.model.filename == "job.tar.gz"


def test_an_upload_shows_what_is_sent_and_of_how_much(tmp_path):
    def artifact(name, size):
        file = tmp_path / f"{name}.tar.gz"
        file.write_bytes(bytes(size))
        return ModelArtifact(name, name * 64, "model.tar.gz", file, size)

    built = {"one": artifact("a", 500), "both": ArtifactSet("both", (artifact("b", 30), artifact("c", 7)))}
    shown = []

    @contextlib.contextmanager
    def meter(title, size_bytes):
        told = []
        yield told.append
        shown.append((title, size_bytes, sum(told)))

    said = []
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        client.create_bucket(Bucket="kept-here")
        connection = SimpleNamespace(
            environment=SimpleNamespace(artifact_bucket="kept-here"), client=lambda _service: client
        )
        upload_all(built, connection, said.append, meter)
        upload_all(built, connection, said.append, meter)
    assert shown == [("one", 500, 500), ("both", 37, 37), ("one", 500, 0), ("both", 37, 0)]
    assert said[0] == f"one: uploaded to s3://kept-here/models/a/{'a' * 64}/model.tar.gz"
    assert said[2].startswith("one: is already at ")


def test_what_is_kept_is_told_by_its_own_place():
    said = []
    connection = SimpleNamespace(environment=SimpleNamespace(artifact_bucket="kept-here"))
    upload_all({"one": KeptArtifact("models/a/1/model.tar.gz@a-2")}, connection, said.append)
    assert said == ["one: is already at s3://kept-here/models/a/1/model.tar.gz"]


@pytest.mark.parametrize(
    ("workload", "starts"),
    [
        (realtime(image="build"), "serve"),
        (BatchJob("all", model=MODEL, instance_types=["m5.large"], image="build"), "start.py"),
    ],
    ids=lambda one: getattr(one, "name", one),
)
def test_a_dockerfile_lies_beside_each_layer(make_stack, workload, starts):
    layer = build(make_stack(workload), CACHE)[workload.name].layer
    text = (layer.file.parent / "Dockerfile").read_text()
    assert "docker/library/python:3.12-slim-bookworm" in text and starts in text.splitlines()[-1]
