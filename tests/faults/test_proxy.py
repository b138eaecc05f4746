"""The proxy that loses answers: what it calls an operation, and what it lets through."""

import email.message
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.faults.proxy import SERVER, Faults, between, is_read, once_each, operation


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
    """Asks through a proxy that loses the first answer of each operation; what ran, and what was lost."""
    ran: list[str] = []
    faults = Faults(once_each())
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Counting", (Upstream,), {"ran": ran})) as upstream:
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        file = tmp_path / SERVER
        file.parent.mkdir(parents=True)
        before = json.dumps({"endpoint_url": f"http://127.0.0.1:{upstream.server_address[1]}", "pid": 1})
        file.write_text(before)

        def ask(target: str, body: bytes = b"{}") -> tuple[int, bytes]:
            host = json.loads(file.read_text())["endpoint_url"].removeprefix("http://")
            connection = http.client.HTTPConnection(host, timeout=10)
            connection.request("POST", "/", body, {"X-Amz-Target": target})
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
    assert faults.lost == {"CreateModel": 1, "DeleteModel": 1}


def test_reads_and_refusals_come_through(asked):
    ask, _, faults = asked
    assert ask("S.DescribeModel", b'{"a": 1}') == (200, b'{"a": 1}')
    assert ask("S.CreateModel", b"bad") == (400, b"bad")
    assert faults.lost == {}
