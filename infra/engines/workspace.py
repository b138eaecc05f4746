"""What a deploy needs of an engine: a place in which it plans and applies one state."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from infra.blueprint import Blueprint
from infra.engines.events import ResourceEvent, ignore
from infra.engines.plan import PlanSummary
from infra.environment import Environment


@dataclass(frozen=True)
class Adopted:
    """What is on AWS and not in the state: its address, its identifier, and what names it (id, name, arn)."""

    address: str
    id: str
    names: Mapping[str, str | None]


class Workspace(Protocol):
    """One state, and the engine that works on it. Every method raises `EngineError`, one line per diagnostic."""

    def plan(self, *, destroy: bool = False) -> PlanSummary:
        """Makes and saves a plan; `destroy`: one that removes everything."""

    def apply(self, on_event: Callable[[ResourceEvent], None] = ignore) -> Mapping[str, Any]:
        """Carries the saved plan out, once; the outputs by name."""

    def outputs(self) -> Mapping[str, Any]:
        """The outputs of the last apply, by name."""

    def restore(self, serving: Mapping[str, str]) -> None:
        """Makes what was about to be replaced current again in the state: the identifier on AWS, by address."""

    def untaint(self, addresses: Collection[str]) -> None:
        """Keeps what is at `addresses`, which the next plan would replace for having been made by a run cut short."""

    def adopt(self, found: Sequence[Adopted]) -> None:
        """Takes over, with the next plan, what is there already, instead of making it."""

    def held(self) -> Mapping[str, Mapping[str, Any]]:
        """The attributes of what the state holds, by address (`type.name`)."""


Notice = Callable[[str], None]
Open = Callable[[Blueprint, Environment, str, Path, Mapping[str, str], Notice], Workspace]


@dataclass(frozen=True)
class Engine:
    """One way of making resources: `name` is the word for --engine, `title` the one for people.

    `open` gives the workspace of a blueprint: its environment, the state's name, a folder of its own, the variables of
    the engine's process (where AWS is, and the credentials for it), and whom to tell what the user waits for. `folder`
    is the name of that folder by the state's. `warm_up` begins what takes long to start, for what works in that folder.
    """

    name: str
    title: str
    open: Open
    folder: Callable[[str], str]
    warm_up: Callable[[Path], None]
