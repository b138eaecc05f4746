"""Plain data in the vocabulary of the Terraform AWS provider: what an engine makes, and what refers to what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ref:
    """An attribute of another resource, known after that resource is made."""

    type: str
    name: str
    attribute: str


@dataclass(frozen=True)
class Join:
    """Text with references in it: the parts, one after the other."""

    parts: tuple[str | Ref, ...]


@dataclass(frozen=True)
class Postcondition:
    """What must hold after the resource is made or changed; else the engine stops with `error_message`.

    `attribute` of the resource itself must equal `equals`.
    """

    attribute: str
    equals: Ref
    error_message: str


@dataclass(frozen=True)
class Resource:
    """One resource of the provider: its type, our name for it, and the arguments as the provider names them.

    `follows` are resources that it goes with: it is replaced when one of them is. `ignore_changes` are arguments
    that something else moves after the making, and that are left as they then are.
    """

    type: str
    name: str
    arguments: Mapping[str, Any]
    depends_on: tuple["Resource", ...] = ()
    create_before_destroy: bool = False
    postconditions: tuple[Postcondition, ...] = ()
    follows: tuple["Resource", ...] = ()
    ignore_changes: tuple[str, ...] = ()

    def ref(self, attribute: str) -> Ref:
        """A reference to `attribute` of this resource."""
        return Ref(self.type, self.name, attribute)

    @property
    def address(self) -> str:
        """`type.name`, as Terraform writes it."""
        return f"{self.type}.{self.name}"


@dataclass(frozen=True)
class Blueprint:
    """All resources of one state, in the order of making, and what is worth knowing afterwards."""

    resources: tuple[Resource, ...]
    outputs: Mapping[str, Ref | str] = field(default_factory=dict)

    def of_type(self, type: str) -> Iterator[Resource]:
        """The resources of one type, in order."""
        return (resource for resource in self.resources if resource.type == type)
