"""A Modelyard stack as a component of somebody's own Pulumi program."""

from collections.abc import Mapping
from typing import Any

from infra import rules
from infra.blueprint import blueprint
from infra.engines.pulumi import program
from infra.engines.pulumi.sdk import pulumi
from infra.stack import Stack


class ModelyardStack(pulumi.ComponentResource):  # type: ignore[misc]  # mypy does not read pulumi
    """All resources of `stack`, as children of this one; `outputs` has what the stack gives, by name.

    `artifact_keys` has the S3 key of each workload's artifact, as `infra.operations.artifacts.keys` gives it. Without
    a provider in `opts` it makes one for the stack's environment, which refuses credentials of another account.
    `adopt` has the identifier on AWS by `type.name` (`modelyard import-ids`) of what is there already, and is taken
    over. What `opts` protects is protected down to the last child.
    """

    outputs: Mapping[str, Any]

    def __init__(
        self,
        name: str,
        stack: Stack,
        artifact_keys: Mapping[str, str],
        *,
        adopt: Mapping[str, str] | None = None,
        opts: "pulumi.ResourceOptions | None" = None,
    ) -> None:
        content = blueprint(stack, artifact_keys)
        rules.check(stack, content)
        super().__init__("modelyard:index:Stack", name, None, opts)
        given = opts is not None and (opts.provider is not None or opts.providers is not None)
        aws = None if given else program.provider(name, stack.environment, stack.name, self)
        self.outputs = program.place(content, prefix=f"{name}-", parent=self, provider=aws, adopt=adopt)
        self.register_outputs(dict(self.outputs))
