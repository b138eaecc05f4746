"""The front door around an application that fails in every way."""

import io
import json
import logging

import pytest

from infra.local.gateway import Gateway
from infra.local.overlay.faults import Fault

SCOPE = "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/lambda/aws4_request, Signature=0"


def answer(moto, path: str = "/2015-03-31/functions", **environ: str) -> tuple[str, dict[str, str], bytes]:
    """What the gateway around `moto` answers to one request."""
    seen = []
    gateway = Gateway(moto, {"broken": fails}, [lambda environ: fails(environ) if path == "/route" else None])
    request = {"PATH_INFO": path, "HTTP_AUTHORIZATION": SCOPE, "wsgi.input": io.BytesIO(), **environ}
    body = b"".join(gateway(request, lambda status, headers: seen.append((status, dict(headers)))))
    ((status, headers),) = seen
    return status, headers, body


def fails(*_):
    raise RuntimeError("half a character: \ud800")


def says(status: str, body: bytes, **headers: str):
    def application(environ, start_response):
        start_response(status, list(headers.items()))
        return [body]

    return application


@pytest.mark.parametrize("path", ["/2015-03-31/functions", "/_embedded/broken", "/route"])
@pytest.mark.parametrize("service", ["lambda", "s3", "iam"])
def test_what_fails_is_an_internal_failure(path, service):
    status, _, body = answer(fails, path, HTTP_AUTHORIZATION=SCOPE.replace("lambda", service))
    assert status == "501 Not Implemented"
    assert b"InternalFailure" in body and b"RuntimeError: half a character: " in body


def test_a_fault_of_a_route_or_page_is_answered_as_such():
    def refuses(environ, start_response):
        raise Fault(409, "ResourceConflictException", "taken")

    status, _, body = answer(refuses)
    assert (status, json.loads(body)) == (
        "409 Conflict",
        {"code": "ResourceConflictException", "message": "taken"},
    )


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\n", "a\0", "\u20ac"])
def test_a_header_that_would_break_the_answer(value):
    status, headers, body = answer(says("200 OK", b"", X=value))
    assert status == "501 Not Implemented" and b"InternalFailure" in body
    assert "X" not in headers


@pytest.mark.parametrize("status", ["308 PERMANENT REDIRECT", "404 NOT FOUND", "500 INTERNAL SERVER ERROR"])
def test_a_page_for_humans(status):
    found, _, body = answer(says(status, b"<!doctype html>\n<title>"))
    assert found == "501 Not Implemented" and json.loads(body)["code"] == "NotImplemented"


def test_what_is_right_goes_through():
    page = b"<!doctype html>\n<title>"
    assert answer(says("200 OK", page, A="b")) == ("200 OK", {"A": "b", "Content-Length": "23"}, page)


@pytest.mark.parametrize(
    ("status", "method", "headers"),
    [("204 NO CONTENT", "DELETE", {}), ("200 OK", "HEAD", {}), ("200 OK", "HEAD", {"content-length": "7"})],
)
def test_the_length_of_what_has_no_body_is_left_to_whoever_knows_it(status, method, headers):
    assert answer(says(status, b"", **headers), REQUEST_METHOD=method)[1] == headers


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ("attempt=2; max=8", ["attempt 2 of lambda:GET /2015-03-31/functions"]),
        ("ttl=20260101T000000Z; attempt=3; max=8", ["attempt 3 of lambda:GET /2015-03-31/functions"]),
        ("attempt=1; max=8", []),
        ("ttl=20260101T000000Z; attempt=x", []),
    ],
)
def test_a_repeated_request_is_told(said, lines):
    seen = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(record.getMessage())
    log = logging.getLogger("infra.local.gateway")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        answer(says("200 OK", b""), HTTP_AMZ_SDK_REQUEST=said)
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
    assert seen == lines
