"""The server's front door: a WSGI application around moto's, which answers every error as AWS does."""

import io
import json
import logging
import re
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from infra.local import eventstream, wire
from infra.local.overlay.faults import STATUS, Fault, NotModelled
from infra.local.wire import Call, Environ

log = logging.getLogger(__name__)

OWN_PATH = "/_embedded/"
"""Below it are the server's own pages; no AWS service has such a path."""

NOT_AWS = re.compile(r"/moto-api.*|/favicon\.ico|/latest/(meta-data|api)/.*")
"""What moto answers beside AWS: a page for humans, a reset that knows nothing of our processes, made-up keys."""

BODILESS = frozenset({"204", "304"})

Headers = list[tuple[str, str]]
Body = bytes | Iterable[bytes]
"""Whole, or in parts that are made while it is sent."""
Answer = tuple[int, dict[str, str], Body]
Page = Callable[[Environ], Any]
Route = Callable[[Environ], Answer | None]
StartResponse = Callable[..., Any]


class Gateway:
    """`moto` is moto's application, `pages` are the server's own by name, `routes` may answer before moto."""

    def __init__(
        self, moto: Callable[..., Iterable[bytes]], pages: dict[str, Page], routes: Iterable[Route] = ()
    ) -> None:
        self._moto, self._pages, self._routes = moto, pages, tuple(routes)
        self.last_request = time.monotonic()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        call = wire.call_of(environ, _form(environ))
        try:
            status, headers, body = self._answer(environ, call)
            _check_headers(headers)
        except Fault as fault:
            status, headers, body = _lined(wire.error(call, fault))
        except NotImplementedError:
            status, headers, body = _lined(wire.error(call, NotModelled(call.service, call.operation)))
        except Exception as error:
            log.exception("%s:%s failed", call.service, call.operation)
            status, headers, body = _lined(wire.error(call, _internal(call, error)))
        if not isinstance(body, bytes):
            start_response(status, headers)
            return body
        start_response(status, _with_length(environ, status, headers, body))
        return [body]

    def _answer(self, environ: Environ, call: Call) -> tuple[str, Headers, Body]:
        path = environ.get("PATH_INFO", "")
        if not environ.get("CONTENT_LENGTH", "").strip().isdecimal() and environ.get("CONTENT_LENGTH"):
            raise Fault(400, "BadRequest", f"Content-Length is no number: {environ['CONTENT_LENGTH']}")
        if path.startswith(OWN_PATH):
            return _lined(self._page(environ, path.removeprefix(OWN_PATH)))
        self.last_request = time.monotonic()
        _tell_repeated(environ, call)
        for route in self._routes:
            if (answer := route(environ)) is not None:
                return _lined(answer)
        if NOT_AWS.fullmatch(path):
            raise NotModelled(call.service, call.operation)
        return self._through_moto(environ, call)

    def _page(self, environ: Environ, name: str) -> Answer:
        page = self._pages.get(name)
        if page is None:
            return 404, {"Content-Type": "application/json"}, b"{}"
        return 200, {"Content-Type": "application/json"}, json.dumps(page(environ)).encode()

    def _through_moto(self, environ: Environ, call: Call) -> tuple[str, Headers, Body]:
        captured: list[tuple[str, Headers]] = []

        def capture(status: str, headers: Headers, exc_info: Any = None) -> Callable[..., Any]:
            captured[:] = [(status, headers)]
            return lambda data: None

        made = self._moto(environ, capture)
        if captured and ("Content-Type", eventstream.CONTENT_TYPE) in captured[0][1]:
            return *captured[0], made
        body = b"".join(made)
        status, headers = captured[0]
        if _is_page_for_humans(status, body):
            raise NotModelled(call.service, call.operation)
        return status, headers, body


def _with_length(environ: Environ, status: str, headers: Headers, body: bytes) -> Headers:
    """With the body's length, where nobody told it and there may be one: in chunks it would not be one piece."""
    told = {name.lower() for name, _ in headers}
    if "content-length" in told or environ.get("REQUEST_METHOD") == "HEAD" or status[:3] in BODILESS:
        return headers
    return [*headers, ("Content-Length", str(len(body)))]


def _tell_repeated(environ: Environ, call: Call) -> None:
    """An SDK says which attempt a request is: whoever made one twice finds 'already existing' explained."""
    attempt = re.search(r"\battempt=(\d+)", environ.get("HTTP_AMZ_SDK_REQUEST", ""))
    if attempt is not None and int(attempt[1]) > 1:
        log.info("attempt %s of %s:%s", attempt[1], call.service, call.operation)


def _form(environ: Environ) -> bytes:
    """The body where it is a form, which holds the operation's name; moto can still read it."""
    length = environ.get("CONTENT_LENGTH", "").strip()
    if not (
        length.isdecimal() and environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    ):
        return b""
    form: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(form)
    return form


def _internal(call: Call, error: Exception) -> Fault:
    words = f"{call.service}:{call.operation}: {type(error).__name__}: {error}"
    return Fault(
        STATUS, "InternalFailure", f"The embedded AWS failed in {words}. See `modelyard local logs`."
    )


def _is_page_for_humans(status: str, body: bytes) -> bool:
    """Whether this is Flask's own answer, or redirection, for a path that no service of moto has.

    With a 2xx it is what somebody stored in S3, or what a model answered.
    """
    return status[0] != "2" and body[:15].lower() == b"<!doctype html>"


def _check_headers(headers: Headers) -> None:
    """Raise ValueError for a header that would break the answer in two, or that has no bytes."""
    for name, value in headers:
        if not wire.is_header(name, value):
            raise ValueError(f"{name} is no header: {value!r}")


def _lined(answer: Answer) -> tuple[str, Headers, Body]:
    """With the status as WSGI has it."""
    status, headers, body = answer
    return f"{status} {REASONS.get(status, 'Unknown')}", list(headers.items()), body


REASONS = {int(status): status.phrase for status in HTTPStatus}
