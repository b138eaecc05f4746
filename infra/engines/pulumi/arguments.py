"""Arguments as the Terraform provider names and shapes them -> those of pulumi_aws, by its own signatures.

pulumi_aws is generated from the same provider. A block that may be there several times is a list with a plural name,
one that may be there once is an object; which it is, and how it is called, is read from the class and never guessed.
"""

import collections.abc
import functools
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.blueprint.resource import Join, Ref
from infra.engines.pulumi import sdk
from infra.engines.pulumi.classes import RENAMED, resource_class
from infra.errors import PulumiError

Resolve = Callable[[Ref], Any]

_UNIONS = (typing.Union, types.UnionType)


@dataclass(frozen=True)
class Slot:
    """One argument of pulumi_aws: `kind` is what a value or an item must be, `block` the class of an object.

    `many`: it takes a list of them.
    """

    name: str
    kind: type | None = None
    block: Any = None
    many: bool = False


def render(type: str, given: Mapping[str, Any], resolve: Resolve) -> dict[str, Any]:
    """The keyword arguments of the class of `type`; raises `PulumiError` for an argument that it does not have."""
    return fields(resource_class(type)._internal_init, given, resolve, type, RENAMED.get(type, {}))


def fields(
    signature: Callable[..., Any],
    given: Mapping[str, Any],
    resolve: Resolve,
    path: str,
    renamed: Mapping[str, str] = types.MappingProxyType({}),
) -> dict[str, Any]:
    """`given` as keyword arguments of `signature`; `path` says in an error where it was."""
    found = slots(signature)
    rendered: dict[str, Any] = {}
    for name, value in given.items():
        slot = _slot(name, found, renamed, path)
        rendered[slot.name] = _value(value, slot, resolve, f"{path}.{name}")
    return rendered


def attribute(type: str, name: str) -> str:
    """What pulumi_aws calls the attribute `name` of a made resource."""
    made = resource_class(type)
    renamed = RENAMED.get(type, {}).get(name)
    for candidate in [renamed] if renamed else _candidates(name):
        if hasattr(made, candidate):
            return candidate
    raise PulumiError(f"{type}.{name} is no attribute of {made.__module__}.{made.__name__}")


@functools.cache
def slots(signature: Callable[..., Any]) -> Mapping[str, Slot]:
    """What a class or a block of pulumi_aws takes, by name."""
    module = vars(sys.modules[signature.__module__])
    return {
        name: _read(name, parameter.annotation, module)
        for name, parameter in inspect.signature(signature).parameters.items()
        if parameter.annotation is not inspect.Parameter.empty and name not in ("resource_name", "opts")
    }


def _slot(name: str, found: Mapping[str, Slot], renamed: Mapping[str, str], path: str) -> Slot:
    for candidate in [renamed[name]] if name in renamed else _candidates(name):
        if candidate in found:
            return found[candidate]
    raise PulumiError(f"{path}.{name} is no argument of pulumi_aws; it has {', '.join(sorted(found))}")


def _candidates(name: str) -> list[str]:
    plural = f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
    return [name, plural, name.removesuffix("s")]


def _read(name: str, annotation: Any, module: Mapping[str, Any]) -> Slot:
    many = False
    leaves: list[Any] = []
    for leaf in _leaves(annotation):
        if typing.get_origin(leaf) is collections.abc.Sequence:
            many = True
            leaves += [inner for item in typing.get_args(leaf) for inner in _leaves(item)]
        else:
            leaves.append(leaf)
    for leaf in leaves:
        block = module.get(leaf) if isinstance(leaf, str) and leaf.endswith("Args") else None
        if block is not None:
            return Slot(name, block=block, many=many)
    kinds = [leaf for leaf in leaves if leaf in (str, bool, int, float)]
    return Slot(name, kind=kinds[0] if len(kinds) == 1 else None, many=many)


def _leaves(annotation: Any) -> Iterator[Any]:
    """What an `Input[Optional[...]]` may be, without the ways to give it later; a class by its name."""
    if isinstance(annotation, typing.ForwardRef | str):
        yield annotation if isinstance(annotation, str) else annotation.__forward_arg__
    elif typing.get_origin(annotation) in _UNIONS:
        for option in typing.get_args(annotation):
            if typing.get_origin(option) is not collections.abc.Awaitable:
                yield from _leaves(option)
    else:
        yield annotation


def _value(value: Any, slot: Slot, resolve: Resolve, path: str) -> Any:
    if isinstance(value, Ref):
        return resolve(value)
    if isinstance(value, list | tuple) or (slot.many and slot.block is not None):
        items = list(value) if isinstance(value, list | tuple) else [value]
        if slot.many:
            single = Slot(slot.name, slot.kind, slot.block)
            return [_value(item, single, resolve, path) for item in items]
        if len(items) != 1:
            raise PulumiError(f"{path} has {len(items)} items, and pulumi_aws takes one")
        return _value(items[0], slot, resolve, path)
    if isinstance(value, Join):
        parts = [resolve(part) if isinstance(part, Ref) else part for part in value.parts]
        return sdk.pulumi.Output.concat(*parts)
    if isinstance(value, Mapping):
        if slot.block is None:
            return {key: _value(item, Slot(key), resolve, f"{path}.{key}") for key, item in value.items()}
        return slot.block(**fields(slot.block.__init__, value, resolve, path))
    if slot.kind is bool and isinstance(value, str):
        return value == "true"  # Terraform reads such a text as one
    return value
