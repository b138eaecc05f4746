"""Answers in parts: from an endpoint's event stream and from a function's URL; and what breaks off is told."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import EventStreamError

from infra import Environment
from infra.errors import InvocationFailed, Misuse, Unanswered
from infra.ledger import Deployed
from infra.operations.attempts import Patience
from infra.operations.invoke import Request, stream
from tests.infra.operations.test_fates import said

PATIENCE = Patience(5, sleep=lambda _: None)
EMBEDDED = Environment(name="local", region="us-east-1", account_id="123456789012", embedded_aws=True)


def deployed(kind: str) -> Deployed:
    return Deployed("shop", "rank", kind, "local-shop-rank", "any")


@dataclass
class Endpoint:
    """Streams `parts`; an exception among them ends it. Refuses first as often as `refusals` says."""

    parts: list[bytes | Exception]
    refusals: list[Exception] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def once(self, _service: str) -> "Endpoint":
        return self

    def invoke_endpoint_with_response_stream(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        if self.refusals:
            raise self.refusals.pop(0)
        return {"Body": self._events(), "ContentType": "text/event-stream"}

    def _events(self) -> Iterator[dict[str, Any]]:
        for part in self.parts:
            if isinstance(part, Exception):
                raise part
            yield {"PayloadPart": {"Bytes": part}}


def test_an_endpoint_is_asked_for_events_and_its_parts_come_one_by_one():
    endpoint = Endpoint([b"one", b"two"], [said("ThrottlingException")])
    begun = stream(deployed("RealtimeEndpoint"), Request(b"{}"), endpoint, PATIENCE)
    assert (list(begun.parts), begun.content_type) == ([b"one", b"two"], "text/event-stream")
    assert len(begun.attempts) == 2
    assert endpoint.asked[1] == {
        "EndpointName": "local-shop-rank",
        "Body": b"{}",
        "ContentType": "application/json",
        "Accept": "text/event-stream",
    }


def test_an_answer_that_breaks_off_is_never_taken_for_a_whole_one():
    broken = EventStreamError({"Error": {"Code": "ModelStreamError", "Message": "reset."}}, "Invoke")
    begun = stream(deployed("RealtimeEndpoint"), Request(b"{}"), Endpoint([b"half", broken]), PATIENCE)
    assert next(begun.parts) == b"half"
    with pytest.raises(
        Unanswered, match=r"^Endpoint local-shop-rank broke off in the middle of its answer: reset\."
    ):
        next(begun.parts)


def test_a_model_without_a_stream_fn_says_what_to_write():
    refused = said(
        "ModelError", 424, OriginalStatusCode=406, OriginalMessage="Accept text/event-stream cannot be given."
    )
    with pytest.raises(Misuse) as caught:
        stream(deployed("RealtimeEndpoint"), Request(b"{}"), Endpoint([], [refused]), PATIENCE)
    assert str(caught.value) == (
        "local-shop-rank: the model has no stream_fn; leave --stream out, or write one: stream_fn(data, model) yields "
        "the answer's parts. (AWS's own image does not stream: see README, 'What you write'.)"
    )


@pytest.mark.parametrize("kind", ["ServerlessEndpoint", "AsyncEndpoint", "BatchJob"])
def test_what_aws_does_not_stream_from_is_said_at_once(kind):
    with pytest.raises(Misuse, match=f"is an? {kind}, and AWS streams from none; leave --stream out"):
        stream(deployed(kind), Request(b"{}"), Endpoint([]), PATIENCE)


class Url(BaseHTTPRequestHandler):
    """A function behind a URL: refuses with the statuses it is given, then streams two parts, the last one if whole."""

    statuses: ClassVar[list[int]] = []
    got: ClassVar[list[Any]] = []
    whole = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.headers, body))
        status = self.statuses.pop(0) if self.statuses else 200
        self.send_response(status)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"4\r\none\n\r\n")
        if self.whole:
            self.wfile.write(b"4\r\ntwo\n\r\n0\r\n\r\n")
        self.close_connection = True

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def url():
    """A URL's function, and the connection to where it is."""
    handler = type("OneUrl", (Url,), {"statuses": [], "got": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        mode = {"InvokeMode": "RESPONSE_STREAM", "FunctionUrl": "https://abc.lambda-url.us-east-1.on.aws/"}
        yield (
            handler,
            SimpleNamespace(
                environment=EMBEDDED,
                variables={"AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"},
                credentials=Credentials("any", "any"),
                client=lambda _: SimpleNamespace(get_function_url_config=lambda **_: mode),
                mode=mode,
            ),
        )
        server.shutdown()
        thread.join()


def test_a_function_is_asked_by_its_url_signed_and_again_after_429(url):
    handler, connection = url
    handler.statuses += [429]
    begun = stream(deployed("LambdaEndpoint"), Request(b'{"a": 1}'), connection, PATIENCE)
    assert (b"".join(begun.parts), begun.content_type) == (b"one\ntwo\n", "application/x-ndjson")
    (_, _), (headers, body) = handler.got
    assert headers["Host"] == "abc.lambda-url.us-east-1.on.aws" and body == b'{"a": 1}'
    assert "/us-east-1/lambda/aws4_request" in headers["Authorization"]


def test_a_function_that_fails_is_quoted_and_one_that_breaks_off_is_told(url):
    handler, connection = url
    handler.statuses += [502]
    with pytest.raises(InvocationFailed, match=r"^Function local-shop-rank answered: one"):
        stream(deployed("LambdaEndpoint"), Request(b"{}"), connection, PATIENCE)
    handler.whole = False
    begun = stream(deployed("LambdaEndpoint"), Request(b"{}"), connection, PATIENCE)
    with pytest.raises(Unanswered, match="broke off in the middle of its answer"):
        list(begun.parts)


def test_a_function_without_such_a_url_says_what_to_write(url):
    _, connection = url
    connection.mode["InvokeMode"] = "BUFFERED"
    with pytest.raises(Misuse, match=r"has no URL that streams; write url=FunctionUrl\(streaming=True\)"):
        stream(deployed("LambdaEndpoint"), Request(b"{}"), connection, PATIENCE)
