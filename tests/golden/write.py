"""Writes the golden files anew, after a change that is meant."""

import json

from infra import environment, loader
from infra.blueprint import blueprint, storage
from infra.engines.terraform.synth import synth
from infra.operations.schedule import STATE
from tests.infra import test_bill_markdown
from tests.infra.test_blueprint import ENVIRONMENTS, GOLDEN, PROJECT, STACKS, idle, keys, without_metadata


def write() -> None:
    """Those of Terraform, and the comment with a bill."""
    test_bill_markdown.FILE.write_text(test_bill_markdown.against_dev())
    write_terraform()


def write_terraform() -> None:
    """One file per stack and environment, and one per environment's bucket and per its watchman."""
    for env in ENVIRONMENTS:
        values = environment.load(env, PROJECT)
        _write(f"storage-{env}", synth(storage(values), values, "storage"))
        _write(f"idle-{env}", synth(idle(values), values, STATE))
        for name in STACKS:
            stack = loader.load(name, values, PROJECT)
            _write(f"{name}-{env}", synth(blueprint(stack, keys(stack)), values, stack.name))


def _write(name: str, text: str) -> None:
    content = without_metadata(json.loads(text))
    (GOLDEN / f"{name}.tf.json").write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    write()
