"""Answers that come in parts, from the runtime that packaging brings along."""

import http.client
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from model_packaging import hosts
from model_packaging.artifact import HOST_MODULES
from model_packaging.functions import STREAMING
from tests.infra.local.conftest import new_name, packed_zip, until
from tests.infra.local.test_function_urls import SIGNED

WRAPPER = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/modelyard_host/stream.sh"}
HANDLER = """
import time
def predict_fn(data, model):
    print("asked", data)
    return {"whole": data}
def stream_fn(data, model):
    print("asked to stream", data)
    for number in range(3):
        yield f"word {number} "
        if data == "fail":
            raise RuntimeError("lost the thread")
        time.sleep(0.3)
"""


@pytest.fixture(scope="module")
def make_streaming(functions, function_role):
    def make(handler: str = HANDLER, **settings) -> str:
        source = Path(hosts.__file__).parent
        names = [*(f"{name}.py" for name in HOST_MODULES), *STREAMING]
        files = {f"modelyard_host/{name}": (source / name).read_text() for name in names}
        name = new_name("function")
        functions.create_function(
            FunctionName=name,
            Role=function_role,
            Code={"ZipFile": packed_zip({"inference.py": handler, **files})},
            Runtime="python3.11",
            Handler="modelyard_host.aws_lambda.handler",
            Publish=True,
            Timeout=10,
            **{"Environment": {"Variables": WRAPPER}, **settings},
        )
        functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        return name

    return make


@pytest.fixture(scope="module")
def streaming(make_streaming) -> str:
    return make_streaming()


@pytest.fixture(scope="module")
def url(streaming, functions) -> str:
    return functions.create_function_url_config(
        FunctionName=streaming, Qualifier="live", AuthType="AWS_IAM", InvokeMode="RESPONSE_STREAM"
    )["FunctionUrl"]


@pytest.fixture
def send(running):
    """Sends a body to a URL; gives the status, the content type, and each piece with its time."""

    def call(url: str, data, method: str = "POST") -> tuple[int, str, list[tuple[float, bytes]]]:
        address = urlsplit(running.endpoint_url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        headers = {"Host": urlsplit(url).netloc, "Content-Type": "application/json", **SIGNED}
        connection.request(method, "/", json.dumps(data), headers)
        answer, pieces = connection.getresponse(), []
        while piece := answer.read1(65536):
            pieces.append((time.monotonic(), piece))
        return answer.status, answer.getheader("Content-Type"), pieces

    return call


def http_event(data) -> str:
    return json.dumps(
        {
            "version": "2.0",
            "requestContext": {"http": {"method": "POST"}},
            "headers": {"content-type": "application/json"},
            "body": json.dumps(data),
        }
    )


def test_a_url_sends_each_part_when_it_is_made(url, send):
    status, content_type, pieces = send(url, "go")
    assert (status, content_type) == (200, "text/plain; charset=utf-8")
    assert b"".join(piece for _, piece in pieces) == b"word 0 word 1 word 2 "
    assert pieces[-1][0] - pieces[0][0] > 0.4


def test_a_url_answers_a_refusal_with_its_status(url, send):
    status, content_type, pieces = send(url, "go", "GET")
    assert (status, content_type) == (405, "application/json")
    assert "GET is not served" in json.loads(pieces[0][1])["error"]


def test_an_error_in_the_middle_ends_the_answer(url, send, client, streaming):
    _, _, pieces = send(url, "fail")
    assert b"".join(piece for _, piece in pieces) == b"word 0 "
    logs = client("logs")

    def told() -> bool:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{streaming}")["events"]
        return any("lost the thread" in event["message"] for event in events)

    until(told)


def test_invoke_gives_the_whole_answer(functions, streaming):
    answer = functions.invoke(FunctionName=streaming, Payload=json.dumps("direct"), LogType="Tail")
    assert json.loads(answer["Payload"].read()) == {"whole": "direct"}


def test_invoke_with_response_stream_sends_events(functions, streaming):
    answer = functions.invoke_with_response_stream(
        FunctionName=streaming, Qualifier="live", Payload=http_event("go")
    )
    came, parts, complete = [], b"", None
    for event in answer["EventStream"]:
        came.append(time.monotonic())
        parts += event.get("PayloadChunk", {}).get("Payload", b"")
        complete = event.get("InvokeComplete", complete)
    assert parts.partition(b"\0" * 8)[2] == b"word 0 word 1 word 2 "
    assert json.loads(parts.partition(b"\0" * 8)[0])["statusCode"] == 200
    assert "ErrorCode" not in complete
    assert answer["ExecutedVersion"] == "1"
    assert came[-1] - came[0] > 0.4


def test_an_error_is_in_the_last_event(functions, streaming):
    answer = functions.invoke_with_response_stream(FunctionName=streaming, Payload=http_event("fail"))
    *_, last = answer["EventStream"]
    assert last["InvokeComplete"]["ErrorCode"] == "HandlerFault"
    assert "lost the thread" in last["InvokeComplete"]["ErrorDetails"]


def test_an_answer_in_one_piece_is_one_event(functions, make_function):
    name = make_function("def handler(event, context): return {'a': event}")
    answer = functions.invoke_with_response_stream(FunctionName=name, Payload=b'"x"')
    first, last = answer["EventStream"]
    assert json.loads(first["PayloadChunk"]["Payload"]) == {"a": "x"}
    assert set(last) == {"InvokeComplete"}


def test_a_function_that_is_not_there_is_an_error_of_the_request(functions):
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke_with_response_stream(FunctionName="absent", Payload=b"{}")


def test_a_handler_that_does_not_load_is_told(functions, make_streaming):
    name = make_streaming("raise RuntimeError('no weights')")
    answer = functions.invoke(FunctionName=name, Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorMessage"] == "no weights"


def test_another_wrapper_is_refused_loudly(functions, make_streaming):
    name = make_streaming(Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/otel"}})
    with pytest.raises(
        ClientError, match="does not model lambda:Invoke with AWS_LAMBDA_EXEC_WRAPPER /opt/otel"
    ):
        functions.invoke(FunctionName=name)


def test_a_streaming_function_can_be_provisioned(functions, make_streaming):
    name = make_streaming()
    asked = {"FunctionName": name, "Qualifier": "live"}
    functions.put_provisioned_concurrency_config(**asked, ProvisionedConcurrentExecutions=1)
    until(lambda: functions.get_provisioned_concurrency_config(**asked)["Status"] == "READY")
    answer = functions.invoke(**asked, Payload=b"1")
    assert json.loads(answer["Payload"].read()) == {"whole": 1}
