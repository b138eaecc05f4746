"""The runtime that streams, as Lambda starts it, against a Runtime API of this machine."""

import base64
import json
import subprocess
import sys

import pytest

from model_packaging.functions import Target, function_entries
from tests.model_packaging.runtime_api import Received, RuntimeApi

HANDLER = """
import time
def predict_fn(data, model):
    return {"whole": data}
def stream_fn(data, model):
    if data["do"] == "refuse":
        raise ValueError("no text in it")
    for number in range(3):
        yield {"words": f"word {number} ", "bytes": b"\\xff", "lines": {"number": number}, "fail": "one "}[data["do"]]
        if data["do"] == "fail" and number:
            raise RuntimeError("lost the thread")
        time.sleep(0.1)
"""


@pytest.fixture
def start(make_model, tmp_path, cache, bare_environment):
    """Starts a function's files as Lambda does, through the wrapper; gives the Runtime API."""
    api, processes = RuntimeApi(), []

    def run(handler: str = HANDLER) -> RuntimeApi:
        root = tmp_path / "task"
        for entry in function_entries(make_model({"inference.py": handler}), tmp_path, cache, Target()):
            file = root / entry.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(entry.source.read_bytes())
            file.chmod(0o755 if entry.executable else 0o644)
        environment = {
            **bare_environment,
            "LAMBDA_TASK_ROOT": str(root),
            "AWS_LAMBDA_RUNTIME_API": api.address,
        }
        command = [str(root / "modelyard_host" / "stream.sh"), sys.executable, "/var/runtime/bootstrap.py"]
        processes.append(subprocess.Popen(command, env=environment, cwd="/"))
        return api

    yield run
    for process in processes:
        process.kill()
        process.wait()
    api.close()


def http(do: str, method: str = "POST") -> dict:
    return {
        "version": "2.0",
        "requestContext": {"http": {"method": method}},
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"do": do}),
        "isBase64Encoded": False,
    }


def ask(api: RuntimeApi, event: dict) -> Received:
    api.events.put(event)
    return api.received.get(timeout=20)


def test_an_http_event_is_answered_as_the_parts_are_made(start):
    got = ask(start(), http("words"))
    assert got.path == "/2018-06-01/runtime/invocation/request-1/response"
    assert got.headers["Lambda-Runtime-Function-Response-Mode"] == "streaming"
    assert got.headers["Content-Type"] == "application/vnd.awslambda.http-integration-response"
    assert got.headers["Transfer-Encoding"] == "chunked"
    assert got.prelude == {"statusCode": 200, "headers": {"content-type": "text/plain; charset=utf-8"}}
    assert got.content == b"word 0 word 1 word 2 "
    assert len(got.chunks) == 4
    assert got.times[-1] - got.times[1] >= 0.2
    assert got.trailers == {}


@pytest.mark.parametrize(
    ("do", "content_type", "content"),
    [
        ("bytes", "application/octet-stream", b"\xff\xff\xff"),
        ("lines", "application/x-ndjson", b'{"number":0}\n{"number":1}\n{"number":2}\n'),
    ],
)
def test_parts_say_their_content_type(start, do, content_type, content):
    got = ask(start(), http(do))
    assert got.prelude["headers"] == {"content-type": content_type}
    assert got.content.replace(b": ", b":") == content


def test_a_refusal_before_the_first_part_has_its_status(start):
    got = ask(start(), http("refuse"))
    assert got.prelude["statusCode"] == 400
    assert json.loads(got.content)["error"] == "no text in it"


def test_an_error_after_a_part_is_in_the_trailers_and_the_next_event_is_answered(start):
    api = start()
    got = ask(api, http("fail"))
    assert got.content == b"one one "
    assert got.trailers["Lambda-Runtime-Function-Error-Type"] == "HandlerFault"
    told = json.loads(base64.b64decode(got.trailers["Lambda-Runtime-Function-Error-Body"]))
    assert told["errorMessage"] == "stream_fn raised RuntimeError: lost the thread"
    assert ask(api, http("words")).content == b"word 0 word 1 word 2 "


def test_a_direct_event_is_answered_in_one_piece(start):
    api = start()
    got = ask(api, {"do": "words"})
    assert "Lambda-Runtime-Function-Response-Mode" not in got.headers
    assert json.loads(got.body) == {"whole": {"do": "words"}}


def test_a_direct_event_that_the_handler_refuses_is_an_error(start):
    got = ask(start("def predict_fn(data, model):\n    raise ValueError('too long')"), {"x": 1})
    assert got.path == "/2018-06-01/runtime/invocation/request-1/error"
    assert got.headers["Lambda-Runtime-Function-Error-Type"] == "BadRequest"
    assert json.loads(got.body)["errorMessage"] == "too long"


def test_another_method_is_refused_in_the_same_form(start):
    assert ask(start(), http("words", "GET")).prelude["statusCode"] == 405


def test_a_handler_without_stream_fn_answers_in_the_same_form(start):
    got = ask(start("def predict_fn(data, model):\n    return data"), http("words"))
    assert (got.prelude["statusCode"], json.loads(got.content)) == (200, {"do": "words"})


def test_a_handler_that_does_not_load_is_told_at_once(start):
    got = start("predict_fn = print\nraise RuntimeError('no weights')").received.get(timeout=20)
    assert got.path == "/2018-06-01/runtime/init/error"
    assert json.loads(got.body)["errorMessage"] == "no weights"
    assert got.headers["Lambda-Runtime-Function-Error-Type"] == "RuntimeError"
