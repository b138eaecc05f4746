"""SageMaker Serverless: nothing runs until a request comes; what AWS refuses is refused."""

import json
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from botocore.exceptions import ClientError

from infra.local.machine import Machine
from infra.local.overlay.serverless import IDLE_SECONDS, Serverless
from infra.local.overlay.sites import Site
from infra.local.overlay.variants import PROVISIONED, Call
from tests.infra.local.conftest import HOST, new_name, until
from tests.infra.local.hand_clock import HandClock
from tests.infra.local.test_runtime import error_of, total

CONFIG = {"MemorySizeInMB": 2048, "MaxConcurrency": 2}


@pytest.fixture(scope="module")
def make_serverless(sagemaker, make_model, settle):
    """Makes a serverless endpoint; gives its name."""

    def make(config=CONFIG, **environment: str) -> str:
        name = new_name("serverless")
        variant = {"VariantName": "AllTraffic", "ModelName": make_model(**environment)}
        production = [{**variant, "ServerlessConfig": config}]
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=production)
        shown = sagemaker.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"]
        assert shown == production
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        assert settle(name)[0][-1] == "InService"
        return name

    return make


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def make_variant(tmp_path, clock):
    """Makes a variant on a clock that the test drives, in this process."""
    home = tmp_path / "yard" / "local"
    home.mkdir(parents=True)
    machine = Machine(home, "http://127.0.0.1:9", host=HOST, aws_time=clock)

    def make(**config: int) -> Serverless:
        site = Site(machine, "123456789012", "us-east-1", new_name("alone"))
        production = {"VariantName": "AllTraffic", "ServerlessConfig": {**CONFIG, **config}}
        return Serverless(site, production, {"Environment": {}})

    yield make
    machine.stop()


def ask(variant: Serverless, body: bytes = b"x"):
    admission = variant.admit()
    try:
        return admission.answer(Call(body, {}))
    finally:
        admission.leave()


def test_the_first_request_starts_it_and_the_next_does_not(make_variant):
    variant = make_variant()
    variant.begin()
    assert not variant.is_warm
    first, second = ask(variant), ask(variant)
    assert [metric.name for metric in first.metrics] == ["ModelSetupTime"]
    assert first.metrics[0].value > 10_000  # microseconds
    assert second.metrics == ()
    assert json.loads(first.reply.body)["pid"] == json.loads(second.reply.body)["pid"]


def test_it_ends_when_nobody_used_it_for_a_while(make_variant, clock):
    variant = make_variant()
    pid = json.loads(ask(variant).reply.body)["pid"]
    clock.advance(IDLE_SECONDS - 1)
    variant.rest(clock.now())
    assert psutil.pid_exists(pid)
    clock.advance(1)
    variant.rest(clock.now())
    assert not variant.is_warm and not psutil.pid_exists(pid)
    assert ask(variant).reply.status == 200


def test_provisioned_concurrency_stays_ready(make_variant, clock):
    variant = make_variant(ProvisionedConcurrency=1)
    variant.begin()
    clock.advance(10 * IDLE_SECONDS)
    variant.rest(clock.now())
    assert variant.is_warm
    answer = ask(variant)
    assert [metric.name for metric in answer.metrics] == ["ServerlessProvisionedConcurrencyInvocations"]
    samples = {metric.name: metric.value for metric in variant.samples()}
    assert samples == {
        "ServerlessConcurrentExecutionsUtilization": 0.5,
        "ServerlessProvisionedConcurrencyExecutions": 1,
        "ServerlessProvisionedConcurrencyUtilization": 1.0,
    }
    assert {metric.value for metric in variant.samples()} == {0}


def test_what_goes_beyond_the_provisioned_spills_over(make_variant):
    variant = make_variant(ProvisionedConcurrency=1)
    first, second = variant.admit(), variant.admit()
    names = [admission.answer(Call(b"x", {})).metrics[-1].name for admission in (first, second)]
    assert names == [
        "ServerlessProvisionedConcurrencyInvocations",
        "ServerlessProvisionedConcurrencySpilloverInvocations",
    ]


def test_provisioned_concurrency_is_a_scalable_dimension(make_variant):
    variant = make_variant(ProvisionedConcurrency=1)
    variant.begin()
    assert variant.capacity(PROVISIONED) == 1
    variant.want(PROVISIONED, 2)
    assert variant.description()["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 1
    variant.reach()
    assert variant.description()["CurrentServerlessConfig"]["ProvisionedConcurrency"] == 2
    with pytest.raises(LookupError):
        make_variant().capacity(PROVISIONED)


def test_a_request_is_answered_and_counted(client, runtime, make_serverless):
    name = make_serverless()
    answer = runtime.invoke_endpoint(EndpointName=name, Body=b"x")
    assert json.loads(answer["Body"].read())["length"] == 1
    assert total(client, name, "ModelSetupTime") <= total(client, name, "OverheadLatency")
    assert total(client, name, "Invocations") == 1


def test_more_at_a_time_than_allowed_is_throttled(client, make_serverless, tmp_path):
    name = make_serverless({**CONFIG, "MaxConcurrency": 1})
    file = tmp_path / "go"
    invoke = client("sagemaker-runtime", retries={"total_max_attempts": 1}).invoke_endpoint
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(invoke, EndpointName=name, Body=f"wait {file}".encode())
        until(file.with_suffix(".reached").exists)
        response = error_of(invoke, EndpointName=name, Body=b"x")
        file.touch()
        assert slow.result()["InvokedProductionVariant"] == "AllTraffic"
    assert response["Error"]["Code"] == "ThrottlingException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_concurrency_can_be_changed(sagemaker, make_serverless, settle):
    name = make_serverless({**CONFIG, "ProvisionedConcurrency": 1})

    def change(**config: int) -> dict:
        desired = [{"VariantName": "AllTraffic", "ServerlessUpdateConfig": config}]
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=name, DesiredWeightsAndCapacities=desired
        )
        return settle(name)[1]["ProductionVariants"][0]["CurrentServerlessConfig"]

    assert change(MaxConcurrency=4, ProvisionedConcurrency=3) == {
        "MemorySizeInMB": 2048,
        "MaxConcurrency": 4,
        "ProvisionedConcurrency": 3,
    }
    with pytest.raises(ClientError, match="ProvisionedConcurrency 5 is above MaxConcurrency 4"):
        change(ProvisionedConcurrency=5)


