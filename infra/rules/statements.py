"""The statements of every policy in a blueprint, whichever argument they stand in."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.blueprint import Blueprint
from infra.blueprint.resource import Join, Ref, Resource

POLICIES = ("policy", "assume_role_policy")
"""Arguments whose text is a policy document, in all resource types; a block may have them too."""

_JSONENCODE = re.compile(r"^\$\{jsonencode\((?P<content>.*)\)\}$", re.DOTALL)
# HCL's `key = value`, a line each, inside of jsonencode, where JSON has `"key": value,`.
_HCL_LINE = re.compile(r'(?<=[\w"\]}])\s*\n\s*(?="?\w[\w:]*"?\s*=)')
_HCL_KEY = re.compile(r'(?<=[{,\s])"?([A-Za-z_][\w:]*)"?\s*=\s*')


@dataclass(frozen=True)
class Statement:
    """One statement of a policy of the resource at `address`, with single values as tuples."""

    address: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[str, ...]
    conditions: Mapping[str, Any]
    inverted: tuple[str, ...] = ()
    """Which of NotAction, NotResource and NotPrincipal it has."""

    @property
    def allows(self) -> bool:
        """Whether it gives a right, and takes none away."""
        return self.effect == "Allow"


def statements(blueprint: Blueprint) -> Iterator[Statement]:
    """Every statement of every policy that can be read; `unreadable` has the others."""
    for resource, document in _policies(blueprint):
        for one in _listed((_content(document) or {}).get("Statement")):
            yield _statement(resource.address, one)


def unreadable(blueprint: Blueprint) -> Iterator[Resource]:
    """Resources with a policy that is no JSON: nobody can say what it allows."""
    return (resource for resource, document in _policies(blueprint) if _content(document) is None)


def _policies(blueprint: Blueprint) -> Iterator[tuple[Resource, str]]:
    for resource in blueprint.resources:
        for document in _texts(resource.arguments):
            yield resource, document


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in POLICIES and isinstance(item, str | Join):
                yield text(item)
            else:
                yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def text(value: str | Join) -> str:
    """Text with each reference as Terraform writes it; inside of JSON that is a string like any other."""
    if isinstance(value, str):
        return value
    return "".join(
        f"${{{part.type}.{part.name}.{part.attribute}}}" if isinstance(part, Ref) else part
        for part in value.parts
    )


def _content(document: str) -> dict[str, Any] | None:
    encoded = _JSONENCODE.match(document)
    if encoded:
        document = _HCL_KEY.sub(r'"\1": ', _HCL_LINE.sub(", ", encoded["content"]))
    try:
        content = json.loads(document)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _statement(address: str, content: Mapping[str, Any]) -> Statement:
    principal = content.get("Principal", ())
    named = principal.values() if isinstance(principal, Mapping) else (principal,)
    return Statement(
        address,
        content.get("Effect", ""),
        _listed(content.get("Action")),
        _listed(content.get("Resource")),
        tuple(one for several in named for one in _listed(several)),
        content.get("Condition", {}),
        tuple(key for key in ("NotAction", "NotResource", "NotPrincipal") if key in content),
    )


def _listed(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)
