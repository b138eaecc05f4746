"""InvokeEndpoint: what reaches the container, what comes back, and what CloudWatch shows of it."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.conftest import new_name


@pytest.fixture(scope="module")
def endpoint(make_endpoint) -> str:
    return make_endpoint()


def error_of(call, **request) -> dict:
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response


def test_content_type_accept_and_attributes_go_through(runtime, endpoint):
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint,
        Body=b"\xff\x00binary",
        ContentType="application/x-npy",
        Accept="text/csv",
        CustomAttributes="trace=7",
    )
    seen = json.loads(answer["Body"].read())
    assert (seen["length"], seen["content_type"], seen["accept"]) == (8, "application/x-npy", "text/csv")
    assert answer["ContentType"] == "application/json"
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert answer["CustomAttributes"] == "trace=7"


def test_a_form_is_not_taken_apart(runtime, endpoint):
    body = b"a=1&Action=DescribeAlarms"
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint, Body=body, ContentType="application/x-www-form-urlencoded"
    )
    assert json.loads(answer["Body"].read())["length"] == len(body)


@pytest.mark.parametrize(("status", "kind"), [(400, "client"), (500, "server"), (503, "server")])
def test_an_error_of_the_model(runtime, endpoint, status, kind):
    response = error_of(runtime.invoke_endpoint, EndpointName=endpoint, Body=f"status {status}".encode())
    group = f"/aws/sagemaker/Endpoints/{endpoint}"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["Error"]["Code"] == "ModelError"
    assert response["OriginalStatusCode"] == status
    assert json.loads(response["OriginalMessage"])["length"] == 10
    assert response["LogStreamArn"] == f"arn:aws:logs:us-east-1:123456789012:log-group:{group}"
    assert response["Error"]["Message"].startswith(
        f"Received {kind} error ({status}) from primary with message"
    )


@pytest.mark.parametrize("ending", ["cut", "die"])
def test_a_container_that_ends_amid_a_request(runtime, client, make_endpoint, ending):
    name = make_endpoint()
    response = error_of(runtime.invoke_endpoint, EndpointName=name, Body=ending.encode())
    assert response["Error"]["Code"] == "ModelError"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalMessage"].startswith("The container did not answer: ")
    assert total(client, name, "Invocation5XXErrors") == 1


def test_an_endpoint_that_does_not_exist(runtime):
    response = error_of(runtime.invoke_endpoint, EndpointName="none", Body=b"x")
    assert (response["Error"]["Code"], response["Error"]["Message"]) == (
        "ValidationError",
        "Endpoint none of account 123456789012 not found.",
    )


def test_the_limit_of_a_body(runtime, endpoint):
    limit = 6_291_456
    answer = runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x" * limit)
    assert json.loads(answer["Body"].read())["length"] == limit
    response = error_of(runtime.invoke_endpoint, EndpointName=endpoint, Body=b"x" * (limit + 1))
    assert response["Error"]["Code"] == "ValidationError"
    assert response["Error"]["Message"].endswith(f"Member must have length less than or equal to {limit}")


def test_a_variant_can_be_named(sagemaker, runtime, make_model, settle):
    name = new_name("endpoint")
    variants = [
        {
            "VariantName": variant,
            "ModelName": make_model(NAME=variant),
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": weight,
        }
        for variant, weight in (("blue", 1), ("green", 0))
    ]
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    settle(name)

    def serving(**target) -> str:
        answer = runtime.invoke_endpoint(EndpointName=name, Body=b"x", **target)
        assert json.loads(answer["Body"].read())["name"] == answer["InvokedProductionVariant"]
        return answer["InvokedProductionVariant"]

    assert {serving() for _ in range(5)} == {"blue"}
    assert serving(TargetVariant="green") == "green"
    response = error_of(runtime.invoke_endpoint, EndpointName=name, Body=b"x", TargetVariant="red")
    assert response["Error"]["Code"] == "ValidationError"


def test_invocations_are_counted_as_on_aws(runtime, client, make_endpoint):
    name = make_endpoint()
    runtime.invoke_endpoint(EndpointName=name, Body=b"sleep 0.2")
    for status in (400, 500):
        error_of(runtime.invoke_endpoint, EndpointName=name, Body=f"status {status}".encode())

    assert [total(client, name, f"Invocation{kind}") for kind in ("s", "4XXErrors", "5XXErrors")] == [3, 1, 1]
    assert 200_000 <= total(client, name, "ModelLatency", "Maximum") < 2_000_000  # microseconds
    assert 0 <= total(client, name, "OverheadLatency", "Maximum") < 1_000_000


def test_output_is_in_the_log_with_its_time(client, make_endpoint):
    before = time.time() * 1000
    name = make_endpoint()
    events = client("logs").filter_log_events(logGroupName=f"/aws/sagemaker/Endpoints/{name}")["events"]
    assert [event["message"] for event in events] == ["loading ['weights.bin']"]
    assert before - 1000 <= events[0]["timestamp"] <= time.time() * 1000 + 1000


def total(client, name: str, metric: str, statistic: str = "Sum") -> float:
    """A metric of the endpoint over all that was."""
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
        Statistics=[statistic],
    )["Datapoints"]
    return point[statistic]
