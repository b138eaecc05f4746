"""What the majors of the AWS provider call differently. The blueprint speaks 6.x.

JSON with such a name is right for one major only, and then says so in the version that it asks for.
"""

from collections.abc import Mapping
from typing import Any

from infra.blueprint.resource import Blueprint
from infra.engines.terraform.provider import CONSTRAINT

OLDEST, NEWEST = 5, 6

IN_FIVE: Mapping[str, Mapping[str, str]] = {
    "aws_batch_compute_environment": {"name": "compute_environment_name"},
}
"""Resource type -> argument in 6.x -> its name in 5.x (provider's upgrade guide to 6.0)."""

CONSTRAINTS = {5: ">= 5.100.0, < 6.0.0", 6: ">= 6.0.0, < 7.0.0"}


def arguments(type: str, given: Mapping[str, Any], major: int) -> dict[str, Any]:
    """The arguments of a resource as the provider's `major` names them."""
    renamed = IN_FIVE.get(type, {}) if major < NEWEST else {}
    return {renamed.get(name, name): value for name, value in given.items()}


def is_bound(blueprint: Blueprint) -> bool:
    """Whether the JSON of `blueprint` is another for each major."""
    return any(IN_FIVE.get(one.type, {}).keys() & one.arguments.keys() for one in blueprint.resources)


def constraint(blueprint: Blueprint, major: int) -> str:
    """The versions of the provider that JSON for `major` is right for."""
    return CONSTRAINTS[major] if is_bound(blueprint) else CONSTRAINT


def major(version: str | None) -> int:
    """The major of the provider's `version`; without one, the newest that is allowed, as the registry gives it."""
    return NEWEST if version is None else int(version.partition(".")[0])
