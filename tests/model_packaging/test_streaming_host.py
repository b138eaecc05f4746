"""The SageMaker host with a handler that streams: parts as they are made, one request after another."""

import contextlib
import http.client
import json

import pytest

from tests.model_packaging.test_sagemaker_host import JSON, send, start, wait_until_up

HANDLER = """
import time
from pathlib import Path


def predict_fn(data, model):
    return {"whole": True}


def stream_fn(data, model):
    if "refuse" in data:
        raise ValueError("not this")
    yield "first "
    while not Path(data["until"]).exists():
        time.sleep(0.01)
    yield "second"
"""
STREAMED = {**JSON, "accept": "text/event-stream"}


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    (folder / "inference.py").write_text(HANDLER)
    with (folder / "log").open("wb") as log:
        process, port = start(folder, log)
        wait_until_up(process, port)
        yield port
        process.terminate()
        assert process.wait(30) == 0


def test_each_part_comes_when_it_is_made(port, tmp_path):
    until = tmp_path / "until"
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("POST", "/invocations", json.dumps({"until": str(until)}), STREAMED)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        assert answer.read1() == b"first "
        until.touch()
        assert answer.read() == b"second"
    assert send(port, "POST", "/invocations", b"{}", JSON)[0] == 200  # the place is free again


def test_without_such_an_accept_the_answer_is_whole(port):
    assert json.loads(send(port, "POST", "/invocations", b"{}", JSON)[1]) == {"whole": True}


def test_what_is_refused_before_the_first_part(port):
    status, body, _ = send(port, "POST", "/invocations", b'{"refuse": 1}', STREAMED)
    assert (status, json.loads(body)["error"]) == (400, "not this")
    assert send(port, "POST", "/invocations", b"{}", JSON)[0] == 200


def test_a_caller_that_goes_away_frees_the_place(port, tmp_path):
    until = tmp_path / "until"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/invocations", json.dumps({"until": str(until)}), STREAMED)
    assert connection.getresponse().read1() == b"first "
    connection.close()
    until.touch()
    assert send(port, "POST", "/invocations", b"{}", JSON)[0] == 200
