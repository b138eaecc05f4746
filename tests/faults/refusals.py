"""What AWS says where it throttles or fails, in the words of the protocol that it was asked in."""

import http.client
import json
import re

Refusal = tuple[int, list[tuple[str, str]], bytes]

_SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([\w-]+)/aws4_request")


def refused(headers: http.client.HTTPMessage, status: int, code: str, message: str) -> Refusal:
    """That error, as the service writes it that was asked."""
    return _WRITTEN[_protocol(headers)](status, code, message)


def throttled(headers: http.client.HTTPMessage) -> Refusal:
    """Too many requests: nothing was done."""
    return refused(headers, *_THROTTLED[_protocol(headers)])


def failed(headers: http.client.HTTPMessage) -> Refusal:
    """An error of the service, before anything was done."""
    protocol = _protocol(headers)
    if protocol == "query":
        return _query(503, "ServiceUnavailable", "Service is unavailable.", "Receiver")
    return refused(headers, *_FAILED[protocol])


_THROTTLED = {
    "s3": (503, "SlowDown", "Please reduce your request rate."),
    "query": (400, "Throttling", "Rate exceeded"),
    "json": (400, "ThrottlingException", "Rate exceeded"),
    "rest-json": (429, "TooManyRequestsException", "Rate exceeded"),
}
_FAILED = {
    "s3": (500, "InternalError", "We encountered an internal error. Please try again."),
    **dict.fromkeys(("json", "rest-json"), (500, "InternalFailure", "The request processing has failed.")),
}


def _protocol(headers: http.client.HTTPMessage) -> str:
    service = _SERVICE.search(headers.get("Authorization", ""))
    if service and service[1] == "s3":
        return "s3"
    if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return "query"
    return "json" if headers.get("X-Amz-Target") else "rest-json"


def _s3(status: int, code: str, message: str) -> Refusal:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>fault</RequestId></Error>"
    return status, [("Content-Type", "application/xml")], text.encode()


def _query(status: int, code: str, message: str, side: str = "Sender") -> Refusal:
    text = (
        f"<ErrorResponse><Error><Type>{side}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>fault</RequestId></ErrorResponse>"
    )
    return status, [("Content-Type", "text/xml")], text.encode()


def _json(status: int, code: str, message: str) -> Refusal:
    content = json.dumps({"__type": code, "message": message}).encode()
    return status, [("Content-Type", "application/x-amz-json-1.1"), ("X-Amzn-ErrorType", code)], content


_WRITTEN = {"s3": _s3, "query": _query, "json": _json, "rest-json": _json}
