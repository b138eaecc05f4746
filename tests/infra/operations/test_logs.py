"""The last lines of a log: of what was started last, and not of what wrote last."""

import os
import time

import boto3
import pytest
from moto import mock_aws

from infra.operations import logs

GROUP = "/aws/sagemaker/Endpoints/dev-shop-rank"


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client(
            "logs", region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any"
        )


def write(client, stream: str, *lines: str) -> None:
    now = round(time.time() * 1000)
    events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    client.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def test_while_an_update_fails_what_serves_goes_on_writing(client):
    client.create_log_group(logGroupName=GROUP)
    client.create_log_stream(logGroupName=GROUP, logStreamName="AllTraffic/i-serving")
    first = client.describe_log_streams(logGroupName=GROUP)["logStreams"][0]["creationTime"]
    number = 0
    while True:  # until the clock shows another millisecond
        name = f"AllTraffic/i-failing-{number}"
        client.create_log_stream(logGroupName=GROUP, logStreamName=name)
        made = client.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=name)["logStreams"][0]
        if made["creationTime"] > first:
            break
        number += 1
    write(client, name, "Traceback", "RuntimeError: no weights\n")
    write(client, "AllTraffic/i-serving", "POST /invocations 200")
    assert logs.tail(client, "RealtimeEndpoint", "dev-shop-rank") == ["Traceback", "RuntimeError: no weights"]
    assert logs.tail(client, "RealtimeEndpoint", "dev-shop-rank", lines=1) == ["RuntimeError: no weights"]


def test_without_a_group_or_a_stream_there_are_no_lines(client):
    assert logs.tail(client, "RealtimeEndpoint", "dev-shop-rank") == []
    client.create_log_group(logGroupName=GROUP)
    assert logs.tail(client, "RealtimeEndpoint", "dev-shop-rank") == []
