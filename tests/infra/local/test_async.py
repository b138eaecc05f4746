"""Asynchronous inference: requests through S3 and SNS, at any number of instances."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.conftest import new_name, until


@pytest.fixture(scope="module")
def topics(client) -> dict[str, str]:
    """A queue's URL by the ARN of the topic that it listens to."""
    sns, sqs = client("sns"), client("sqs")
    found = {}
    for kind in ("success", "error"):
        topic = sns.create_topic(Name=new_name(kind))["TopicArn"]
        url = sqs.create_queue(QueueName=new_name(kind))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        found[kind] = (topic, url)
    return found


@pytest.fixture(scope="module")
def make_async(sagemaker, make_model, settle, bucket, topics):
    """Makes an asynchronous endpoint; gives its name."""

    def make(limit: int = 2, included: tuple[str, ...] = (), **environment: str) -> str:
        name = new_name("async")
        sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            **async_config(bucket, topics, make_model(**environment), limit, included),
        )
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        assert settle(name)[0][-1] == "InService"
        return name

    return make


def async_config(bucket, topics, model: str, limit: int = 2, included: tuple[str, ...] = ()) -> dict:
    notification = {"SuccessTopic": topics["success"][0], "ErrorTopic": topics["error"][0]}
    if included:
        notification["IncludeInferenceResponseIn"] = list(included)
    return {
        "ProductionVariants": [
            {
                "VariantName": "AllTraffic",
                "ModelName": model,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
        "AsyncInferenceConfig": {
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": limit},
            "OutputConfig": {
                "S3OutputPath": f"s3://{bucket}/output/",
                "S3FailurePath": f"s3://{bucket}/failure",
                "NotificationConfig": notification,
            },
        },
    }


@pytest.fixture(scope="module")
def send(client, runtime, bucket):
    """Sends one request through S3; gives the answer to it."""

    def post(name: str, body: bytes, **settings) -> dict:
        key = f"input/{new_name('input')}"
        client("s3").put_object(Bucket=bucket, Key=key, Body=body)
        return runtime.invoke_endpoint_async(
            EndpointName=name, InputLocation=f"s3://{bucket}/{key}", **settings
        )

    return post


@pytest.fixture(scope="module")
def read(client):
    """What lies at an S3 address; None where nothing does."""

    def get(uri: str) -> dict | None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            found = client("s3").get_object(Bucket=bucket, Key=key)
        except ClientError:
            return None
        return {"body": found["Body"].read(), "content_type": found["ContentType"]}

    return get


@pytest.fixture(scope="module")
def messages(client, topics):
    """The messages of a topic about these inference ids, by id; waits until each has one."""

    def get(kind: str, ids: set[str], seconds: float = 10) -> dict[str, list[dict]]:
        found: dict[str, list[dict]] = {}
        deadline = time.monotonic() + seconds
        while ids - set(found) and time.monotonic() < deadline:
            answer = client("sqs").receive_message(QueueUrl=topics[kind][1], MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                client("sqs").delete_message(QueueUrl=topics[kind][1], ReceiptHandle=message["ReceiptHandle"])
                told = json.loads(json.loads(message["Body"])["Message"])
                found.setdefault(told["inferenceId"], []).append(told)
        assert not ids - set(found)
        return {key: found[key] for key in ids}

    return get


def scale(sagemaker, settle, name: str, count: int) -> dict:
    desired = [{"VariantName": "AllTraffic", "DesiredInstanceCount": count}]
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=desired)
    (variant,) = settle(name)[1]["ProductionVariants"]
    return variant


def test_the_configuration_is_returned_as_it_was_sent(sagemaker, make_model, bucket, topics):
    name = new_name("config")
    config = async_config(bucket, topics, make_model())
    sagemaker.create_endpoint_config(EndpointConfigName=name, **config)
    shown = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert {key: shown[key] for key in config} == config


def test_a_request_is_answered_in_s3_and_told_to_the_topic(make_async, send, read, messages, bucket):
    name = make_async()
    sent = send(name, b"hello", ContentType="text/csv", Accept="application/json", InferenceId="first")
    assert sent["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert sent["InferenceId"] == "first"
    assert sent["OutputLocation"] == f"s3://{bucket}/output/first.out"
    assert sent["FailureLocation"] == f"s3://{bucket}/failure/first-error.out"
    (told,) = messages("success", {"first"})["first"]
    answer = read(sent["OutputLocation"])
    seen = json.loads(answer["body"])
    assert (seen["length"], seen["content_type"], seen["accept"]) == (5, "text/csv", "application/json")
    assert answer["content_type"] == "application/json"
    location = told["requestParameters"].pop("inputLocation")
    assert location.startswith(f"s3://{bucket}/input/")
    received, event = (datetime.fromisoformat(told.pop(key)) for key in ("receivedTime", "eventTime"))
    assert timedelta(0) <= event - received < timedelta(seconds=20)
    assert told == {
        "awsRegion": "us-east-1",
        "invocationStatus": "Completed",
        "requestParameters": {
            "endpointName": name,
            "contentType": "text/csv",
            "accept": "application/json",
        },
        "responseParameters": {
            "contentType": "application/json",
            "outputLocation": sent["OutputLocation"],
        },
        "inferenceId": "first",
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    assert read(sent["FailureLocation"]) is None


def test_a_body_in_the_request_itself(runtime, make_async, read, messages):
    name = make_async(included=("SUCCESS_NOTIFICATION_TOPIC",))
    sent = runtime.invoke_endpoint_async(EndpointName=name, Body=b"inline", Filename="mine.json")
    assert sent["OutputLocation"].endswith("/output/mine.json")
    (told,) = messages("success", {sent["InferenceId"]})[sent["InferenceId"]]
    assert "inputLocation" not in told["requestParameters"]
    assert json.loads(read(sent["OutputLocation"])["body"])["length"] == 6
    assert told["responseBody"]["encoding"] == "BASE64"


def test_a_request_that_the_model_refuses_gives_one_failure_and_stops_nobody(
    make_async, send, read, messages
):
    name = make_async(limit=1)
    poison, good = send(name, b"status 400"), send(name, b"good")
    (told,) = messages("error", {poison["InferenceId"]})[poison["InferenceId"]]
    assert told["invocationStatus"] == "Failed"
    assert told["failureReason"] == (
        "ClientError: Received client error (400) from model. See the SageMaker Endpoint logs in your "
        "account for more information."
    )
    assert told["failureLocation"] == poison["FailureLocation"]
    assert read(poison["OutputLocation"]) is None
    assert json.loads(read(poison["FailureLocation"])["body"])["length"] == 10
    messages("success", {good["InferenceId"]})
    assert json.loads(read(good["OutputLocation"])["body"])["length"] == 4


def test_an_input_that_is_not_there(runtime, make_async, messages, bucket):
    location = f"s3://{bucket}/input/none"
    sent = runtime.invoke_endpoint_async(EndpointName=make_async(), InputLocation=location)
    (told,) = messages("error", {sent["InferenceId"]})[sent["InferenceId"]]
    assert (
        told["failureReason"] == f"ClientError: Failed to download the input payload: {location}: NoSuchKey"
    )


def test_requests_at_zero_instances_wait_and_are_answered_when_there_are_some(
    sagemaker, make_async, settle, send, read, messages
):
    name = make_async()
    variant = scale(sagemaker, settle, name, 0)
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (0, 0)
    sent = [send(name, b"x" * number) for number in range(1, 11)]
    time.sleep(0.5)
    assert [read(one["OutputLocation"]) for one in sent] == [None] * 10
    desired = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}]
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=desired)
    found = sagemaker.describe_endpoint(EndpointName=name)
    (variant,) = found["ProductionVariants"]
    assert found["EndpointStatus"] == "Updating"
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (0, 2)
    assert settle(name)[1]["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    told = messages("success", {one["InferenceId"] for one in sent})
    assert {len(each) for each in told.values()} == {1}
    lengths = [json.loads(read(one["OutputLocation"])["body"])["length"] for one in sent]
    assert lengths == list(range(1, 11))


def test_concurrency_follows_the_count(sagemaker, make_async, settle, send, read, tmp_path):
    name = make_async(limit=2)
    # `wait` announces itself beside the file that it waits for
    files = [tmp_path / f"go{number}" for number in range(5)]
    sent = [send(name, f"wait {file}".encode()) for file in files]

    def reached() -> int:
        return len(list(tmp_path.glob("*.reached")))

    until(lambda: reached() == 2)
    time.sleep(0.5)
    assert reached() == 2
    scale(sagemaker, settle, name, 2)
    until(lambda: reached() == 4)
    for file in files:
        file.touch()
    until(lambda: all(read(one["OutputLocation"]) for one in sent))


def test_a_container_that_is_killed_costs_no_request(make_async, send, read, messages, tmp_path):
    name = make_async(limit=4)
    once = tmp_path / "once"
    killing = send(name, f"die-once {once}".encode())
    others = [send(name, b"other") for _ in range(5)]
    ids = {one["InferenceId"] for one in [killing, *others]}
    told = messages("success", ids, seconds=20)
    assert {len(each) for each in told.values()} == {1}
    assert once.exists()
    assert all(read(one["OutputLocation"]) for one in [killing, *others])


def test_a_request_that_always_kills_is_given_up(make_async, send, messages):
    name = make_async()
    sent = send(name, b"die")
    (told,) = messages("error", {sent["InferenceId"]}, seconds=30)[sent["InferenceId"]]
    assert told["failureReason"].startswith("ModelError: the container ended 3 times amid the request")


def test_a_timeout_of_a_request(make_async, send, messages):
    sent = send(make_async(), b"sleep 5", InvocationTimeoutSeconds=1)
    (told,) = messages("error", {sent["InferenceId"]})[sent["InferenceId"]]
    assert told["failureReason"] == "ModelError: no response from the container within 1 seconds."


def test_an_update_at_zero_instances(
    sagemaker, make_async, make_model, settle, send, read, messages, bucket, topics
):
    name, config = make_async(NAME="old"), new_name("config")
    scale(sagemaker, settle, name, 0)
    sent = send(name, b"x")
    sagemaker.create_endpoint_config(
        EndpointConfigName=config, **async_config(bucket, topics, make_model(NAME="new"))
    )
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
    (variant,) = settle(name)[1]["ProductionVariants"]
    assert variant["CurrentInstanceCount"] == 1
    messages("success", {sent["InferenceId"]})
    assert json.loads(read(sent["OutputLocation"])["body"])["name"] == "new"


def test_an_update_that_retains_zero_instances(sagemaker, make_async, make_model, settle, bucket, topics):
    name, config = make_async(), new_name("config")
    scale(sagemaker, settle, name, 0)
    sagemaker.create_endpoint_config(EndpointConfigName=config, **async_config(bucket, topics, make_model()))
    sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config, RetainAllVariantProperties=True)
    (variant,) = settle(name)[1]["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (0, 0)


def test_what_is_refused(sagemaker, runtime, make_async, make_endpoint, make_config):
    async_name, name = make_async(), make_endpoint()

    def refusal(call, **request) -> str:
        with pytest.raises(ClientError) as caught:
            call(**request)
        assert caught.value.response["Error"]["Code"] in ("ValidationError", "ValidationException")
        return caught.value.response["Error"]["Message"]

    location = {"InputLocation": "s3://artifacts/x"}
    invoke = runtime.invoke_endpoint_async
    assert refusal(invoke, EndpointName="none", **location) == (
        "Endpoint none of account 123456789012 not found."
    )
    assert refusal(invoke, EndpointName=name, **location) == (
        f"Endpoint {name} of account 123456789012 is not asynchronous; use InvokeEndpoint."
    )
    assert refusal(invoke, EndpointName=async_name, InputLocation="https://artifacts/x") == (
        "InputLocation https://artifacts/x is not a valid S3 URI of an object."
    )
    assert "regular expression" in refusal(invoke, EndpointName=async_name, InputLocation="artifacts/x")
    assert "either InputLocation or Body" in refusal(invoke, EndpointName=async_name)
    assert "less than or equal to 21600" in refusal(
        invoke, EndpointName=async_name, RequestTTLSeconds=21_601, **location
    )
    assert "length less than or equal to 128000" in refusal(
        invoke, EndpointName=async_name, Body=b"x" * 128_001
    )
    assert refusal(runtime.invoke_endpoint, EndpointName=async_name, Body=b"x") == (
        f"Endpoint {async_name} of account 123456789012 is asynchronous; use InvokeEndpointAsync."
    )
    desired = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}]
    assert "cannot have 0 instances" in refusal(
        sagemaker.update_endpoint_weights_and_capacities,
        EndpointName=name,
        DesiredWeightsAndCapacities=desired,
    )
    assert "an asynchronous configuration" in refusal(
        sagemaker.update_endpoint, EndpointName=async_name, EndpointConfigName=make_config()
    )


