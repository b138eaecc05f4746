"""SageMaker hosting: what is kept, what is refused, and the states of an endpoint."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.infra.local.conftest import new_name, until

UNHEALTHY = (
    "The primary container for production variant AllTraffic did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)


def refusal(call, **request) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def said(description: dict, *added: str) -> dict:
    """A description without what AWS adds."""
    return {key: value for key, value in description.items() if key not in {"ResponseMetadata", *added}}


def test_a_model_is_returned_as_it_was_sent(sagemaker, bucket, hosting_role, make_model):
    make_model()
    request = {
        "ModelName": new_name("model"),
        "ExecutionRoleArn": hosting_role,
        "PrimaryContainer": {"Image": "image:1", "ContainerHostname": "box", "Environment": {"A": "b"}},
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]},
        "EnableNetworkIsolation": True,
    }
    arn = sagemaker.create_model(**request, Tags=[{"Key": "team", "Value": "x"}])["ModelArn"]
    description = sagemaker.describe_model(ModelName=request["ModelName"])
    assert said(description, "CreationTime", "ModelArn") == request
    assert description["ModelArn"] == arn
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "x"}]


def test_a_configuration_is_returned_as_it_was_sent(sagemaker, make_model):
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": make_model(),
        "InstanceType": "ml.p3.2xlarge",
        "VolumeSizeInGB": 64,
        "InitialInstanceCount": 2,
        "InitialVariantWeight": 1.0,
        "ContainerStartupHealthCheckTimeoutInSeconds": 600,
        "InferenceAmiVersion": "al2-ami-sagemaker-inference-gpu-2",
        "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
    }
    request = {
        "EndpointConfigName": new_name("config"),
        "ProductionVariants": [variant],
        "DataCaptureConfig": {
            "EnableCapture": True,
            "InitialSamplingPercentage": 5,
            "DestinationS3Uri": "s3://captured/here",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
        "KmsKeyId": "alias/key",
    }
    sagemaker.create_endpoint_config(**request)
    description = sagemaker.describe_endpoint_config(EndpointConfigName=request["EndpointConfigName"])
    assert said(description, "CreationTime", "EndpointConfigArn") == request


def test_the_deployment_configuration_is_returned_as_it_was_sent(sagemaker, make_config, settle):
    name = new_name("endpoint")
    deployment = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 60},
            "MaximumExecutionTimeoutInSeconds": 600,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]},
    }
    config = make_config()
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, DeploymentConfig=deployment)
    description = settle(name)[1]
    assert description["LastDeploymentConfig"] == deployment
    assert description["EndpointConfigName"] == config


def test_an_endpoint_is_created_then_in_service_with_its_variants(sagemaker, make_config, settle, tmp_path):
    name, loaded = new_name("endpoint"), tmp_path / "loaded"
    config = make_config(changes={"InitialInstanceCount": 3}, LOAD_WHEN=str(loaded))
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    assert sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Creating"
    loaded.touch()
    states, description = settle(name)
    assert states[-1] == "InService"
    (variant,) = description["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (3, 3)
    assert (variant["CurrentWeight"], variant["DesiredWeight"]) == (1, 1)
    assert variant["DeployedImages"][0]["SpecifiedImage"] == "image:1"
    assert "FailureReason" not in description


def test_a_handler_that_raises_while_loading_fails_the_endpoint_at_once(
    sagemaker, client, make_config, settle
):
    name = new_name("endpoint")
    changes = {"ContainerStartupHealthCheckTimeoutInSeconds": 600}  # and `settle` waits for less
    config = make_config(changes=changes, BREAK="no such weights")
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    states, description = settle(name)
    assert (states[-1], description["FailureReason"]) == ("Failed", UNHEALTHY)
    log = client("logs").filter_log_events(logGroupName=f"/aws/sagemaker/Endpoints/{name}")["events"]
    assert "RuntimeError: no such weights" in [event["message"] for event in log]
    assert all(event["logStreamName"].startswith("AllTraffic/i-") for event in log)
    sagemaker.delete_endpoint(EndpointName=name)


def test_requirements_that_cannot_be_installed_are_named_in_the_log(sagemaker, client, make_config, settle):
    name = new_name("endpoint")
    config = make_config({"code/requirements.txt": b"no-such-package==1.0\nboto3>=1\n"})
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    assert settle(name)[1]["FailureReason"] == UNHEALTHY
    log = client("logs").filter_log_events(logGroupName=f"/aws/sagemaker/Endpoints/{name}")["events"]
    assert log[-1]["message"] == (
        "code/requirements.txt could not be installed; missing: no-such-package==1.0: not installed."
    )


def test_an_update_serves_with_the_new_configuration_and_ends_the_old_process(
    sagemaker, runtime, make_endpoint, make_config, settle, tmp_path
):
    name, loaded = make_endpoint(NAME="old"), tmp_path / "loaded"
    old = invoke(runtime, name)
    new_config = make_config(NAME="new", LOAD_WHEN=str(loaded))
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new_config)
    assert sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Updating"
    assert invoke(runtime, name)["name"] == "old"  # until the new one is healthy
    loaded.touch()
    states, description = settle(name)
    assert states[-1] == "InService"
    assert description["EndpointConfigName"] == new_config
    assert invoke(runtime, name)["name"] == "new"
    assert not psutil.pid_exists(old["pid"])


def test_a_bad_update_rolls_back_to_the_old_configuration(
    sagemaker, runtime, make_endpoint, make_config, settle
):
    name = make_endpoint(NAME="old")
    before = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=make_config(BREAK="bad"))
    states, description = settle(name)
    assert states == ["Updating", "RollingBack", "InService"]
    assert (description["EndpointConfigName"], description["FailureReason"]) == (before, UNHEALTHY)
    assert invoke(runtime, name)["name"] == "old"


def test_requests_during_an_update_all_succeed(
    sagemaker, runtime, make_endpoint, make_config, settle, tmp_path
):
    name, config = make_endpoint(NAME="old"), make_config(NAME="new")
    answered, reached = tmp_path / "answered", tmp_path / "answered.reached"
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(invoke, runtime, name, f"wait {answered}".encode())
        until(reached.exists)
        sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
        until(lambda: invoke(runtime, name)["name"] == "new")
        assert not slow.done()
        answered.touch()
        assert slow.result()["name"] == "old"
    settle(name)


def test_weights_and_capacities_change_without_a_new_process(sagemaker, runtime, make_endpoint, settle):
    name = make_endpoint()
    pid = invoke(runtime, name)["pid"]
    desired = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 4, "DesiredWeight": 2.0}]
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=desired)
    (variant,) = settle(name)[1]["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (4, 2)
    assert invoke(runtime, name)["pid"] == pid


def test_a_deleted_endpoint_is_gone_with_its_process_and_files(
    sagemaker, runtime, shared_home, make_endpoint
):
    name = make_endpoint()
    pid = invoke(runtime, name)["pid"]
    files = Path(psutil.Process(pid).cwd())
    assert files.is_relative_to(shared_home)
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(
        EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10}
    )
    assert not psutil.pid_exists(pid)
    assert not files.exists()


def test_names_that_are_taken(sagemaker, make_endpoint, make_model, make_config, hosting_role):
    model, config, endpoint = make_model(), make_config(), make_endpoint()
    arn = "arn:aws:sagemaker:us-east-1:123456789012"
    variant = {
        "VariantName": "A",
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    assert refusal(
        sagemaker.create_model,
        ModelName=model,
        PrimaryContainer={"Image": "i"},
        ExecutionRoleArn=hosting_role,
    ) == ("ValidationException", f'Cannot create already existing model "{arn}:model/{model}".')
    assert refusal(
        sagemaker.create_endpoint_config, EndpointConfigName=config, ProductionVariants=[variant]
    ) == (
        "ValidationException",
        f'Cannot create already existing endpoint configuration "{arn}:endpoint-config/{config}".',
    )
    assert refusal(sagemaker.create_endpoint, EndpointName=endpoint, EndpointConfigName=config) == (
        "ValidationException",
        f'Cannot create already existing endpoint "{arn}:endpoint/{endpoint}".',
    )


def test_what_does_not_exist(sagemaker, make_config):
    arn = "arn:aws:sagemaker:us-east-1:123456789012"
    variant = {
        "VariantName": "A",
        "ModelName": "none",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    missing_model = f'Could not find model "{arn}:model/none".'
    missing_config = f'Could not find endpoint configuration "{arn}:endpoint-config/none".'
    missing_endpoint = f'Could not find endpoint "{arn}:endpoint/none".'
    expected = {
        missing_model: [
            (sagemaker.describe_model, {"ModelName": "none"}),
            (sagemaker.delete_model, {"ModelName": "none"}),
            (
                sagemaker.create_endpoint_config,
                {"EndpointConfigName": "c", "ProductionVariants": [variant]},
            ),
        ],
        missing_config: [
            (sagemaker.describe_endpoint_config, {"EndpointConfigName": "none"}),
            (sagemaker.delete_endpoint_config, {"EndpointConfigName": "none"}),
            (sagemaker.create_endpoint, {"EndpointName": "e", "EndpointConfigName": "none"}),
        ],
        missing_endpoint: [
            (sagemaker.describe_endpoint, {"EndpointName": "none"}),
            (sagemaker.delete_endpoint, {"EndpointName": "none"}),
            (
                sagemaker.update_endpoint,
                {"EndpointName": "none", "EndpointConfigName": make_config()},
            ),
        ],
    }
    for message, calls in expected.items():
        for call, request in calls:
            assert refusal(call, **request) == ("ValidationException", message)


def test_a_configuration_in_use_stays(sagemaker, make_endpoint):
    name = make_endpoint()
    config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    code, message = refusal(sagemaker.delete_endpoint_config, EndpointConfigName=config)
    assert code == "ValidationException"
    assert f'endpoint-config/{config}" in use by endpoint "arn:aws:sagemaker' in message


def test_a_configuration_goes_while_its_endpoint_is_being_deleted(sagemaker, make_endpoint):
    name = make_endpoint()
    config = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.delete_endpoint_config(EndpointConfigName=config)


def test_what_cannot_be_run_is_refused(sagemaker, make_model, hosting_role):
    variant = {"VariantName": "A", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    shadow = {**variant, "VariantName": "B", "ModelName": make_model()}
    shadows = {"ShadowProductionVariants": [shadow]}
    two = new_name("model")
    containers = [{"Image": "a", "ContainerHostname": "a"}, {"Image": "b", "ContainerHostname": "b"}]
    sagemaker.create_model(ModelName=two, ExecutionRoleArn=hosting_role, Containers=containers)
    for model, changes, words in (
        (make_model(), shadows, "shadow variants"),
        (two, {}, "a model with 2 containers"),
    ):
        name = new_name("config")
        production = [{**variant, "ModelName": model}]
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=production, **changes)
        code, message = refusal(sagemaker.create_endpoint, EndpointName=name, EndpointConfigName=name)
        assert code == "NotImplemented" and words in message
        assert refusal(sagemaker.describe_endpoint, EndpointName=name)[0] == "ValidationException"


def test_an_endpoint_in_progress_is_neither_updated_nor_deleted(sagemaker, make_config, settle, tmp_path):
    loaded = tmp_path / "loaded"
    name, config = new_name("endpoint"), make_config(LOAD_WHEN=str(loaded))
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    message = (
        f'Cannot update in-progress endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/{name}".'
    )
    assert refusal(sagemaker.delete_endpoint, EndpointName=name)[1] == message
    assert refusal(sagemaker.update_endpoint, EndpointName=name, EndpointConfigName=config)[1] == message
    loaded.touch()
    assert settle(name)[0][-1] == "InService"


def test_an_instance_type_that_does_not_exist(sagemaker, make_model):
    variant = {"VariantName": "A", "ModelName": make_model(), "InitialInstanceCount": 1}
    code, message = refusal(
        sagemaker.create_endpoint_config,
        EndpointConfigName="c",
        ProductionVariants=[{**variant, "InstanceType": "ml.g99.large"}],
    )
    assert code == "ValidationException"
    assert message.startswith(
        "1 validation error detected: Value 'ml.g99.large' at 'productionVariants.1.member.instanceType' "
        "failed to satisfy constraint: Member must satisfy enum value set: [ml.t2.medium, "
    )


def test_a_role_or_an_artifact_that_is_missing(sagemaker, client, bucket, hosting_role, function_role):
    container = {"Image": "i", "ModelDataUrl": f"s3://{bucket}/nowhere/model.tar.gz"}
    request = {"ModelName": "m", "PrimaryContainer": container}
    assert refusal(sagemaker.create_model, **request, ExecutionRoleArn=hosting_role) == (
        "ValidationException",
        f"Could not find model data at s3://{bucket}/nowhere/model.tar.gz.",
    )
    for role in (function_role, "arn:aws:iam::123456789012:role/none"):
        code, message = refusal(sagemaker.create_model, **request, ExecutionRoleArn=role)
        assert (code, message.split(".")[0]) == ("ValidationException", f"Could not assume role {role}")


@pytest.mark.parametrize(
    ("key", "compression", "told"),
    [
        ("nowhere/", "None", "Could not find model data at s3://{bucket}/nowhere/."),
        ("nowhere", "None", "S3Uri s3://{bucket}/nowhere of the type S3Prefix does not end with '/'."),
        ("nowhere/", "Gzip", "CompressionType Gzip goes with S3DataType S3Object."),
    ],
)
def test_a_prefix_holds_files_that_are_not_compressed(
    sagemaker, bucket, hosting_role, key, compression, told
):
    files = {"S3Uri": f"s3://{bucket}/{key}", "S3DataType": "S3Prefix", "CompressionType": compression}
    container = {"Image": "i", "ModelDataSource": {"S3DataSource": files}}
    request = {"ModelName": "m", "PrimaryContainer": container, "ExecutionRoleArn": hosting_role}
    assert refusal(sagemaker.create_model, **request) == ("ValidationException", told.format(bucket=bucket))


def test_lists_are_filtered_sorted_and_paged(sagemaker, make_model):
    names = [make_model(NAME="listed") for _ in range(3)]
    found = sagemaker.list_models(SortBy="Name", SortOrder="Ascending", NameContains=names[0])["Models"]
    assert [model["ModelName"] for model in found][:1] == names[:1]
    pages = sagemaker.get_paginator("list_models").paginate(PaginationConfig={"PageSize": 2})
    every = [model["ModelName"] for page in pages for model in page["Models"]]
    assert set(names) <= set(every) and len(every) == len(set(every))
    newest = sagemaker.list_models(MaxResults=3)["Models"]
    assert [model["ModelName"] for model in newest] == names[::-1]


def test_lists_are_filtered_by_time(sagemaker, make_model):
    name = make_model()
    created = sagemaker.describe_model(ModelName=name)["CreationTime"]
    second = timedelta(seconds=1)
    for bounds, expected in (
        ({"CreationTimeAfter": created - second, "CreationTimeBefore": created + second}, True),
        ({"CreationTimeAfter": created + second}, False),
        ({"CreationTimeBefore": created - second}, False),
    ):
        found = sagemaker.list_models(NameContains=name, **bounds)["Models"]
        assert (name in [model["ModelName"] for model in found]) is expected


@pytest.mark.parametrize("token", ["garbage", "-1", "\u00b2"])
def test_a_page_that_does_not_exist(sagemaker, token):
    code, message = refusal(sagemaker.list_models, NextToken=token)
    assert code == "ValidationException" and "pagination token" in message


def test_a_model_without_a_container(sagemaker, hosting_role):
    name = new_name("model")
    for containers in ({}, {"Containers": []}):
        code, message = refusal(
            sagemaker.create_model, ModelName=name, ExecutionRoleArn=hosting_role, **containers
        )
        assert code == "ValidationException" and "either PrimaryContainer or Containers" in message
    assert refusal(sagemaker.describe_model, ModelName=name)[0] == "ValidationException"


def test_tags_change(sagemaker, make_endpoint):
    name = make_endpoint()
    arn = sagemaker.describe_endpoint(EndpointName=name)["EndpointArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def invoke(runtime, name: str, body: bytes = b"x") -> dict:
    return json.loads(runtime.invoke_endpoint(EndpointName=name, Body=body)["Body"].read())
