"""More than the host can do, for seconds: every request is answered or refused at once, and a signal loses none."""

import http.client
import json
import threading
import time

import pytest

from tests.bench import overload
from tests.model_packaging.test_sagemaker_host import start, wait_until_up

HANDLER = """
import time
def predict_fn(data, model):
    time.sleep(0.01)
    return data
"""
RATE, SECONDS = 250, 3


@pytest.fixture
def host(tmp_path, monkeypatch):
    (tmp_path / "inference.py").write_text(HANDLER)
    monkeypatch.setenv("MODELYARD_QUEUE_SIZE", "20")
    with (tmp_path / "log").open("wb") as log:
        process, port = start(tmp_path, log)
        try:
            wait_until_up(process, port)
            yield process, port
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def bodies(tmp_path):
    file = tmp_path / "bodies"
    file.write_text("\n".join(str(number) for number in range(100)))
    return file


def test_what_is_too_much_is_refused_and_nothing_lost(host, bodies, tmp_path):
    process, port = host
    tally, watch = overload.steady(port, process.pid, bodies, RATE, SECONDS, tmp_path / "result")
    assert tally.sent > RATE and tally.accounted == tally.sent
    assert not tally.lost and not tally.unreachable
    assert tally.answered and tally.refused
    assert watch.memory and watch.pings


def test_a_signal_in_the_middle_loses_nothing(host, bodies, tmp_path):
    process, port = host
    tally, _, _ = overload.ended(process, port, bodies, RATE, 2 * SECONDS, tmp_path / "result")
    assert tally.accounted == tally.sent and not tally.lost
    assert tally.answered and tally.unreachable


def test_an_accepted_request_is_answered_after_the_signal_on_a_kept_connection(host, bodies):
    process, port = host
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    kept.request("POST", "/invocations", b"1", {"content-type": "application/json"})
    assert kept.getresponse().read() == b"1"
    process.terminate()
    time.sleep(0.3)
    kept.request("POST", "/invocations", b"2", {"content-type": "application/json"})
    answer = kept.getresponse()
    assert (answer.status, answer.read(), answer.headers["connection"]) == (200, b"2", "close")
    waiting = threading.Thread(target=process.wait)
    waiting.start()
    waiting.join(10)
    assert process.returncode == 0


SLOW = """
import time
def predict_fn(data, model):
    time.sleep(data)
    return data
"""


def test_a_kept_connection_lives_until_the_last_is_answered_and_what_comes_on_it_is_refused(tmp_path):
    (tmp_path / "inference.py").write_text(SLOW)
    with (tmp_path / "log").open("wb") as log:
        process, port = start(tmp_path, log)
        try:
            wait_until_up(process, port)
            kept, busy = (http.client.HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(2))
            for connection, body in ((kept, b"0"), (busy, b"6")):
                connection.request("POST", "/invocations", body, {"content-type": "application/json"})
            assert kept.getresponse().read() == b"0"
            process.terminate()
            time.sleep(4)
            kept.request("POST", "/invocations", b"0", {"content-type": "application/json"})
            refusal = kept.getresponse()
            assert (refusal.status, refusal.headers["connection"], refusal.headers["retry-after"]) == (
                503,
                "close",
                "1",
            )
            assert "send it again" in json.loads(refusal.read())["error"]
            assert busy.getresponse().read() == b"6"
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
