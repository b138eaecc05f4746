"""Data capture: requests and answers as AWS's JSON lines in S3."""

import base64
import json
import re

import pytest

from tests.infra.local.conftest import new_name


@pytest.fixture(scope="module")
def make_captured(sagemaker, make_model, settle, bucket):
    """Makes an endpoint that captures; gives its name and the prefix of what it keeps."""

    def make(percent: int = 100, modes=("Input", "Output"), enabled: bool = True) -> tuple[str, str]:
        name = new_name("captured")
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": make_model(),
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        capture = {
            "EnableCapture": enabled,
            "InitialSamplingPercentage": percent,
            "DestinationS3Uri": f"s3://{bucket}/captured/{name}/",
            "CaptureOptions": [{"CaptureMode": mode} for mode in modes],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        }
        sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant], DataCaptureConfig=capture
        )
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        settle(name)
        return name, f"captured/{name}/{name}/AllTraffic/"

    return make


@pytest.fixture(scope="module")
def kept(client, bucket):
    def lines(prefix: str) -> list[tuple[str, dict]]:
        s3 = client("s3")
        found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        return [
            (item["Key"], json.loads(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()))
            for item in found
        ]

    return lines


def test_a_request_and_its_answer_are_kept(runtime, make_captured, kept):
    name, prefix = make_captured()
    answer = runtime.invoke_endpoint(
        EndpointName=name,
        Body=b"\xff\x00",
        ContentType="application/x-npy",
        InferenceId="mine",
        CustomAttributes="trace=7",
    )
    body = answer["Body"].read().decode()
    ((key, line),) = kept(prefix)
    assert re.fullmatch(re.escape(prefix) + r"\d{4}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{3}-[0-9a-f-]{36}\.jsonl", key)
    metadata = line["eventMetadata"]
    assert key.endswith(f"{metadata.pop('eventId')}.jsonl")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", metadata.pop("inferenceTime"))
    assert line == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "application/x-npy",
                "mode": "INPUT",
                "data": base64.b64encode(b"\xff\x00").decode(),
                "encoding": "BASE64",
            },
            "endpointOutput": {
                "observedContentType": "application/json",
                "mode": "OUTPUT",
                "data": body,
                "encoding": "JSON",
            },
        },
        "eventMetadata": {"customAttributes": ["trace=7"], "inferenceId": "mine"},
        "eventVersion": "0",
    }


def test_only_the_side_that_is_asked_for(runtime, make_captured, kept):
    name, prefix = make_captured(modes=("Input",))
    runtime.invoke_endpoint(EndpointName=name, Body=b"x")
    ((_, line),) = kept(prefix)
    assert list(line["captureData"]) == ["endpointInput"]


def test_a_share_is_a_share(runtime, make_captured, kept):
    name, prefix = make_captured(percent=50)
    for _ in range(100):
        runtime.invoke_endpoint(EndpointName=name, Body=b"x")
    assert 20 <= len(kept(prefix)) <= 80


def test_nothing_is_kept_where_it_is_not_enabled(runtime, make_captured, kept):
    name, prefix = make_captured(enabled=False)
    runtime.invoke_endpoint(EndpointName=name, Body=b"x")
    assert kept(prefix) == []
