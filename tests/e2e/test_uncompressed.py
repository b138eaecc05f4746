"""An endpoint whose model lies in S3 file by file: deployed, asked, changed, and taken down."""

import json

import pytest

from tests.e2e.conftest import CLONE

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

STACK = """
from infra import Environment, RealtimeEndpoint, Stack
from model_packaging import Model

digits = Model("models/digits", framework="sklearn", weights=("weights.npz",), prepare="train.py")


def stack(env: Environment) -> Stack:
    return Stack("plain", env, [
        RealtimeEndpoint("read", model=digits, instance_type="ml.m5.large", uncompressed=True),
    ])
"""
SAMPLE = (CLONE / "stacks" / "models" / "digits" / "sample.json").read_bytes()


def objects(yard) -> dict[str, str]:
    """What lies below models/ in the environment's bucket, by key: the time at which it was put there."""
    s3 = yard.client("s3")
    (bucket,) = [one["Name"] for one in s3.list_buckets()["Buckets"] if "modelyard" in one["Name"]]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="models/")["Contents"]
    return {item["Key"]: str(item["LastModified"]) for item in listed}


def ask(yard) -> dict:
    """The endpoint's answer to the sample."""
    answer = yard.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="local-plain-read", ContentType="application/json", Body=SAMPLE
    )
    return json.loads(answer["Body"].read())


@pytest.mark.timeout(600)
def test_a_model_that_is_not_compressed_serves_and_a_change_sends_what_changed(yard):
    (yard.root / "stacks" / "plain.py").write_text(STACK)
    yard.run("deploy", "plain", "--env", "local", "--yes")
    try:
        assert "digit" in ask(yard) and "model" not in ask(yard)
        described = yard.client("sagemaker").list_models()["Models"]
        (name,) = [one["ModelName"] for one in described]
        container = yard.client("sagemaker").describe_model(ModelName=name)["PrimaryContainer"]
        source = container["ModelDataSource"]["S3DataSource"]
        assert source["CompressionType"] == "None" and "ModelDataUrl" not in container
        below = source["S3Uri"].partition("/models/")[2]
        first = objects(yard)
        assert {f"models/{below}{one}" for one in ("weights.npz", "code/inference.py")} <= set(first)
        assert not any(key.endswith(".tar.gz") for key in first)
        assert "plan: no changes" in yard.run("plan", "plain", "--env", "local").stdout
        handler = yard.root / "stacks" / "models" / "digits" / "inference.py"
        handler.write_text(handler.read_text().replace('"digit": int', '"model": 2, "digit": int'))
        yard.run("deploy", "plain", "--env", "local", "--yes")
        assert ask(yard)["model"] == 2
        then = objects(yard)
        assert {key: then[key] for key in first} == first  # nothing was sent again
        assert sum(key.endswith("/file") for key in then) == sum(key.endswith("/file") for key in first) + 1
        slept = yard.run("sleep", "plain", "--env", "local", "--yes")
        assert slept.returncode == 0
        yard.run("wake", "plain", "--env", "local", "--yes")
        assert ask(yard)["model"] == 2
    finally:
        yard.run("destroy", "plain", "--env", "local", "--yes")
    assert yard.census() == []
