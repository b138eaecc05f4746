"""Blueprint -> Terraform JSON -> plan and apply.

`mount` is the way into a cdktn app of one's own; importing this package starts no Node.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constructs import Construct

    from infra.stack import Stack


def mount(
    stack: "Stack", scope: "Construct", artifact_keys: Mapping[str, str], provider_major: int = 6
) -> None:
    """Put the resources of `stack` into `scope`, a TerraformStack of one's own app, whose provider they use.

    `artifact_keys` has the S3 key of each workload's artifact in the environment's bucket, as
    `modelyard package STACK --env E --upload --json` prints it. `provider_major` is that of the app's AWS provider.
    """
    from infra import rules
    from infra.blueprint import blueprint
    from infra.engines.terraform.synth import place

    content = blueprint(stack, artifact_keys)
    rules.check(stack, content)
    place(content, scope, provider_major)
