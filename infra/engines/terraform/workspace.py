"""One state's working directory: what is synthesised into it, and the Terraform that works in it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from infra.blueprint import Blueprint
from infra.engines.terraform import synth, synthesised, toolchain
from infra.engines.terraform.runner import Runner
from infra.engines.workspace import Engine
from infra.environment import Environment


def open_workspace(
    blueprint: Blueprint,
    environment: Environment,
    state: str,
    directory: Path,
    variables: Mapping[str, str],
    notice: Callable[[str], None],
) -> Runner:
    """A runner, ready to plan, in `directory` with `blueprint` synthesised into it.

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
    runner.rescue()
    return runner


def warm_up(directory: Path, start: Callable[[], None] = synth.warm_up) -> None:
    """Begin to start Node, unless `directory` may well have what is to be synthesised already."""
    if not synthesised.is_there(directory):
        start()


TERRAFORM = Engine("terraform", "Terraform", open_workspace, lambda state: state, warm_up)
