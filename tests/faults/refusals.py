"""What AWS says where it throttles or fails, in the words of the protocol that it was asked in."""

import http.client
import json
import re

Refusal = tuple[int, list[tuple[str, str]], bytes]

_SERVICE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([\w-]+)/aws4_request")


def refused(headers: http.client.HTTPMessage, status: int, code: str, message: str) -> Refusal:
    """That error, as the service writes it that was asked."""
    service = _SERVICE.search(headers.get("Authorization", ""))
    if service and service[1] == "s3":
        return _s3(status, code, message)
    if _is_query(headers):
        return _query(status, code, message, "Sender")
    return _json(status, code, message)


def throttled(headers: http.client.HTTPMessage) -> Refusal:
    """Too many requests: nothing was done."""
    service = _SERVICE.search(headers.get("Authorization", ""))
    if service and service[1] == "s3":
        return _s3(503, "SlowDown", "Please reduce your request rate.")
    if _is_query(headers):
        return _query(400, "Throttling", "Rate exceeded", "Sender")
    if headers.get("X-Amz-Target"):
        return _json(400, "ThrottlingException", "Rate exceeded")
    return _json(429, "TooManyRequestsException", "Rate exceeded")


def failed(headers: http.client.HTTPMessage) -> Refusal:
    """An error of the service, before anything was done."""
    service = _SERVICE.search(headers.get("Authorization", ""))
    if service and service[1] == "s3":
        return _s3(500, "InternalError", "We encountered an internal error. Please try again.")
    if _is_query(headers):
        return _query(503, "ServiceUnavailable", "Service is unavailable.", "Receiver")
    return _json(500, "InternalFailure", "The request processing has failed.")


def _is_query(headers: http.client.HTTPMessage) -> bool:
    return bool(headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"))


def _s3(status: int, code: str, message: str) -> Refusal:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>fault</RequestId></Error>"
    return status, [("Content-Type", "application/xml")], text.encode()


def _query(status: int, code: str, message: str, side: str) -> Refusal:
    text = (
        f"<ErrorResponse><Error><Type>{side}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>fault</RequestId></ErrorResponse>"
    )
    return status, [("Content-Type", "text/xml")], text.encode()


def _json(status: int, code: str, message: str) -> Refusal:
    content = json.dumps({"__type": code, "message": message}).encode()
    return status, [("Content-Type", "application/x-amz-json-1.1"), ("X-Amzn-ErrorType", code)], content
