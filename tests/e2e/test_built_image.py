"""An endpoint and a job in images that the deploy makes: made, pushed, asked, put to sleep, and taken down with them."""

import json

import pytest

from tests.e2e.conftest import CLONE

pytestmark = pytest.mark.e2e

STACK = """
from infra import BatchJob, Environment, Network, RealtimeEndpoint, Stack
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")


def stack(env: Environment) -> Stack:
    network = Network(subnet_ids=env["subnets"], security_group_ids=env["security_groups"])
    return Stack("hosted", env, [
        RealtimeEndpoint("read", model=digits, instance_type="ml.m5.large", image="build"),
        BatchJob("all", model=digits, instance_types=["m5.large"], image="build", max_vcpus=2, network=network),
    ])
"""
HOSTED = ("hosted", "--env", "local")
SAMPLE = (CLONE / "stacks" / "models" / "digits" / "sample.json").read_bytes()
MANIFESTS = {
    "sagemaker": "application/vnd.docker.distribution.manifest.v2+json",
    "batch": "application/vnd.oci.image.manifest.v1+json",
}


@pytest.fixture(scope="module")
def deployed(yard):
    """What the deploy said; nothing but what keeps the repository is left at the end."""
    (yard.root / "stacks" / "hosted.py").write_text(STACK)
    yield yard.run("deploy", *HOSTED, "--yes").stderr
    yard.run("package", "digits", "--env", "local", "--upload")
    yard.run("destroy", *HOSTED, "--yes")
    assert images(yard) == {}


def images(yard) -> dict[str, str]:
    """What is in the environment's repository: the tags by the manifests' types."""
    details = yard.client("ecr").describe_images(repositoryName="modelyard-local")["imageDetails"]
    return {one["imageManifestMediaType"]: one["imageTags"][0] for one in details}


def container(yard) -> dict:
    """What the endpoint's model is made of."""
    (made,) = yard.client("sagemaker").list_models()["Models"]
    found = yard.client("sagemaker").describe_model(ModelName=made["ModelName"])["PrimaryContainer"]
    return dict(found)


def test_an_endpoint_runs_in_its_image(yard, deployed):
    tag, found = images(yard)[MANIFESTS["sagemaker"]], container(yard)
    assert found["Image"].endswith(f"/modelyard-local:{tag}") and "@" not in found["ModelDataUrl"]
    assert f"read: uploaded to {found['ModelDataUrl']}, its image to {found['Image']}" in deployed
    answer = yard.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="local-hosted-read", ContentType="application/json", Body=SAMPLE
    )
    assert "digit" in json.loads(answer["Body"].read())
    (definition,) = yard.client("batch").describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    assert definition["containerProperties"]["image"].endswith(
        f"/modelyard-local:{images(yard)[MANIFESTS['batch']]}"
    )
    assert "plan: no changes" in yard.run("plan", *HOSTED).stdout


@pytest.mark.drill
def test_a_job_runs_in_its_image(yard, deployed):
    s3, bucket = yard.client("s3"), container(yard)["ModelDataUrl"].split("/")[2]
    s3.put_object(Bucket=bucket, Key="data/hosted/all/input/one.json", Body=SAMPLE)
    yard.run("invoke", "all", "--env", "local")
    written = s3.list_objects_v2(Bucket=bucket, Prefix="data/hosted/all/output/")["Contents"]
    assert any("one.json" in item["Key"] for item in written)


@pytest.mark.drill
def test_it_wakes_in_the_image_that_it_had(yard, deployed):
    before = container(yard)
    yard.run("sleep", *HOSTED, "--yes")
    assert yard.client("sagemaker").list_endpoints()["Endpoints"] == [] and len(images(yard)) == 2
    yard.run("wake", *HOSTED, "--yes")
    assert container(yard) == before
