"""The Lambda host that streams: a runtime of our own, since Lambda's for Python sends an answer only when it is whole.

Lambda starts it through `stream.sh` (AWS_LAMBDA_EXEC_WRAPPER). It asks Lambda's Runtime API for one event after the
other. An HTTP event is answered in chunks: status and headers as JSON, eight NUL bytes, then the body's parts; an
error after the first part goes into the trailers. A direct event is answered in one piece, as by Lambda's runtime.
AWS Lambda Developer Guide, 'Building a custom runtime', part 'Implementing response streaming in a custom runtime'.
"""

import base64
import http.client
import json
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .codecs import JSON
from .events import answer, is_http, streamed
from .faults import Fault, one_line
from .handler import Handler

VERSION = "2018-06-01"
HTTP_INTEGRATION = "application/vnd.awslambda.http-integration-response"
PRELUDE_END = b"\0" * 8
MODE, ERROR_TYPE, ERROR_BODY = (
    f"Lambda-Runtime-Function-{name}" for name in ("Response-Mode", "Error-Type", "Error-Body")
)


class Api:
    """Lambda's Runtime API at `address`, over one connection; waiting for an event has no limit."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address)

    def next(self) -> tuple[Mapping[str, str], Any]:
        """The next event, and the headers that came with it."""
        self._connection.request("GET", f"/{VERSION}/runtime/invocation/next")
        response = self._connection.getresponse()
        return dict(response.headers), json.loads(response.read())

    def respond(self, request_id: str, result: Any) -> None:
        """The whole answer to a direct event."""
        self._post(f"invocation/{request_id}/response", json.dumps(result, ensure_ascii=False).encode(), {})

    def fail(self, where: str, error: BaseException) -> None:
        """An error instead of an answer; `where` is `init` or `invocation/ID`."""
        self._post(f"{where}/error", _described(error), {ERROR_TYPE: type(error).__name__})

    def stream(self, request_id: str, prelude: Mapping[str, Any], parts: Iterable[bytes]) -> None:
        """The answer to an HTTP event, part by part."""
        connection = self._connection
        connection.putrequest("POST", f"/{VERSION}/runtime/invocation/{request_id}/response")
        for name, value in {
            "Content-Type": HTTP_INTEGRATION,
            MODE: "streaming",
            "Transfer-Encoding": "chunked",
            "Trailer": f"{ERROR_TYPE}, {ERROR_BODY}",
        }.items():
            connection.putheader(name, value)
        connection.endheaders()
        for chunk in _chunks(prelude, parts):
            connection.send(chunk)
        connection.getresponse().read()

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> None:
        given = {"Content-Type": JSON, **headers}
        self._connection.request("POST", f"/{VERSION}/runtime/{path}", body, given)
        self._connection.getresponse().read()


def _chunks(prelude: Mapping[str, Any], parts: Iterable[bytes]) -> Iterator[bytes]:
    """The request's body in chunked coding, with the trailers that tell an error."""
    yield _chunk(json.dumps(prelude).encode() + PRELUDE_END)
    trailers = ""
    try:
        for part in parts:
            if part:  # an empty chunk would be the end
                yield _chunk(part)
    except Exception as error:
        body = base64.b64encode(_described(error)).decode()
        trailers = f"{ERROR_TYPE}: {type(error).__name__}\r\n{ERROR_BODY}: {body}\r\n"
    yield f"0\r\n{trailers}\r\n".encode()


def _chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


def _described(error: BaseException) -> bytes:
    trace = traceback.format_tb(error.__traceback__)
    return json.dumps(
        {"errorMessage": one_line(error), "errorType": type(error).__name__, "stackTrace": trace}
    ).encode()


def serve_one(handler: Handler, api: Api) -> None:
    """Wait for an event, and answer it."""
    headers, event = api.next()
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
    if is_http(event):
        api.stream(request_id, *streamed(handler, event, request_id))
        return
    try:
        result = answer(handler, event, request_id)
    except Fault as fault:
        api.fail(f"invocation/{request_id}", fault)
        return
    api.respond(request_id, result)


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Load the model, then answer until Lambda ends the process. 1 where the handler does not load."""
    api = Api(environment["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = Handler.load(Path(environment["LAMBDA_TASK_ROOT"]))
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        api.fail("init", error)
        return 1
    while True:
        serve_one(handler, api)


if __name__ == "__main__":
    sys.exit(main())
