"""A handler to the OpenAPI document of its host: what it takes, what it gives, and what it says when it refuses.

    Contract.of(handler, sample) -> document(contract)

`Input` and `Output` in inference.py may be pydantic models, or whatever else has `model_json_schema`.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from model_packaging.errors import HandlerError, InvalidModel
from model_packaging.hosts.codecs import CODECS, JSON, JSON_LINES, MediaType
from model_packaging.hosts.faults import BadRequest, Fault, one_line
from model_packaging.hosts.handler import FILE, MODULE, Handler
from model_packaging.hosts.json_text import decode_json
from model_packaging.manifest import SAMPLE

VERSION = "3.1.0"
"""The first whose schemas are JSON Schema, as pydantic writes them."""

STREAMED = ("text/event-stream", JSON_LINES)
"""What a caller accepts who wants the parts of `stream_fn`."""

ELSEWHERE = "model_packaging.hosts.workers"
"""The module of the faults that only a host of several models has."""

REF = "#/components/schemas/"

ERROR = {
    "type": "object",
    "required": ["error", "request_id"],
    "properties": {
        "error": {"type": "string", "description": "What was found, and what to send instead."},
        "request_id": {"type": "string", "description": "The caller's x-amzn-requestid, or a new one."},
    },
}
"""Every refusal of a host."""


@dataclass(frozen=True)
class Contract:
    """What a handler's file says of its requests and answers."""

    name: str
    description: str = ""
    input: Any = None
    output: Any = None
    streams: bool = False
    example: tuple[Any, ...] = ()
    """The example request; empty where there is none, for None is one."""

    @classmethod
    def of(cls, name: str, handler: Handler, sample: bytes | None) -> "Contract":
        """Of a handler that was just loaded, and the example request of its folder as JSON.

        Raises `InvalidModel` where the example is not JSON.
        """
        module = sys.modules.get(MODULE)
        try:
            example = () if sample is None else (decode_json(sample),)
        except BadRequest as error:
            raise InvalidModel(f"{name}/{SAMPLE} is no example request. {error}") from None
        return cls(
            name,
            (module and module.__doc__) or "",
            getattr(module, "Input", None),
            getattr(module, "Output", None),
            handler.stream_fn is not None,
            example,
        )


def document(contract: Contract) -> dict[str, Any]:
    """The OpenAPI document, as plain data. Raises `HandlerError` where a model of the handler has no JSON schema."""
    schemas: dict[str, Any] = {"Error": ERROR}
    taken = _schema("Input", contract.input, "validation", schemas)
    given = _schema("Output", contract.output, "serialization", schemas)
    request = {name: {"schema": _of(name, taken)} for name in CODECS}
    if contract.example:
        request[JSON]["example"] = contract.example[0]
    answer = {name: {"schema": _of(name, given)} for name in CODECS}
    answer |= {name: {"schema": {"type": "string"}} for name in STREAMED if contract.streams}
    post = {
        "operationId": "invocations",
        "summary": "One request to the handler",
        "requestBody": {"required": True, "content": request},
        "responses": {"200": {"description": "The prediction.", "content": answer}, **_refusals()},
    }
    ping = {
        "operationId": "ping",
        "summary": "Whether the host is well",
        "responses": {"200": {"description": "The model is loaded."}},
    }
    return {
        "openapi": VERSION,
        "info": {"title": contract.name, "version": "1", "description": contract.description},
        "paths": {"/invocations": {"post": post}, "/ping": {"get": ping}},
        "components": {"schemas": schemas},
    }


def _schema(name: str, model: Any, mode: str, schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema of `model` under `name`, with what it refers to as `name.OTHER`; anything, where there is none."""
    make = getattr(model, "model_json_schema", None)
    if make is None:
        return {}
    try:
        made = make(ref_template=f"{REF}{name}.{{model}}", mode=mode)
    except Exception as error:
        raise HandlerError(f"{FILE}: {name} has no JSON schema: {one_line(error)}") from error
    schemas.update({f"{name}.{part}": schema for part, schema in made.pop("$defs", {}).items()})
    schemas[name] = made
    return {"$ref": f"{REF}{name}"}


def _of(media: str, typed: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a body of that media type is: the handler's own schema in JSON, else text or bytes."""
    if media == JSON:
        return typed
    text = "json" in media or MediaType.parse(media).is_text
    return {"type": "string"} if text else {"type": "string", "format": "binary"}


def _refusals() -> dict[str, Any]:
    """One response for each status that a fault has, with what its class says of itself."""
    content = {JSON: {"schema": {"$ref": f"{REF}Error"}}}
    kinds = [kind for kind in _faults(Fault) if kind.__module__ != ELSEWHERE]
    said = {kind.status: (kind.__doc__ or "").strip().partition("\n")[0] for kind in kinds}
    return {str(status): {"description": text, "content": content} for status, text in sorted(said.items())}


def _faults(kind: type[Fault]) -> Iterator[type[Fault]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _faults(narrower)
