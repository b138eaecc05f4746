"""What is not modelled answers in the format of its protocol, names itself, and is not tried again."""

import http.client
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.conftest import new_name

CALLS = [
    # JSON 1.1: moto has no method; and one that moto only pretends
    ("sagemaker", "list_hubs", {}, "sagemaker:ListHubs"),
    ("sagemaker", "start_pipeline_execution", {"PipelineName": "p", "ClientRequestToken": "x" * 32},
     "sagemaker:StartPipelineExecution"),
    # REST and JSON
    ("sagemaker-runtime", "invoke_endpoint",
     {"EndpointName": "e", "Body": b"", "TargetContainerHostname": "second"},
     "sagemaker-runtime:InvokeEndpoint with TargetContainerHostname"),
    ("lambda", "get_account_settings", {}, "lambda:GET /2016-08-19/account-settings"),
    # REST and XML
    ("s3", "get_bucket_analytics_configuration", {"Bucket": "artifacts", "Id": "i"}, "s3:GET ?analytics"),
    ("s3", "delete_bucket_metrics_configuration", {"Bucket": "artifacts", "Id": "i"}, "s3:DELETE ?metrics"),
    # query and XML
    ("iam", "simulate_custom_policy", {"PolicyInputList": ["{}"], "ActionNames": ["s3:GetObject"]},
     "iam:SimulateCustomPolicy"),
    ("ec2", "describe_fpga_images", {}, "ec2:DescribeFpgaImages"),
    # CBOR or JSON, as botocore chooses
    ("cloudwatch", "list_metric_streams", {}, "cloudwatch:ListMetricStreams"),
    # a service that moto does not have at all
    ("pricing", "describe_services", {}, "pricing:DescribeServices"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("service", "operation", "request_", "named"), CALLS, ids=[call[1] for call in CALLS]
)
def test_it_says_so_once_in_the_words_of_its_protocol(client, bucket, service, operation, request_, named):
    with pytest.raises(ClientError) as caught:
        getattr(client(service), operation)(**request_)
    response = caught.value.response
    assert response["Error"]["Code"] == "NotImplemented"
    assert response["Error"]["Message"].startswith("The embedded AWS does not model ")
    assert named in response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert response["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_bucket_is_not_deleted_by_the_deletion_of_a_part_of_it(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="survivor")
    with pytest.raises(ClientError):
        s3.delete_bucket_metrics_configuration(Bucket="survivor", Id="i")
    s3.head_bucket(Bucket="survivor")


PATHS = [
    *("/", "/nowhere/at/all", "/endpoints/x/other", "/2015-03-31/nothing", "//2015-03-31//functions"),
    *("/moto-api/", "/moto-api/reset", "/latest/meta-data/", "/favicon.ico", "/_embedded/nowhere"),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("service", ["sagemaker", "lambda", "iam", "logs", "application-autoscaling"])
def test_no_page_for_humans(running, service, path):
    scope = f"AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/{service}/aws4_request, Signature=0"
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        status, body = send(running, method, path, {"Authorization": scope})
        assert status >= 400, method
        assert b"<html" not in body.lower() and b"<!doctype" not in body.lower(), method


@pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/data.json", "/latest/meta-data/iam/info"])
def test_what_moto_answers_beside_aws_is_refused(running, client, path):
    client("s3").create_bucket(Bucket=new_name("kept"))
    before = client("s3").list_buckets()["Buckets"]
    for method in ("GET", "POST"):
        status, body = send(running, method, path, {})
        assert status == 501 and b"NotImplemented" in body
    assert client("s3").list_buckets()["Buckets"] == before


@pytest.mark.parametrize("path", ["/bucket/key", "/_embedded/health", "/2015-03-31/functions"])
def test_a_length_that_is_none(running, path):
    status, body = send(running, "POST", path, {"Content-Length": "many"})
    assert status == 400 and b"Content-Length is no number: many" in body


def test_a_page_that_somebody_stored_is_an_object(client, bucket):
    page = b"<!doctype html><title>x</title>"
    client("s3").put_object(Bucket=bucket, Key="page.html", Body=page)
    assert client("s3").get_object(Bucket=bucket, Key="page.html")["Body"].read() == page


def send(running, method: str, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """A request without a body; the status and body of its answer."""
    address = urlsplit(running.endpoint_url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
    connection.putrequest(method, path)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def test_only_the_loopback_interface_is_listened_on(running):
    import psutil

    listening = [one for one in psutil.Process(running.pid).net_connections("tcp") if one.status == "LISTEN"]
    assert [one.laddr.ip for one in listening] == ["127.0.0.1"]
