"""What a deploy that was cut short left on AWS, and its state knows nothing of: it is taken over, and not made again.

A deploy that is killed, or that never hears AWS's answer, has made what its state does not hold; the next one is then
told "already exists" (measured: after 24 kills at any moment, plain Terraform went on in 7). Whose it is is told by
the name, which nobody else derives, and by the tags that all of a stack's resources have.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from infra.blueprint import Blueprint
from infra.blueprint.resource import Resource
from infra.connection import Connection
from infra.engines.provider import tags
from infra.engines.terraform import dialect
from infra.engines.workspace import Adopted, Engine, Workspace
from infra.environment import Environment
from infra.errors import Misuse
from infra.ledger import Ledger
from infra.operations import crossing, identifiers, probes
from infra.operations.probes import Found
from infra.stack import Stack

Say = Callable[[str], None]
CUT_SHORT = "An earlier deploy was cut short"
LOST = "An answer of AWS was lost"
_SHOWN = 3


def adopt(
    stack: Stack, content: Blueprint, engine: Engine, workspace: Workspace, connection: Connection, say: Say
) -> None:
    """Have `workspace` take over what an earlier deploy of `stack` left; raises `Misuse` for what is not ours.

    Before a first deploy, too: another environment's stack may have come to the same names. What another engine has
    deployed is not looked for.
    """
    ledger = Ledger.on(connection)
    maker = crossing.maker(stack, ledger) if ledger.exists() else None
    if maker in (None, engine.name):
        take_over(stack.name, content, workspace, connection, say)


def take_over(
    state: str,
    content: Blueprint,
    workspace: Workspace,
    connection: Connection,
    say: Say,
    why: str = CUT_SHORT,
) -> bool:
    """The same for any state: of a stack, or of what an environment has one of; whether there was anything."""
    held = workspace.held()
    search = _Search(connection, state, held)
    for resource, identified in zip(
        content.resources, identifiers.identify(content, connection.environment, {}), strict=True
    ):
        search.look(resource, identified.id)
    if search.foreign:
        raise Misuse("\n".join(search.foreign))
    if search.adopted:
        names = [one.address for one in search.adopted]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        say(f"{why}; taking over what it made: {', '.join(names[:_SHOWN])}{more}")
        workspace.adopt(search.adopted)
    return bool(search.adopted)


def take_over_unheard(
    state: str, content: Blueprint, workspace: Workspace, connection: Connection, say: Say
) -> bool:
    """The same for what AWS has made in this run and the engine did not hear of; False where it is not ours."""
    try:
        return take_over(state, content, workspace, connection, say, LOST)
    except Misuse:  # somebody else was quicker: what AWS said stands
        return False


@dataclass
class _Search:
    """One pass over a blueprint in its order, in which what owns comes before what is owned."""

    connection: Connection
    state: str
    held: Mapping[str, Mapping[str, object]]
    adopted: list[Adopted] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    ours: set[str] = field(default_factory=set)

    def look(self, resource: Resource, identifier: str | None) -> None:
        """Look for one resource, unless the state holds it as it shall be."""
        name = str(_name(resource, identifier))
        known = self.held.get(resource.address)
        called = dialect.IN_FIVE.get(resource.type, {}).get("name", "name")
        # What carries a digest in its name is made anew for each change, before the old one goes.
        if known is not None and not (
            resource.create_before_destroy and known.get("name", known.get(called)) != name
        ):
            self.ours.add(name)
            return
        found = self._found(resource, identifier, name)
        if found is None:
            return
        if not self._is_ours(found):
            self.foreign.append(
                f"{resource.type} {name} is there already and is not this stack's: it lacks the tags "
                f"{_written(_wanted(self.connection.environment, self.state))}; remove it or rename the workload."
            )
            return
        self.ours.add(name)
        self.adopted.append(
            Adopted(resource.address, found.id, {"id": found.id, "name": name, "arn": found.arn})
        )

    def _found(self, resource: Resource, identifier: str | None, name: str) -> Found | None:
        if resource.type in probes.BY_NAME:
            return probes.BY_NAME[resource.type](self.connection, name)
        probe = probes.BY_IDENTIFIER.get(resource.type)
        return probe(self.connection, identifier) if probe is not None and identifier is not None else None

    def _is_ours(self, found: Found) -> bool:
        if found.tags is None:
            return found.owner is None or found.owner in self.ours
        wanted = _wanted(self.connection.environment, self.state)
        return all(found.tags.get(key) == value for key, value in wanted.items())


def _name(resource: Resource, identifier: str | None) -> object:
    for key in ("name", "function_name", "bucket"):
        if isinstance(resource.arguments.get(key), str):
            return resource.arguments[key]
    return identifier


def _wanted(environment: Environment, state: str) -> dict[str, str]:
    everything = tags(environment, state)
    return {key: everything[key] for key in ("modelyard:environment", "modelyard:stack")}


def _written(wanted: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in wanted.items())
