"""AWS's error format in each of its protocols, read off the request itself."""

import json
import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from infra.local.overlay.faults import Fault

Environ = dict[str, Any]

XML_SERVICES = frozenset({"s3", "route53", "cloudfront"})
"""Services, by their signing name, whose REST interface speaks XML."""

_CBOR_PATH = re.compile(r"/service/[^/]+/operation/(?P<operation>\w+)")

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True)
class Call:
    """What a request asks for, as far as it shows: the service's signing name, operation and protocol."""

    service: str
    operation: str
    protocol: str


def call_of(environ: Environ, form: bytes) -> Call:
    """Read the call off the request; `form` is the body where it is a form."""
    scope = re.search(
        r"Credential=[^/]+/\d+/[^/]*/(?P<service>[^/]+)/", environ.get("HTTP_AUTHORIZATION", "")
    )
    service = scope["service"] if scope else "s3"
    if cbor := _CBOR_PATH.search(environ.get("PATH_INFO", "")):
        return Call(service, cbor["operation"], "cbor")
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return Call(service, target.split(".")[-1], "json")
    fields = parse_qs(form.decode(errors="replace")) | parse_qs(environ.get("QUERY_STRING", ""))
    if "Action" in fields and (environ.get("PATH_INFO", "/") == "/" or service == "sqs"):
        return Call(service, fields["Action"][0], "ec2" if service == "ec2" else "query")
    operation = f"{environ.get('REQUEST_METHOD', 'GET')} {environ.get('PATH_INFO', '/')}"
    return Call(service, operation, "rest-xml" if service in XML_SERVICES else "rest-json")


def is_header(name: str, value: str) -> bool:
    """Whether it can be sent as a header; one with a line break would be two, or the body."""
    return _TOKEN.fullmatch(name) is not None and _VALUE.fullmatch(value) is not None


def error(call: Call, fault: Fault) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of `fault` in the protocol of `call`."""
    request_id = str(uuid.uuid4())
    content_type, body = _FORMATS[call.protocol](fault, request_id)
    headers = {
        "Content-Type": content_type,
        "x-amzn-RequestId": request_id,
        "x-amzn-ErrorType": fault.code,
        "Content-Length": str(len(body)),
    }
    if call.protocol == "cbor":
        headers["smithy-protocol"] = "rpc-v2-cbor"
    return fault.status, headers, body


def _json(fault: Fault, request_id: str) -> tuple[str, bytes]:
    body = json.dumps({"__type": fault.code, "message": fault.message})
    return "application/x-amz-json-1.1", body.encode()


def _rest_json(fault: Fault, request_id: str) -> tuple[str, bytes]:
    return "application/json", json.dumps({"code": fault.code, "message": fault.message}).encode()


def _rest_xml(fault: Fault, request_id: str) -> tuple[str, bytes]:
    return _xml(
        f"<Error><Code>{fault.code}</Code><Message>{escape(fault.message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    )


def _query(fault: Fault, request_id: str) -> tuple[str, bytes]:
    return _xml(
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{fault.code}</Code>"
        f"<Message>{escape(fault.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )


def _ec2(fault: Fault, request_id: str) -> tuple[str, bytes]:
    return _xml(
        f"<Response><Errors><Error><Code>{fault.code}</Code><Message>{escape(fault.message)}</Message>"
        f"</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    )


def _xml(text: str) -> tuple[str, bytes]:
    return "text/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode(errors="replace")


def _cbor(fault: Fault, request_id: str) -> tuple[str, bytes]:
    fields = {"__type": fault.code, "message": fault.message}
    body = bytes([0xA0 | len(fields)]) + b"".join(
        _cbor_text(part) for item in fields.items() for part in item
    )
    return "application/cbor", body


def _cbor_text(text: str) -> bytes:
    raw = text.encode(errors="replace")
    return b"\x7a" + len(raw).to_bytes(4, "big") + raw  # major type 3 (text), length in four bytes


_FORMATS = {
    "json": _json,
    "rest-json": _rest_json,
    "rest-xml": _rest_xml,
    "query": _query,
    "ec2": _ec2,
    "cbor": _cbor,
}
