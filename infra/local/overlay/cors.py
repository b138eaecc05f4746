"""Web pages at function URLs: Lambda itself answers what a browser asks before a call, and says who may read."""

from collections.abc import Mapping
from typing import Any

from infra.local.wire import Environ

Headers = dict[str, str]


def is_preflight(environ: Environ, cors: Mapping[str, Any]) -> bool:
    """Whether it is a browser's question, which carries no signature and never reaches the function."""
    asks = environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
    return asks and bool(cors)


def preflight(environ: Environ, cors: Mapping[str, Any]) -> Headers:
    """What the browser is told; nothing where its page may not call."""
    allowed = answered(environ, cors)
    if not allowed:
        return {}
    listed = {
        "Access-Control-Allow-Methods": cors.get("AllowMethods"),
        "Access-Control-Allow-Headers": cors.get("AllowHeaders"),
    }
    return {
        **allowed,
        **{name: ",".join(values) for name, values in listed.items() if values},
        **({"Access-Control-Max-Age": str(cors["MaxAge"])} if cors.get("MaxAge") else {}),
    }


def answered(environ: Environ, cors: Mapping[str, Any]) -> Headers:
    """What goes with every answer to a page that may call."""
    origin = environ.get("HTTP_ORIGIN")
    origins = cors.get("AllowOrigins") or []
    if origin is None or not {origin, "*"} & set(origins):
        return {}
    headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    if cors.get("ExposeHeaders"):
        headers["Access-Control-Expose-Headers"] = ",".join(cors["ExposeHeaders"])
    if cors.get("AllowCredentials"):
        headers["Access-Control-Allow-Credentials"] = "true"
    return headers
