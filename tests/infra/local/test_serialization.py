"""Requests that AWS could not read: broken JSON, wrong types, operations that do not exist."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.infra.local.conftest import new_name

TARGETS = {
    "sagemaker": "SageMaker",
    "application-autoscaling": "AnyScaleFrontendService",
    "logs": "Logs_20140328",
}


@pytest.fixture
def post(running):
    """Sends a body as it is; gives the status, AWS's code, and the message."""

    def send(service: str, operation: str, body: bytes, method: str = "POST") -> tuple[int, str, str]:
        address = urlsplit(running.endpoint_url)
        scope = f"AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/{service}/aws4_request, Signature=0"
        headers = {"Authorization": scope}
        if service in TARGETS:
            headers |= {
                "X-Amz-Target": f"{TARGETS[service]}.{operation}",
                "Content-Type": "application/x-amz-json-1.1",
            }
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        connection.request(method, "/" if service in TARGETS else operation, body, headers)
        answer = connection.getresponse()
        content = json.loads(answer.read() or b"{}")
        connection.close()
        return answer.status, answer.headers.get("x-amzn-ErrorType", ""), content.get("message", "")

    return send


FUNCTIONS = "/2015-03-31/functions"


@pytest.mark.parametrize(
    ("service", "operation", "body", "words"),
    [
        ("sagemaker", "CreateModel", b'{"ModelName": 3}', "Number can not be converted to string at 'ModelName'"),
        ("sagemaker", "CreateModel", b'[{"ModelName": "m"}]', "List can not be converted to structure at ''"),
        ("sagemaker", "CreateModel", b'{"ModelName": "m"', "The request is no JSON: "),
        ("sagemaker", "CreateModel", b"\xff\xfe{\0}\0", "The request is no JSON: "),
        ("sagemaker", "CreateModel", b"[" * 200_000, "The request is no JSON: "),
        ("sagemaker", "CreateModel", b'{"Tags": {"a": "b"}}', "Object can not be converted to list at 'Tags'"),
        ("sagemaker", "CreateModel", b'{"Tags": ["a"]}', "String can not be converted to structure at 'Tags.1'"),
        (
            "sagemaker",
            "CreateModel",
            b'{"PrimaryContainer": {"Environment": {"A": true}}}',
            "Boolean can not be converted to string at 'PrimaryContainer.Environment.A'",
        ),
        ("sagemaker", "ListModels", b'{"MaxResults": "3"}', "String can not be converted to integer at 'MaxR"),
        ("sagemaker", "ListModels", b'{"MaxResults": 3.5}', "Number can not be converted to integer at 'MaxR"),
        ("sagemaker", "ListModels", b'{"CreationTimeAfter": "soon"}', "String can not be converted to timestamp"),
        ("application-autoscaling", "TagResource", b'{"Tags": []}', "List can not be converted to map at 'Tags'"),
        ("logs", "CreateLogGroup", b'{"logGroupName": 3}', "Number can not be converted to string"),
        ("lambda", FUNCTIONS, b'{"MemorySize": "much"}', "String can not be converted to integer"),
        ("lambda", FUNCTIONS, b'{"Code": {"ZipFile": "a"}}', "String can not be converted to blob"),
        ("lambda", FUNCTIONS, b"{", "The request is no JSON: "),
    ],
)  # fmt: skip
def test_what_aws_cannot_read(post, service, operation, body, words):
    status, code, message = post(service, operation, body)
    assert (status, code) == (400, "SerializationException")
    assert message.startswith(words)


@pytest.mark.parametrize("service", TARGETS)
def test_an_operation_that_does_not_exist(post, service):
    assert post(service, "MakeCoffee", b"{}") == (
        400,
        "UnknownOperationException",
        "There is no operation MakeCoffee.",
    )


def test_what_it_can_read(post, make_function):
    assert post("sagemaker", "ListModels", b'{"MaxResults": 3, "NextToken": null, "Other": 1}')[0] == 200
    assert post("sagemaker", "ListModels", b'{"MaxResults": 3.0, "CreationTimeAfter": 1.5e9}')[0] == 200
    assert post("sagemaker", "ListModels", b"")[0] == 200
    assert post("logs", "CreateLogGroup", json.dumps({"logGroupName": new_name("group")}).encode())[0] == 200
    name = make_function("def handler(event, context): return len(event)\n")
    assert post("lambda", f"{FUNCTIONS}/{name}/invocations", b"x")[1:] != ("SerializationException", "")
    answer = post("lambda", f"{FUNCTIONS}/{name}/configuration", b'{"MemorySize": 256}', method="PUT")
    assert answer[0] == 200