def test_a_body_above_4_mb(runtime, make_serverless):
    response = error_of(runtime.invoke_endpoint, EndpointName=make_serverless(), Body=b"x" * 4_194_305)
    assert response["Error"]["Code"] == "ValidationError"
    assert response["Error"]["Message"].endswith("has oversize body.")


def test_a_handler_that_does_not_load_fails_the_creation(sagemaker, make_model, settle):
    name = new_name("serverless")
    variant = {"VariantName": "AllTraffic", "ModelName": make_model(BREAK="no"), "ServerlessConfig": CONFIG}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    assert settle(name)[1]["EndpointStatus"] == "Failed"


@pytest.mark.parametrize(
    ("serverless", "variant", "config", "message"),
    [
        ({"MemorySizeInMB": 1500}, {}, {}, "MemorySizeInMB 1500 is no multiple of 1024."),
        ({"ProvisionedConcurrency": 3}, {}, {}, "ProvisionedConcurrency 3 is above MaxConcurrency 2."),
        (
            {},
            {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1},
            {},
            "Variant A has ServerlessConfig and InstanceType and InitialInstanceCount; "
            "a variant has one or the other.",
        ),
        (
            {},
            {},
            {
                "DataCaptureConfig": {
                    "EnableCapture": True,
                    "InitialSamplingPercentage": 5,
                    "DestinationS3Uri": "s3://c/h",
                    "CaptureOptions": [{"CaptureMode": "Input"}],
                }
            },
            "Data capture is not supported for serverless endpoints.",
        ),
        (
            {},
            {},
            {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://a/b"}}},
            "Asynchronous inference is not supported for serverless endpoints.",
        ),
    ],
)
def test_configurations_that_are_refused(sagemaker, make_model, serverless, variant, config, message):
    production = {
        "VariantName": "A",
        "ModelName": make_model(),
        "ServerlessConfig": {**CONFIG, **serverless},
        **variant,
    }
    assert refused(sagemaker, [production], **config) == message


@pytest.mark.parametrize(
    ("model", "container", "words"),
    [
        ({"EnableNetworkIsolation": True}, {}, "has network isolation, which"),
        (
            {"VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}},
            {},
            "has a VpcConfig, which",
        ),
        ({}, {"Mode": "MultiModel", "ModelDataUrl": "s3://artifacts/set/"}, "has Mode MultiModel, which"),
        (
            {},
            {"Image": "pytorch-inference:2.6.0-gpu-py312"},
            "is for GPUs, which serverless endpoints do not",
        ),
    ],
)
def test_models_that_are_refused(sagemaker, hosting_role, bucket, model, container, words):
    name = new_name("model")
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=hosting_role,
        PrimaryContainer={"Image": "image:1", **container},
        **model,
    )
    variant = {"VariantName": "A", "ModelName": name, "ServerlessConfig": CONFIG}
    assert words in refused(sagemaker, [variant])


def test_several_variants_and_none_of_a_kind(sagemaker, make_model):
    variants = [{"VariantName": name, "ModelName": make_model(), "ServerlessConfig": CONFIG} for name in "AB"]
    assert refused(sagemaker, variants) == "A serverless endpoint has one variant; the configuration has 2."
    (bare,) = [{"VariantName": "A", "ModelName": make_model()}]
    assert refused(sagemaker, [bare]) == (
        "Variant A needs InstanceType and InitialInstanceCount, or ServerlessConfig."
    )


def test_an_endpoint_on_instances_does_not_become_serverless(
    sagemaker, make_endpoint, make_serverless, make_config
):
    serverless, endpoint = make_serverless(), make_endpoint()
    for name, config in ((endpoint, serverless), (serverless, make_config())):
        with pytest.raises(ClientError, match="cannot be updated to or from a serverless configuration"):
            sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)


@pytest.mark.parametrize(
    ("variant", "config", "message"),
    [
        (
            {"VolumeSizeInGB": 30},
            {},
            "VolumeSizeInGB is not supported for ml.g5.xlarge, which has storage of its own.",
        ),
        (
            {},
            {"KmsKeyId": "alias/key"},
            "KmsKeyId is not supported for ml.g5.xlarge, whose own storage is encrypted already.",
        ),
    ],
)
def test_storage_of_types_with_disks_of_their_own(sagemaker, make_model, variant, config, message):
    production = {
        "VariantName": "A",
        "ModelName": make_model(),
        "InstanceType": "ml.g5.xlarge",
        "InitialInstanceCount": 1,
        **variant,
    }
    assert refused(sagemaker, [production], **config) == message


def refused(sagemaker, variants: list[dict], **config) -> str:
    name = new_name("config")
    with pytest.raises(ClientError) as caught:
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **config)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    return error["Message"]
