"""Whether AWS could read a JSON request at all: an operation that exists, JSON, and each member of its type.

moto takes broken JSON for none, and fails over a wrong type wherever it meets it.
"""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.utils import parse_timestamp
from moto.core.request import Request

from infra.local.overlay import constraints
from infra.local.overlay.faults import Fault

FORM = "application/x-www-form-urlencoded"


def check(service: str, request: Request, route: Callable[[], str | None]) -> None:
    """Raise AWS's error for a JSON request to `service` that it could not read; others pass.

    `route` names the operation where only the method and path tell it.
    """
    target = request.headers.get("X-Amz-Target")
    if request.content_encoding or (target is None and (request.content_type or "").startswith(FORM)):
        return
    try:
        model = constraints.service_model(service)
    except UnknownServiceError:
        return
    operation = _operation(model, target, route)
    if operation is not None:
        _check_body(operation, request.get_data(parse_form_data=False))


def _operation(
    model: ServiceModel, target: str | None, route: Callable[[], str | None]
) -> OperationModel | None:
    if target is not None:
        name: str | None = target.split(".")[-1]
    else:
        name = route() if model.metadata["protocol"] == "rest-json" else None
    if name is None:
        return None
    if name not in model.operation_names:
        raise Fault(400, "UnknownOperationException", f"There is no operation {name}.")
    return model.operation_model(name)


def _check_body(operation: OperationModel, body: bytes) -> None:
    shape = operation.input_shape
    if shape is None or not body.strip():
        return
    payload = shape.serialization.get("payload")
    if payload is not None:
        shape = shape.members[payload]
        if not isinstance(shape, StructureShape):
            return  # a body of its own: the event of a function, the input of a model
    elif all("location" in member.serialization for member in shape.members.values()):
        return
    try:
        content = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise Fault(400, "SerializationException", f"The request is no JSON: {error}") from error
    for finding in _of(shape, content, ""):
        raise Fault(400, "SerializationException", finding)


def _of(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """What is wrong, one member a line."""
    if value is None or getattr(shape, "is_document_type", False) or shape.type_name not in _TYPES:
        return
    is_right, inner = _TYPES[shape.type_name]
    if not is_right(value):
        yield f"{_name_of(value)} can not be converted to {shape.type_name} at '{path}'"
    elif inner is not None:
        yield from inner(shape, value, path)


def _name_of(value: Any) -> str:
    """What JSON calls it."""
    return next(name for kind, name in _NAMES.items() if isinstance(value, kind))


_NAMES: dict[type | tuple[type, ...], str] = {
    bool: "Boolean",
    (int, float): "Number",
    str: "String",
    list: "List",
    dict: "Object",
}
"""bool is a number to Python, so it comes first."""


def _structure(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        if "location" not in member.serialization:
            sent = member.serialization.get("name", name)
            yield from _of(member, value.get(sent), f"{path}.{sent}".lstrip("."))


def _list(shape: ListShape, value: list[Any], path: str) -> Iterator[str]:
    for number, item in enumerate(value, start=1):
        yield from _of(shape.member, item, f"{path}.{number}")


def _map(shape: MapShape, value: dict[str, Any], path: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _of(shape.value, item, f"{path}.{key}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


def _is_float(value: Any) -> bool:
    return _is_number(value) or value in ("NaN", "Infinity", "-Infinity")


def _is_timestamp(value: Any) -> bool:
    return (_is_number(value) or isinstance(value, str)) and _works(parse_timestamp, value)


def _is_base64(value: Any) -> bool:
    return isinstance(value, str) and _works(base64.b64decode, value)


def _works(convert: Callable[[Any], Any], value: Any) -> bool:
    try:
        convert(value)
    except (ValueError, OverflowError, RuntimeError):  # the last: a time that no time zone can show
        return False
    return True


_TYPES: dict[str, tuple[Callable[[Any], bool], Callable[..., Iterator[str]] | None]] = {
    "structure": (lambda value: isinstance(value, dict), _structure),
    "list": (lambda value: isinstance(value, list), _list),
    "map": (lambda value: isinstance(value, dict), _map),
    "string": (lambda value: isinstance(value, str), None),
    "boolean": (lambda value: isinstance(value, bool), None),
    "integer": (_is_integer, None),
    "long": (_is_integer, None),
    "float": (_is_float, None),
    "double": (_is_float, None),
    "timestamp": (_is_timestamp, None),
    "blob": (_is_base64, None),
}
"""botocore's name of a type: what JSON has for it, and what is inside."""
