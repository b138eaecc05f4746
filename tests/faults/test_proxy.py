"""The proxy that loses answers: what it calls an operation, and what it lets through."""

import email.message
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.faults.proxy import (
    SERVER,
    Call,
    Fault,
    Faults,
    between,
    is_read,
    none,
    once_each,
    operation,
    weather,
)


def headers(**given: str) -> email.message.Message:
    made = email.message.Message()
    for name, value in given.items():
        made[name.replace("_", "-")] = value
    return made


@pytest.mark.parametrize(
    "method, path, given, body, name",
    [
        ("POST", "/", {"X_Amz_Target": "SageMaker.CreateModel"}, b"{}", "CreateModel"),
        (
            "POST",
            "/",
            {"Content_Type": "application/x-www-form-urlencoded"},
            b"Action=CreateRole&Version=1",
            "CreateRole",
        ),
        ("PUT", "/modelyard-local-1/models/a?tagging", {}, b"", "PUT /*/models/a?tagging"),
        ("POST", "/2015-03-31/functions", {}, b"{}", "POST /*-03-31/functions"),
    ],
)
def test_an_operation_has_a_name(method, path, given, body, name):
    assert operation(method, path, headers(**given), body) == name


@pytest.mark.parametrize(
    "method, name, read",
    [
        ("POST", "DescribeModel", True),
        ("GET", "GET /x", True),
        ("POST", "CreateModel", False),
        ("PUT", "PUT /x", False),
    ],
)
def test_what_changes_nothing_is_never_lost(method, name, read):
    assert is_read(method, name) is read


class Upstream(BaseHTTPRequestHandler):
    """Answers with what it was asked, and counts."""

    protocol_version = "HTTP/1.1"
    ran: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.ran.append(self.headers["X-Amz-Target"])
        self.send_response(400 if body == b"bad" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        pass


@pytest.fixture
def asked(tmp_path):
    """Asks through a proxy whose faults a test chooses; by default the first answer of each operation is lost."""
    ran: list[str] = []
    faults = Faults(once_each())
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Counting", (Upstream,), {"ran": ran})) as upstream:
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        file = tmp_path / SERVER
        file.parent.mkdir(parents=True)
        before = json.dumps({"endpoint_url": f"http://127.0.0.1:{upstream.server_address[1]}", "pid": 1})
        file.write_text(before)

        def ask(target: str, body: bytes = b"{}", **given: str) -> tuple[int, bytes]:
            host = json.loads(file.read_text())["endpoint_url"].removeprefix("http://")
            connection = http.client.HTTPConnection(host, timeout=10)
            sent = {name.replace("_", "-"): value for name, value in given.items()}
            connection.request("POST", "/", body, {"X-Amz-Target": target, **sent})
            answer = connection.getresponse()
            return answer.status, answer.read()

        with between(tmp_path, faults):
            yield ask, ran, faults
        assert file.read_text() == before
        upstream.shutdown()


def test_the_first_answer_of_each_is_lost_after_it_was_done(asked):
    ask, ran, faults = asked
    for target in ("S.CreateModel", "S.DeleteModel"):
        with pytest.raises(ConnectionError):
            ask(target)
        assert ask(target) == (200, b"{}")
    assert ran == ["S.CreateModel"] * 2 + ["S.DeleteModel"] * 2
    assert faults.done[Fault.LOST] == {"CreateModel": 1, "DeleteModel": 1}


def test_reads_and_refusals_come_through(asked):
    ask, _, faults = asked
    assert ask("S.DescribeModel", b'{"a": 1}') == (200, b'{"a": 1}')
    assert ask("S.CreateModel", b"bad") == (400, b"bad")
    assert faults.done[Fault.LOST] == {}
    assert faults.calls == {"DescribeModel": 1, "CreateModel": 1} and faults.seen == {}


S3 = "AWS4-HMAC-SHA256 Credential=AKIA/20261130/us-east-1/s3/aws4_request, SignedHeaders=host"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "fault, given, status, words",
    [
        (Fault.THROTTLED, {}, 400, b"ThrottlingException"),
        (Fault.FAILED, {}, 500, b"InternalFailure"),
        (Fault.THROTTLED, {"Authorization": S3}, 503, b"<Code>SlowDown</Code>"),
        (Fault.FAILED, {"Authorization": S3}, 500, b"<Code>InternalError</Code>"),
        (Fault.THROTTLED, {"Content_Type": FORM}, 400, b"<Code>Throttling</Code>"),
        (Fault.FAILED, {"Content_Type": FORM}, 503, b"<Code>ServiceUnavailable</Code>"),
    ],
)
def test_a_refusal_is_in_the_words_of_its_protocol_and_nothing_is_done(asked, fault, given, status, words):
    ask, ran, faults = asked
    faults.choose = lambda call: fault if call.status is None else None
    got, content = ask("S.CreateModel", **given)
    assert got == status and words in content and ran == []
    assert faults.seen.total() == 0 and faults.done[fault].total() == 1


def test_a_call_is_reset_before_it_is_done_or_its_answer_is_cut_in_half(asked):
    ask, ran, faults = asked
    faults.choose = lambda call: Fault.RESET if call.status is None else None
    with pytest.raises(ConnectionError):
        ask("S.CreateModel")
    assert ran == []
    faults.choose = lambda call: Fault.HALVED if call.status is not None else None
    with pytest.raises(http.client.IncompleteRead):
        ask("S.CreateModel")
    assert ran == ["S.CreateModel"]
    faults.choose = none
    assert ask("S.CreateModel") == (200, b"{}")


def test_the_weather_is_as_bad_as_it_is_said_to_be():
    both = weather(7, 0.3, (Fault.THROTTLED, Fault.FAILED))
    met = [both(Call("CreateModel", False)) for _ in range(2000)]
    assert 0.27 < sum(one is not None for one in met) / 2000 < 0.33
    assert {*met} == {None, Fault.THROTTLED, Fault.FAILED}
    assert both(Call("CreateModel", False, 200)) is None
