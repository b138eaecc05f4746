"""Lambda function URLs: their configuration per qualifier, and requests to them by their host name."""

import base64
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaBackend, lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.core.common_types import TYPE_RESPONSE

from infra.local.overlay import cors, functions, invocations, permissions, streams
from infra.local.overlay.faults import Fault
from infra.local.overlay.pool import Pool
from infra.local.wire import Environ, is_header

HOST = re.compile(r"(?P<id>[a-z0-9]+)\.lambda-url\.(?P<region>[a-z0-9-]+)\.on\.aws(:\d+)?")
TEXT = re.compile(r"text/.*|application/(json|xml|javascript|.*\+(json|xml))")
"""Content types whose bodies a function gets as text; others come in base64."""

Answer = tuple[int, dict[str, str], Any]
"""Status, headers and body, or its parts."""

BAD_GATEWAY: Answer = (502, {"Content-Type": "application/json"}, b"Internal Server Error")


@dataclass
class FunctionUrl:
    """The URL of one function or alias."""

    id: str
    function_name: str
    qualifier: str | None
    region: str
    arn: str
    settings: dict[str, Any]
    created: str
    modified: str = field(default="")

    def description(self) -> dict[str, Any]:
        """The configuration as GetFunctionUrlConfig shows it."""
        shown = {
            "FunctionUrl": f"https://{self.id}.lambda-url.{self.region}.on.aws/",
            "FunctionArn": self.arn,
            "AuthType": self.settings["AuthType"],
            "CreationTime": self.created,
            "LastModifiedTime": self.modified or self.created,
            "InvokeMode": self.settings.get("InvokeMode") or "BUFFERED",
        }
        if self.settings.get("Cors"):
            shown["Cors"] = self.settings["Cors"]
        return shown


def urls_of(backend: LambdaBackend) -> dict[tuple[str, str | None], FunctionUrl]:
    """All URLs of an account and region, by function name and qualifier."""
    urls: dict[tuple[str, str | None], FunctionUrl] = backend.__dict__.setdefault("function_urls", {})
    return urls


def create_function_url_config(self: LambdaResponse) -> TYPE_RESPONSE:
    name, qualifier = _addressed(self)
    urls = urls_of(self.backend)
    function = self.backend.get_function(name, qualifier)
    if (name, qualifier) in urls:
        raise Fault(
            409, "ResourceConflictException", f"FunctionUrlConfig exists for this Lambda function: {name}"
        )
    arn = invocations.Target(function, qualifier).arn
    now = Pool.machine.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    url = FunctionUrl(uuid.uuid4().hex, name, qualifier, self.region, arn, self.json_body, now)
    urls[name, qualifier] = url
    return 201, {"status": "201"}, json.dumps(url.description())


def get_function_url_config(self: LambdaResponse) -> TYPE_RESPONSE:
    return 200, {}, json.dumps(_found(self).description())


def update_function_url_config(self: LambdaResponse) -> TYPE_RESPONSE:
    url = _found(self)
    url.settings = url.settings | self.json_body
    url.modified = Pool.machine.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return 200, {}, json.dumps(url.description())


def delete_function_url_config(self: LambdaResponse) -> TYPE_RESPONSE:
    _found(self)
    del urls_of(self.backend)[_addressed(self)]
    return 204, {"status": "204"}, ""


def _addressed(self: LambdaResponse) -> tuple[str, str | None]:
    name = functions.bare_name(unquote(self.path.rstrip("/").split("/")[-2]))
    return name, self.querystring.get("Qualifier", [None])[0]


def _found(self: LambdaResponse) -> FunctionUrl:
    name, qualifier = _addressed(self)
    self.backend.get_function(name, qualifier)
    url = urls_of(self.backend).get((name, qualifier))
    if url is None:
        raise Fault(404, "ResourceNotFoundException", "The resource you requested does not exist.")
    return url


def route(environ: Environ) -> Answer | None:
    """The answer of the function behind the request's host name; None where it is no function URL."""
    host = HOST.fullmatch(environ.get("HTTP_HOST", ""))
    if host is None:
        return None
    for account in list(lambda_backends.values()):
        backend = account.get(host["region"])
        if backend is None:
            continue
        for url in list(urls_of(backend).values()):
            if url.id == host["id"]:
                return _to_page(environ, backend, url)
    return _json(404, {"Message": None})


