"""SageMaker Runtime: InvokeEndpointWithResponseStream sends each part of an answer as it comes, in AWS's event stream.

What the container does not stream comes as it is sent: in one part where it is short.
"""

import http.client
import json
import struct
import time
import zlib
from collections.abc import Iterator, Mapping

from moto.core.common_types import TYPE_RESPONSE
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from infra.local import exchange
from infra.local.exchange import Reply, Stream
from infra.local.overlay import runtime
from infra.local.overlay.hosted import Endpoint
from infra.local.overlay.runtime_errors import ModelError
from infra.local.overlay.variants import Admission, Answer, Call, Variant
from infra.local.telemetry import Metric

FORWARDED = {**runtime.FORWARDED, "X-Amzn-SageMaker-Accept": "Accept"}
PATHS = (r"{0}/endpoints/(?P<name>[^/]+)/invocations-response-stream$",)
"""moto takes it for one of SageMaker's own: it tells Runtime by what the path ends with."""

STRING = 7
"""The type of a header's value, as event streams number them."""

BROKEN = (exchange.TimedOut, OSError, http.client.HTTPException)


def invoke_endpoint_with_response_stream(self: SageMakerRuntimeResponse) -> TYPE_RESPONSE:
    # Its own Accept is that of the event stream.
    forwarded = {name: shown for name, shown in FORWARDED.items() if name != "Accept"}
    endpoint, variant, admission, call = runtime.admitted(self, forwarded)
    try:
        stream = _begun(self, endpoint, variant, admission, call)
    except BaseException:
        admission.leave()
        raise
    answered = {name.lower(): value for name, value in stream.headers.items()}
    headers = {
        "Content-Type": "application/vnd.amazon.eventstream",
        "X-Amzn-SageMaker-Content-Type": answered.get("content-type", "application/octet-stream"),
        "x-Amzn-Invoked-Production-Variant": variant.name,
    }
    # moto's types know text bodies only; werkzeug takes what yields bytes
    return 200, headers, _events(endpoint, variant, admission, stream)  # type: ignore[return-value]


def _begun(
    self: SageMakerRuntimeResponse, endpoint: Endpoint, variant: Variant, admission: Admission, call: Call
) -> Stream:
    """The answer, where the container begins one; else AWS's error."""
    started = time.monotonic()
    try:
        stream = admission.stream(call)
        if stream.status == 200:
            return stream
        body = b"".join(stream.parts())
        reply = Reply(stream.status, stream.headers, body, time.monotonic() - started)
    except exchange.TimedOut:
        reply = Reply(0, {}, b"The container did not answer in time.", call.timeout_seconds)
    except (OSError, http.client.HTTPException) as error:
        reply = Reply(500, {}, f"The container did not answer: {type(error).__name__}: {error}".encode(), 0)
    runtime.count(endpoint, variant, Answer(reply), time.monotonic() - started)
    message = reply.body.decode(errors="replace")
    raise ModelError(endpoint.name, self.region, self.current_account, reply.status, message)


def _events(endpoint: Endpoint, variant: Variant, admission: Admission, stream: Stream) -> Iterator[bytes]:
    started, first, status = time.monotonic(), None, 200
    try:
        for part in stream.parts():
            first = first if first is not None else time.monotonic() - started
            yield event({":event-type": "PayloadPart", ":content-type": "application/octet-stream"}, part)
    except BROKEN as error:
        status = 500
        content = {"Message": f"The container's answer broke off: {error}", "ErrorCode": _code(error)}
        yield event(
            {":exception-type": "ModelStreamError", ":content-type": "application/json"},
            json.dumps(content).encode(),
            kind="exception",
        )
    finally:
        admission.leave()
        seconds = time.monotonic() - started
        latency = Metric("FirstChunkModelLatency", (first or seconds) * runtime.MICROSECONDS, "Microseconds")
        runtime.count(endpoint, variant, Answer(Reply(status, {}, b"", seconds), (latency,)), seconds)


def event(headers: Mapping[str, str], payload: bytes, kind: str = "event") -> bytes:
    """One message of an event stream: lengths, headers and payload, with their checksums."""
    encoded = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", STRING, len(value)) + value.encode()
        for name, value in {":message-type": kind, **headers}.items()
    )
    prelude = struct.pack("!II", 16 + len(encoded) + len(payload), len(encoded))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + encoded + payload
    return message + struct.pack("!I", zlib.crc32(message))


def _code(error: BaseException) -> str:
    return "ModelInvocationTimeExceeded" if isinstance(error, exchange.TimedOut) else "StreamBroken"


OPERATIONS = {"invoke_endpoint_with_response_stream": invoke_endpoint_with_response_stream}