def test_what_is_not_modelled(sagemaker, make_model, bucket, topics):
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 5,
        "DestinationS3Uri": "s3://c/h",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    config = async_config(bucket, topics, make_model())
    without = {**config, "AsyncInferenceConfig": {"OutputConfig": {}}}
    for request, words in (
        ({**config, "DataCaptureConfig": capture}, "of data capture with asynchronous inference"),
        (without, "of asynchronous inference without S3OutputPath"),
    ):
        with pytest.raises(ClientError, match=words):
            sagemaker.create_endpoint_config(EndpointConfigName=new_name("config"), **request)


def test_what_cloudwatch_has_of_answered_requests(client, make_async, send, messages):
    name = make_async()
    good, bad = send(name, b"sleep 0.2"), send(name, b"status 500")
    messages("success", {good["InferenceId"]})
    messages("error", {bad["InferenceId"]})
    found = client("cloudwatch").list_metrics(
        Namespace="AWS/SageMaker", Dimensions=[{"Name": "EndpointName", "Value": name}]
    )["Metrics"]
    names = {metric["MetricName"] for metric in found}
    assert not names & {
        "Invocations",
        "InvocationsPerInstance",
        "OverheadLatency",
        "ConcurrentRequestsPerModel",
    }
    assert total(client, name, "InvocationsProcessed") == 1
    assert total(client, name, "InvocationFailures") == 1
    assert total(client, name, "Invocation5XXErrors") == 1
    assert 200_000 <= total(client, name, "ModelLatency") < 5_000_000
    assert total(client, name, "TimeInBacklog") >= 0


def total(client, name: str, metric: str) -> float:
    now = datetime.now(UTC)
    (point,) = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=[
            {"Name": "EndpointName", "Value": name},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    return point["Sum"]