def _to_page(environ: Environ, backend: LambdaBackend, url: FunctionUrl) -> Answer:
    """The answer, with what a browser needs to know of it."""
    rules = url.settings.get("Cors") or {}
    if cors.is_preflight(environ, rules):
        return 200, cors.preflight(environ, rules), b""
    status, headers, body = _answer(environ, backend, url)
    return status, {**headers, **cors.answered(environ, rules)}, body


def _answer(environ: Environ, backend: LambdaBackend, url: FunctionUrl) -> Answer:
    signed = bool(environ.get("HTTP_AUTHORIZATION"))
    public = url.settings["AuthType"] == "NONE"
    if not (permissions.anybody_may(backend, url.function_name, url.qualifier) if public else signed):
        return _json(403, {"Message": "Forbidden"})
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if len(body) > invocations.MAX_PAYLOAD_BYTES:
        return _json(413, {"Message": "Request Entity Too Large"})
    try:
        target = invocations.Target(backend.get_function(url.function_name, url.qualifier), url.qualifier)
        request = json.dumps(event(environ, url, backend.account_id, body))
        if url.settings.get("InvokeMode") == "RESPONSE_STREAM":
            return streams.over_http(target, request)
        result = invocations.run(target, request)
    except Fault as fault:
        return _json(fault.status, {"Message": fault.message})
    except UnknownFunctionException:
        return _json(404, {"Message": None})
    if result.is_error:
        return BAD_GATEWAY
    try:
        return _shaped(json.loads(result.payload), result.payload)
    except (TypeError, ValueError, OverflowError):
        return BAD_GATEWAY


def event(environ: Environ, url: FunctionUrl, account_id: str, body: bytes) -> dict[str, Any]:
    """The request in Lambda's payload format 2.0."""
    now = Pool.machine.clock()
    headers = {
        key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")
    }
    content_type = environ.get("CONTENT_TYPE", "")
    if content_type:
        headers["content-type"] = content_type
    if environ.get("CONTENT_LENGTH"):
        headers["content-length"] = environ["CONTENT_LENGTH"]
    cookies = [one.strip() for one in headers.get("cookie", "").split(";") if one.strip()]
    query = environ.get("QUERY_STRING", "")
    path = environ.get("PATH_INFO", "/")
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": account_id if "authorization" in headers else "anonymous",
            "apiId": url.id,
            "domainName": headers.get("host", ""),
            "domainPrefix": url.id,
            "http": {
                "method": environ["REQUEST_METHOD"],
                "path": path,
                "protocol": environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
                "sourceIp": environ.get("REMOTE_ADDR", ""),
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        made["cookies"] = cookies
    if query:
        made["queryStringParameters"] = _joined(parse_qsl(query, keep_blank_values=True))
    if body:
        is_text = TEXT.fullmatch(content_type.split(";")[0].strip()) is not None
        made["isBase64Encoded"] = not is_text
        made["body"] = body.decode(errors="replace") if is_text else base64.b64encode(body).decode()
    return made


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for key, value in pairs:
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    return joined


def _shaped(result: Any, payload: bytes) -> Answer:
    """The HTTP answer of a handler's result: a response with a statusCode, or any JSON.

    Raises TypeError, ValueError or OverflowError for a response that is none.
    """
    if not (isinstance(result, dict) and "statusCode" in result):
        return 200, {"Content-Type": "application/json"}, payload
    body = result.get("body") or ""
    raw = body if isinstance(body, str) else json.dumps(body)
    given: dict[str, Any] = dict(result.get("headers") or {})
    headers = {name: str(value) for name, value in {"Content-Type": "application/json", **given}.items()}
    status = int(result["statusCode"])
    if not (200 <= status <= 599 and all(is_header(*header) for header in headers.items())):
        raise ValueError(result)
    return (
        status,
        headers,
        base64.b64decode(raw) if result.get("isBase64Encoded") else raw.encode(),
    )


def _json(status: int, content: dict[str, Any]) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(content).encode()
