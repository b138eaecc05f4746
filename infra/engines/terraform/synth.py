"""Blueprint -> cdk.tf.json, through cdktn's own TerraformResource. The one place that imports cdktn."""

import contextlib
import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.blueprint import Blueprint
from infra.engines.provider import provider
from infra.engines.terraform import dialect, expression
from infra.engines.terraform.dialect import OLDEST
from infra.engines.terraform.provider import SOURCE, TERRAFORM_CONSTRAINT, backend
from infra.engines.terraform.toolchain import node_path
from infra.environment import Environment
from infra.errors import ToolchainError

if TYPE_CHECKING:
    from constructs import Construct

FILE = "cdk.tf.json"
STATE = "terraform.tfstate"


def warm_up() -> None:
    """Begin to start Node, in the background: it takes 0.3 s, in which the artifacts can be hashed."""

    def start() -> None:
        # Whoever needs cdktn says what is wrong with it; nobody waits here.
        with contextlib.suppress(Exception):
            _cdktn()

    threading.Thread(target=start, daemon=True).start()


def synth(blueprint: Blueprint, environment: Environment, stack_name: str, major: int = OLDEST) -> str:
    """The text of cdk.tf.json for `blueprint` and the AWS provider's `major`.

    Starts Node; raises `ToolchainError` where cdktn is missing.
    """
    cdktn = _cdktn()
    with tempfile.TemporaryDirectory(prefix="modelyard-synth-") as directory:
        # Without these versions cdktn's validation refuses the S3 backend's lock file.
        versions = {"terraform": TERRAFORM_CONSTRAINT, "opentofu": TERRAFORM_CONSTRAINT}
        app = cdktn.App(
            outdir=directory,
            stack_traces=False,
            skip_validation=False,
            context={"targetVersions": versions},
        )
        stack = cdktn.TerraformStack(app, stack_name)
        # No required_version: checkov 3.3.30 reads no file that has one in its JSON form, and calls that 0 failures.
        # The toolchain refuses what is too old, and so does the S3 backend's use_lockfile by itself.
        _provide(cdktn, stack, environment, stack_name, dialect.constraint(blueprint, major))
        place(blueprint, stack, major)
        app.synth()
        return (Path(directory) / "stacks" / stack_name / FILE).read_text()


def place(blueprint: Blueprint, scope: "Construct", major: int = OLDEST) -> None:
    """Put the resources and outputs of `blueprint` into a cdktn stack; its provider is the caller's, of `major`."""
    cdktn = _cdktn()
    for resource in blueprint.resources:
        # Construct ids are unique over all types, Terraform's names are unique per type.
        construct = cdktn.TerraformResource(
            scope, f"{resource.type}-{resource.name}", terraform_resource_type=resource.type
        )
        construct.override_logical_id(resource.name)
        for argument, value in expression.body(resource, major).items():
            construct.add_override(argument, value)
    for name, value in blueprint.outputs.items():
        output = cdktn.TerraformOutput(scope, f"output-{name}", value=expression.render(value))
        output.override_logical_id(name)


def _provide(cdktn: Any, stack: Any, environment: Environment, stack_name: str, constraint: str) -> None:
    aws = cdktn.TerraformProvider(
        stack,
        "aws",
        terraform_resource_type="aws",
        terraform_provider_source=SOURCE,
        terraform_generator_metadata={"provider_name": "aws", "provider_version_constraint": constraint},
    )
    for argument, value in provider(environment, stack_name).items():
        aws.add_override(argument, value)
    store = backend(environment, stack_name)
    if store is None:
        # Said, or cdktn writes an absolute path into the folder that it was started from.
        cdktn.LocalBackend(stack, path=STATE)
    else:
        cdktn.S3Backend(stack, **store)


def _cdktn() -> Any:
    node = node_path()
    if node is None:
        raise ToolchainError(
            "No Node was found, and cdktn needs one; run: python -m pip install --editable '.[terraform]'"
        )
    os.environ.setdefault("JSII_NODE", str(node))
    try:
        import cdktn
    except ImportError:
        raise ToolchainError(
            "cdktn is not installed; run: python -m pip install --editable '.[terraform]'"
        ) from None
    return cdktn
