"""Every example stack in every environment, and every environment's bucket and watchman, as Terraform's JSON."""

import json
from typing import Any

from infra import environment, loader
from infra.blueprint import Blueprint, blueprint, storage
from infra.engines.provider import provider
from infra.engines.terraform import expression
from infra.engines.terraform.provider import CONSTRAINT, SOURCE
from infra.environment import Environment
from infra.stack import Stack
from tests.infra.test_blueprint import ENVIRONMENTS, PROJECT, STACKS, idle, keys


def stacks() -> dict[str, Stack]:
    """By the golden file's name."""
    return {
        f"{name}-{env}": loader.load(name, environment.load(env, PROJECT), PROJECT)
        for env in ENVIRONMENTS
        for name in STACKS
    }


def module(content: Blueprint, values: Environment, name: str) -> dict[str, Any]:
    """What cdktn writes, without its notes and without Node; the golden files show that it is the same."""
    text = {
        "terraform": {"required_providers": {"aws": {"source": SOURCE, "version": CONSTRAINT}}},
        "provider": {"aws": [provider(values, name)]},
        "resource": expression.resources(content),
    }
    found: dict[str, Any] = json.loads(json.dumps(text))
    return found


def modules() -> dict[str, dict[str, Any]]:
    """All of them, by the golden file's name."""
    found = {
        name: module(blueprint(stack, keys(stack)), stack.environment, stack.name)
        for name, stack in stacks().items()
    }
    for env in ENVIRONMENTS:
        values = environment.load(env, PROJECT)
        found[f"storage-{env}"] = module(storage(values), values, "storage")
        found[f"idle-{env}"] = module(idle(values), values, "idle")
    return found
