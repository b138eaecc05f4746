"""One state's working directory: what is synthesised into it, and the Terraform that works in it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from infra.blueprint import Blueprint
from infra.engines import private_file
from infra.engines.terraform import synth, toolchain
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
    text = synth.synth(blueprint, environment, state, found.provider_major)
    private_file.write(directory / synth.FILE, text)
    return Runner(found, directory, variables, notice=notice)


TERRAFORM = Engine("terraform", "Terraform", open_workspace, lambda state: state, synth.warm_up)
