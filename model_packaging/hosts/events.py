"""A Lambda event to an answer: a direct invocation, or one that came over HTTP.

Direct: the event is the input data, and the return value the prediction; a fault is raised, so that the
invocation carries it as its FunctionError. Over HTTP (function URL, API Gateway 1.0 and 2.0, load
balancer): the event's body is the request's, and a fault is an answer with its status. GET of a path that ends with
/ping is answered as by the other hosts, for the health check of a load balancer.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from .codecs import CODECS, JSON, MediaType
from .faults import BadRequest, Fault, HandlerFault
from .handler import Handler

ALLOW = {"allow": "OPTIONS, POST"}

RESPONSE_LIMIT_BYTES = 6_291_556
"""What Lambda takes of a function, as JSON (AWS Lambda Developer Guide, 'Lambda quotas': 6 MB). Above it the caller is
told 'Internal Server Error' and nothing else."""


def answer(handler: Handler, event: Any, request_id: str) -> Any:
    """What the function returns for `event`."""
    if not is_http(event):
        return _direct(handler, event)
    made = _predicted(handler, event, request_id) if _method(event) == "POST" else _told(event, request_id)
    if _method(event) == "HEAD":
        made |= {"body": "", "isBase64Encoded": False}
    return _multi_valued(made) if _is_multi_valued(event) else made


def _predicted(handler: Handler, event: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    try:
        headers = _headers(event)
        body, content_type = handler.transform(
            _body(event), headers.get("content-type"), headers.get("accept")
        )
    except Fault as fault:
        return _failure(fault.status, str(fault), request_id)
    made = _success(body, content_type)
    length = len(made["body"])
    # A character takes at most six as JSON; only what may be too long is counted.
    if length * 6 > RESPONSE_LIMIT_BYTES and (size := len(json.dumps(made).encode())) > RESPONSE_LIMIT_BYTES:
        told = f"The answer is {size} bytes as JSON; Lambda sends at most {RESPONSE_LIMIT_BYTES}: ask for less at once."
        return _failure(500, told, request_id)
    return made


def _told(event: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """The answer to a request that brings no input."""
    method = _method(event)
    if method in ("GET", "HEAD") and str(event.get("rawPath") or event.get("path")).endswith("/ping"):
        return {"statusCode": 200, "headers": {}, "body": "", "isBase64Encoded": False}
    if method == "OPTIONS":
        return {"statusCode": 204, "headers": dict(ALLOW), "body": "", "isBase64Encoded": False}
    made = _failure(405, f"{method} is not served; send POST with the input as body.", request_id)
    made["headers"] |= ALLOW
    return made


def streamed(
    handler: Handler, event: Mapping[str, Any], request_id: str
) -> tuple[dict[str, Any], Iterator[bytes]]:
    """Status and headers of the answer to an HTTP event, and its body in parts.

    Without `stream_fn` the body is one part. What goes wrong after the first part is raised between parts.
    """
    if handler.stream_fn is not None and _method(event) == "POST":
        try:
            parts, content_type = handler.stream(_body(event), _headers(event).get("content-type"))
            return {"statusCode": 200, "headers": {"content-type": content_type}}, parts
        except Fault as fault:
            whole = _failure(fault.status, str(fault), request_id)
    else:
        whole = answer(handler, event, request_id)
    body = str(whole.pop("body")).encode()
    encoded = whole.pop("isBase64Encoded")
    return whole, iter([base64.b64decode(body) if encoded else body])


def is_http(event: Any) -> bool:
    """Whether the event is an HTTP request, by what AWS puts into each kind."""
    if not isinstance(event, Mapping) or not isinstance(event.get("requestContext"), Mapping):
        return False
    return "httpMethod" in event or isinstance(event["requestContext"].get("http"), Mapping)


def _method(event: Mapping[str, Any]) -> str:
    http = event["requestContext"].get("http")
    return str(http.get("method", "")) if isinstance(http, Mapping) else str(event.get("httpMethod", ""))


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    headers = event.get("headers")
    if _is_multi_valued(event):
        lists = event["multiValueHeaders"]
        if not all(isinstance(values, list) for values in lists.values()):
            raise BadRequest(
                "The event's multiValueHeaders hold something else than lists; send lists of texts."
            )
        headers = {name: ", ".join(map(str, values)) for name, values in lists.items()}
    if not isinstance(headers, Mapping | None):
        raise BadRequest(f"The event's headers are {_kind(headers)}; send an object of names and texts.")
    return {str(name).lower(): str(value) for name, value in (headers or {}).items()}


def _is_multi_valued(event: Mapping[str, Any]) -> bool:
    """Whether a load balancer sends only lists of values: it then takes no others in the answer."""
    return event.get("headers") is None and isinstance(event.get("multiValueHeaders"), Mapping)


def _multi_valued(made: dict[str, Any]) -> dict[str, Any]:
    lists = {name: [value] for name, value in made.pop("headers").items()}
    return {**made, "multiValueHeaders": lists}


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body")
    if not isinstance(body, str | None):
        raise BadRequest(f"The event's body is {_kind(body)}; send text, or base64 with isBase64Encoded.")
    if not event.get("isBase64Encoded"):
        return (body or "").encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body or "", validate=True)
    except ValueError:
        raise BadRequest("The body is marked as base64 and is not.") from None


def _kind(value: Any) -> str:
    """What JSON calls it."""
    kinds: dict[type, str] = {dict: "an object", list: "an array", str: "text", bool: "true or false"}
    return kinds.get(type(value), "a number")


def _direct(handler: Handler, event: Any) -> Any:
    try:
        # Lambda's own runtime reads NaN and 1e999, which JSON does not know.
        given = json.dumps(event, allow_nan=False).encode()
    except ValueError:
        raise BadRequest(
            "The event holds NaN or infinity, which is not JSON; leave it out or send null."
        ) from None
    except RecursionError:
        raise BadRequest("The event is nested too deeply; send a flatter structure.") from None
    body, content_type = handler.transform(given, JSON, JSON)
    codec = CODECS.get(MediaType.parse(content_type).name)
    if codec is None:
        return _success(body, content_type)
    try:
        return codec.decode(body)
    except BadRequest as error:
        raise HandlerFault(f"The handler's answer is said to be {content_type}. {error}") from error


def _success(body: bytes, content_type: str) -> dict[str, Any]:
    text = _text(body) if MediaType.parse(content_type).is_text else None
    return {
        "statusCode": 200,
        "headers": {"content-type": content_type},
        "body": base64.b64encode(body).decode() if text is None else text,
        "isBase64Encoded": text is None,
    }


def _text(body: bytes) -> str | None:
    """None where the bytes are not UTF-8, as a handler may answer in another charset."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _failure(status: int, message: str, request_id: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": JSON},
        "body": json.dumps({"error": message, "request_id": request_id}),
        "isBase64Encoded": False,
    }
