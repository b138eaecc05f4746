"""AWS's own validation of a request, from botocore's service model: required, enum, pattern, length, range.

moto checks few of these, and botocore's client checks only types, required members and minima.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.session import Session


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of `service`, by botocore's name of it."""
    return Session().get_service_model(service)


def violations(service: str, operation: str, parameters: dict[str, Any]) -> list[str]:
    """What AWS would say of `parameters`, one constraint a line; empty where nothing is wrong."""
    shape = service_model(service).operation_model(operation).input_shape
    return list(_of(shape, parameters, "")) if shape is not None else []


def message(findings: list[str]) -> str:
    """The findings as AWS words them in one error."""
    noun = "error" if len(findings) == 1 else "errors"
    return f"{len(findings)} validation {noun} detected: {'; '.join(findings)}"


def _of(shape: Shape, value: Any, path: str) -> Iterator[str]:
    check = _CHECKS.get(shape.type_name)
    return check(shape, value, path) if check is not None else iter(())


def _structure(shape: StructureShape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _finding(None, _join(path, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _of(member, value[name], _join(path, name))


def _list(shape: ListShape, value: list[Any], path: str) -> Iterator[str]:
    yield from _length(shape, value, path)
    for number, item in enumerate(value, start=1):
        yield from _of(shape.member, item, f"{path}.{number}.member")


def _map(shape: MapShape, value: dict[str, Any], path: str) -> Iterator[str]:
    yield from _length(shape, value, path)
    for key, item in value.items():
        for finding in _of(shape.key, key, path):
            yield finding.replace(
                "satisfy constraint: ", "satisfy constraint: Map keys must satisfy constraint: "
            )
        yield from _of(shape.value, item, f"{path}.{key}.member")


def _string(shape: Shape, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield _finding(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    yield from _length(shape, value, path)
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not _matches(pattern, value):
        yield _finding(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _length(shape: Shape, value: Any, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and len(value) < low:
        yield _finding(value, path, f"Member must have length greater than or equal to {low}")
    if high is not None and len(value) > high:
        yield _finding(value, path, f"Member must have length less than or equal to {high}")


def _number(shape: Shape, value: float, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield _finding(value, path, f"Member must have value greater than or equal to {low}")
    if high is not None and value > high:
        yield _finding(value, path, f"Member must have value less than or equal to {high}")


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:  # a few patterns are Java's only
        return True


def _finding(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name[0].lower()}{name[1:]}".lstrip(".")


_CHECKS: dict[str, Callable[..., Iterator[str]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
}
