"""Several models behind one endpoint: loaded when they are named, and unloaded when the memory is full."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.conftest import new_name, packed_tar

HANDLER = b"""
import os


def model_fn(model_dir):
    return b"w" * (int(os.environ.get("BALLAST_MB", "0")) * 1024 * 1024)


def predict_fn(data, model):
    if data == "die":
        os._exit(7)
    return {"name": NAME, "got": data, "pid": os.getpid()}

"""


@pytest.fixture(scope="module")
def prefix(client, bucket) -> str:
    """Three models below one prefix of S3, and one that cannot be unpacked."""
    for name in ("one", "two", "three"):
        files = {"code/inference.py": HANDLER + f"\nNAME = {name!r}\n".encode()}
        client("s3").put_object(Bucket=bucket, Key=f"set/{name}.tar.gz", Body=packed_tar(files))
    client("s3").put_object(Bucket=bucket, Key="set/evil.tar.gz", Body=packed_tar({"../out": b"x"}))
    return f"s3://{bucket}/set/"


@pytest.fixture(scope="module")
def make_set(sagemaker, settle, hosting_role, prefix):
    """Makes a multi-model endpoint; gives its name."""

    def make(**environment: str) -> str:
        name = new_name("set")
        container = {
            "Image": "image:1",
            "Mode": "MultiModel",
            "ModelDataUrl": prefix,
            "Environment": environment,
        }
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=hosting_role, PrimaryContainer=container)
        assert sagemaker.describe_model(ModelName=name)["PrimaryContainer"] == container
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": name,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        assert settle(name)[0][-1] == "InService"
        return name

    return make


@pytest.fixture(scope="module")
def ask(runtime):
    def invoke(endpoint: str, model: str, data="x") -> dict:
        answer = runtime.invoke_endpoint(
            EndpointName=endpoint,
            TargetModel=model,
            Body=json.dumps(data).encode(),
            ContentType="application/json",
        )
        return json.loads(answer["Body"].read())

    return invoke


def refusal(call, *arguments, **request) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(*arguments, **request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def metric(client, endpoint: str, name: str, statistic: str) -> float:
    now = datetime.now(UTC)
    (point,) = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=name,
        Dimensions=[
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=[statistic],
    )["Datapoints"]
    return point[statistic]


def test_the_model_that_is_named_answers_and_stays_loaded(client, make_set, ask):
    name = make_set()
    first = ask(name, "one.tar.gz", [1])
    assert (first["name"], first["got"]) == ("one", [1])
    assert ask(name, "two.tar.gz")["name"] == "two"
    assert ask(name, "one.tar.gz")["pid"] == first["pid"]
    assert metric(client, name, "ModelCacheHit", "Average") == pytest.approx(1 / 3)
    assert metric(client, name, "ModelLoadingWaitTime", "SampleCount") == 2
    assert metric(client, name, "ModelLoadingWaitTime", "Sum") > metric(
        client, name, "ModelLoadingTime", "Sum"
    )


def test_the_least_recently_used_makes_room(client, make_set, ask):
    # some 40 MB of each process, and 100 MB of ballast: room for two
    name = make_set(MODELYARD_MODELS_MEMORY_MB="370", BALLAST_MB="100")
    one, two = (ask(name, f"{model}.tar.gz") for model in ("one", "two"))
    assert ask(name, "one.tar.gz")["pid"] == one["pid"]
    assert ask(name, "three.tar.gz")["name"] == "three"
    assert ask(name, "one.tar.gz")["pid"] == one["pid"]
    assert ask(name, "two.tar.gz")["pid"] != two["pid"]
    assert metric(client, name, "ModelUnloadingTime", "SampleCount") == 2


def test_a_model_that_never_fits(make_set, ask):
    name = make_set(MODELYARD_MODELS_MEMORY_MB="60", BALLAST_MB="100")
    code, message = refusal(ask, name, "one.tar.gz")
    assert code == "ModelError" and "unload one first" in message


def test_a_model_whose_process_ends_is_loaded_again(make_set, ask):
    name = make_set()
    first = ask(name, "one.tar.gz")
    assert refusal(ask, name, "one.tar.gz", "die")[0] == "ModelError"
    again = ask(name, "one.tar.gz")
    assert again["name"] == "one" and again["pid"] != first["pid"]


def test_what_is_refused(runtime, make_set, make_endpoint, ask, bucket):
    name = make_set()
    assert refusal(ask, name, "none.tar.gz") == (
        "ValidationError",
        f"Failed to download model data(bucket: {bucket}, key: set/none.tar.gz). Please ensure that there is "
        "an object located at the URL and that the role passed to CreateModel has permissions to download the "
        "model.",
    )
    code, message = refusal(ask, name, "evil.tar.gz")
    assert code == "ValidationError" and "points out of the archive" in message
    code, message = refusal(runtime.invoke_endpoint, EndpointName=name, Body=b"x")
    assert code == "ValidationError" and "name one by TargetModel" in message
    single = make_endpoint()
    assert refusal(ask, single, "one.tar.gz") == (
        "ValidationError",
        f"Endpoint {single} has one model; TargetModel is for multi-model endpoints.",
    )


def test_a_model_added_later_is_served(client, bucket, make_set, ask):
    name = make_set()
    files = {"code/inference.py": HANDLER + b"\nNAME = 'later'\n"}
    client("s3").put_object(Bucket=bucket, Key="set/later.tar.gz", Body=packed_tar(files))
    assert ask(name, "later.tar.gz")["name"] == "later"
