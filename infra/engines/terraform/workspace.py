"""One state's working directory: what is synthesised into it, and the Terraform that works in it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.blueprint import Blueprint
from infra.engines.events import ResourceEvent, ignore
from infra.engines.plan import PlanSummary
from infra.engines.terraform import synth, synthesised, toolchain
from infra.engines.terraform.drift import Drifted
from infra.engines.terraform.runner import Runner
from infra.engines.terraform.store import StateStore
from infra.engines.workspace import Adopted, Engine
from infra.environment import Environment


class TerraformWorkspace:
    """Terraform on one state: `runner` plans and applies, `store` keeps what is made."""

    def __init__(self, runner: Runner, store: StateStore) -> None:
        self._runner = runner
        self._store = store

    def plan(self, *, destroy: bool = False) -> PlanSummary:
        """Makes and saves a plan; `destroy`: one that removes everything."""
        return self._runner.plan(destroy=destroy)

    def apply(self, on_event: Callable[[ResourceEvent], None] = ignore) -> Mapping[str, Any]:
        """Applies the saved plan, once; returns the outputs by name."""
        return self._runner.apply(on_event)

    def drift(self) -> tuple[Drifted, ...]:
        """What was changed outside of Terraform since its last apply; changes nothing, and locks nothing."""
        return self._runner.drift()

    def outputs(self) -> Mapping[str, Any]:
        """The outputs of the last apply, by name."""
        return self._store.read().outputs

    def restore(self, serving: Mapping[str, str]) -> None:
        """Makes what was about to be replaced current again in the state."""
        self._store.restore(serving)

    def untaint(self, addresses: Collection[str]) -> None:
        """Keeps what is at `addresses`, which a run that was cut short had it replace."""
        self._store.untaint(addresses)

    def adopt(self, found: Sequence[Adopted]) -> None:
        """Takes over, with the next plan, what is there already, instead of making it."""
        self._store.adopt(found)

    def held(self) -> Mapping[str, Mapping[str, Any]]:
        """The attributes of what the state holds, by address."""
        return {resource.address: resource.attributes for resource in self._store.read().resources}


def open_workspace(
    blueprint: Blueprint,
    environment: Environment,
    state: str,
    directory: Path,
    variables: Mapping[str, str],
    notice: Callable[[str], None],
) -> TerraformWorkspace:
    """A workspace, ready to plan, in `directory` with `blueprint` synthesised into it.

    `variables` is the environment of Terraform's process: where AWS is, and the credentials for it. `notice` is
    told in one line what the user waits for.
    """
    found = toolchain.find(variables)
    major = found.provider_major
    synthesised.keep(
        directory,
        synthesised.fingerprint(blueprint, environment, state, major),
        lambda: synth.synth(blueprint, environment, state, major),
    )
    runner = Runner(found, directory, variables, notice=notice)
    store = StateStore(runner, notice)
    store.rescue()
    return TerraformWorkspace(runner, store)


def warm_up(directory: Path, start: Callable[[], None] = synth.warm_up) -> None:
    """Begin to start Node, unless `directory` may well have what is to be synthesised already."""
    if not synthesised.is_there(directory):
        start()


TERRAFORM = Engine("terraform", "Terraform", open_workspace, lambda state: state, warm_up)
