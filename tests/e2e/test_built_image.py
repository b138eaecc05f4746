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
    return Stack("hosted", env, [
        RealtimeEndpoint("read", model=digits, instance_type="ml.m5.large", image="build"),
        BatchJob("all", model=digits, instance_types=["m5.large"], image="build", max_vcpus=2,
                 network=Network(subnet_ids=env["subnets"], security_group_ids=env["security_groups"])),
    ])
"""
HOSTED = ("hosted", "--env", "local")
SAMPLE = (CLONE / "stacks" / "models" / "digits" / "sample.json").read_bytes()


def images(yard) -> list[dict]:
    """What is in the environment's repository."""
    return yard.client("ecr").describe_images(repositoryName="modelyard-local")["imageDetails"]


@pytest.mark.timeout(600)
def test_an_endpoint_in_an_image_of_the_deploys(yard):
    (yard.root / "stacks" / "hosted.py").write_text(STACK)
    done = yard.run("deploy", *HOSTED, "--yes")
    try:
        served, batched = sorted(images(yard), key=lambda one: one["imageManifestMediaType"], reverse=True)
        assert batched["imageManifestMediaType"] == "application/vnd.oci.image.manifest.v1+json"
        assert served["imageManifestMediaType"] == "application/vnd.docker.distribution.manifest.v2+json"
        (tag,), (jobs_tag,) = served["imageTags"], batched["imageTags"]
        sagemaker = yard.client("sagemaker")
        (name,) = [one["ModelName"] for one in sagemaker.list_models()["Models"]]
        container = sagemaker.describe_model(ModelName=name)["PrimaryContainer"]
        assert container["Image"].endswith(f"/modelyard-local:{tag}") and "@" not in container["ModelDataUrl"]
        assert (
            f"read: uploaded to {container['ModelDataUrl']}, its image to {container['Image']}" in done.stderr
        )
        answer = yard.client("sagemaker-runtime").invoke_endpoint(
            EndpointName="local-hosted-read", ContentType="application/json", Body=SAMPLE
        )
        assert "digit" in json.loads(answer["Body"].read())
        (definition,) = yard.client("batch").describe_job_definitions(status="ACTIVE")["jobDefinitions"]
        assert definition["containerProperties"]["image"].endswith(f"/modelyard-local:{jobs_tag}")
        s3, bucket = yard.client("s3"), container["ModelDataUrl"].split("/")[2]
        s3.put_object(Bucket=bucket, Key="data/hosted/all/input/one.json", Body=SAMPLE)
        yard.run("invoke", "all", "--env", "local")
        written = s3.list_objects_v2(Bucket=bucket, Prefix="data/hosted/all/output/")["Contents"]
        assert any("one.json" in item["Key"] for item in written)
        assert "plan: no changes" in yard.run("plan", *HOSTED).stdout
        yard.run("sleep", *HOSTED, "--yes")
        assert sagemaker.list_endpoints()["Endpoints"] == [] and images(yard)
        yard.run("wake", *HOSTED, "--yes")
        assert sagemaker.describe_model(ModelName=name)["PrimaryContainer"] == container
        yard.run("package", "digits", "--env", "local", "--upload")  # what keeps the repository
    finally:
        yard.run("destroy", *HOSTED, "--yes")
    assert images(yard) == []
