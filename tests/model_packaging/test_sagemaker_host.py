"""The SageMaker host as a process of its own on a free port."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_packaging.hosts.settings import BODY_LIMIT_BYTES

HANDLER = """
import pathlib, time
def predict_fn(data, model):
    if isinstance(data, dict) and "until" in data:
        until = pathlib.Path(data["until"])
        until.with_suffix(".waiting").touch()
        while not until.exists():
            time.sleep(0.01)
        return "waited"
    if data == "what no codec writes":
        return object()
    if data == "raise":
        raise RuntimeError("cannot do it")
    return {"got": data}
"""
JSON = {"content-type": "application/json"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(model_dir, log):
    port = free_port()
    environment = {
        **os.environ,
        "SM_MODEL_DIR": str(model_dir),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "MODELYARD_BIND": "127.0.0.1",
    }
    command = [sys.executable, "-m", "model_packaging.hosts.sagemaker"]
    return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT), port


def send(port, method, path, body=None, headers=None, **options):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers or {}, **options)
        response = connection.getresponse()
        return response.status, response.read(), dict(response.headers)
    finally:
        connection.close()


def answers(port):
    try:
        return send(port, "GET", "/ping")[0] == 200
    except OSError:
        return False


def wait(happened):
    end = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def wait_until_up(process, port):
    wait(lambda: process.poll() is not None or answers(port))
    assert process.poll() is None, "the host ended"


@contextlib.contextmanager
def at_work(port, folder):
    """A request that is being answered until the block ends; its future."""
    until = folder / "until"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        body = json.dumps({"until": str(until)})
        running = pool.submit(send, port, "POST", "/invocations", body, JSON)
        try:
            wait(until.with_suffix(".waiting").exists)
            yield running
        finally:
            until.touch()


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("host") / "log"


@pytest.fixture(scope="module")
def host(tmp_path_factory, log):
    """The port of a running host."""
    model_dir = tmp_path_factory.mktemp("model")
    (model_dir / "code").mkdir()
    (model_dir / "code" / "inference.py").write_text(HANDLER)
    with log.open("wb") as output:
        process, port = start(model_dir, output)
        try:
            wait_until_up(process, port)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=30)


def test_a_prediction(host):
    status, body, headers = send(host, "POST", "/invocations", b'{"a": [1, 2.5, "x"]}', JSON)
    assert (status, json.loads(body)) == (200, {"got": {"a": [1, 2.5, "x"]}})
    assert headers["content-type"] == "application/json" and headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    "method, path, body, headers, status, told",
    [
        ("POST", "/invocations", b"{", JSON, 400, "not JSON"),
        ("POST", "/invocations", b"NaN", JSON, 400, "holds NaN"),
        ("POST", "/invocations", b"[" * 1_000_000, JSON, 400, "nested too deeply"),
        ("POST", "/invocations", b"1", {"content-type": "image/png"}, 415, "image/png is not supported"),
        ("POST", "/invocations", b"1", {**JSON, "accept": "image/png"}, 406, "image/png cannot be given"),
        ("POST", "/invocations", b"1,2\n3", {"content-type": "text/csv"}, 400, "Row 2 has 1 cells"),
        ("POST", "/invocations", b"x", {"content-type": "application/x-npy"}, 400, "not NPY"),
        ("POST", "/invocations", b'"what no codec writes"', JSON, 500, "object has no JSON form"),
        ("POST", "/invocations", b'"raise"', JSON, 500, "predict_fn raised RuntimeError: cannot do it"),
        ("POST", "/invocations", b" " * (BODY_LIMIT_BYTES + 1), JSON, 413, "longer than 6291456 bytes"),
        ("GET", "/invocations", None, {}, 405, "GET /invocations is not served"),
        ("GET", "/elsewhere", None, {}, 404, "GET /elsewhere is not served"),
    ],
)
def test_a_fault_is_one_line_of_json_with_the_callers_request_id(
    host, method, path, body, headers, status, told
):
    got, answer, back = send(host, method, path, body, {**headers, "x-amzn-requestid": "request-7"})
    said = json.loads(answer)
    assert got == status
    assert told in said["error"] and "\n" not in said["error"]
    assert said["request_id"] == back["x-amzn-requestid"] == "request-7"


def test_a_request_id_that_would_break_a_header_is_replaced(host):
    said = json.loads(send(host, "POST", "/invocations", b"{", {**JSON, "x-amzn-requestid": "a b<c>"})[1])
    assert len(said["request_id"]) == 36


def test_the_largest_body_is_taken(host):
    body = b'"' + b"a" * (BODY_LIMIT_BYTES - 2) + b'"'
    assert send(host, "POST", "/invocations", body, JSON)[0] == 200


def test_a_body_of_unknown_length_is_limited_too(host):
    head = b"POST /invocations HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    length = BODY_LIMIT_BYTES + 1
    with socket.create_connection(("127.0.0.1", host), timeout=30) as connection:
        connection.sendall(head + f"{length:x}\r\n".encode() + b" " * length)
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=300),
    st.sampled_from(["application/json", "application/json; charset=x", "", "x/;;=", "text/csv"]),
)
def test_no_body_brings_the_host_down(host, body, content_type):
    status, answer, _ = send(host, "POST", "/invocations", body, {"content-type": content_type})
    assert status in (200, 400, 415)
    json.loads(answer)


def test_ping_answers_while_a_request_is_at_work(host, tmp_path):
    with at_work(host, tmp_path) as running:
        assert send(host, "GET", "/ping")[0] == 200
        assert not running.done()
    assert running.result()[:2] == (200, b'"waited"')


def test_a_client_that_hangs_up_harms_nobody(host):
    with socket.create_connection(("127.0.0.1", host)) as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf")
    assert send(host, "POST", "/invocations", b"1", JSON)[0] == 200


def test_the_log_has_one_line_a_fault_and_the_traceback_of_a_failure(host, log):
    send(host, "POST", "/invocations", b'"raise"', {**JSON, "x-amzn-requestid": "request-9"})
    text = log.read_text()
    (line,) = [line for line in text.splitlines() if "request-9" in line]
    told = json.loads(line)
    assert told["message"] == "predict_fn raised RuntimeError: cannot do it"
    assert (told["level"], told["status"], told["batch_size"]) == ("error", 500, 1)
    assert told["queue_ms"] >= 0 and told["model_ms"] >= 0 and told["time"].endswith("Z")
    assert 'in predict_fn\n    raise RuntimeError("cannot do it")' in text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_ends_with_0(tmp_path, number):
    (tmp_path / "inference.py").write_text(HANDLER)
    with (tmp_path / "log").open("wb") as output:
        process, port = start(tmp_path, output)
        wait_until_up(process, port)
        with at_work(port, tmp_path) as running:
            process.send_signal(number)
            wait(lambda: not answers(port))
            assert not running.done() and process.poll() is None
        assert running.result()[:2] == (200, b'"waited"')
        assert process.wait(timeout=10) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    "source, told",
    [
        ("raise RuntimeError('no weights here')", "RuntimeError: no weights here"),
        ("def predict_fn(data, model)", "SyntaxError"),
        ("x = 1", "has no predict_fn"),
        (None, "has neither code/inference.py nor inference.py"),
    ],
)
def test_a_handler_that_cannot_load_ends_the_process_with_its_traceback(tmp_path, source, told):
    if source is not None:
        (tmp_path / "inference.py").write_text(source)
    with (tmp_path / "log").open("wb") as output:
        process, port = start(tmp_path, output)
        assert process.wait(timeout=30) == 1
    text = (tmp_path / "log").read_text()
    assert "Traceback (most recent call last)" in text and told in text.splitlines()[-1]
    with pytest.raises(ConnectionRefusedError):
        send(port, "GET", "/ping")
