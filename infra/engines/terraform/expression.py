"""Blueprint -> Terraform's JSON vocabulary: references become `${type.name.attribute}`."""

from collections.abc import Callable, Mapping
from typing import Any

from infra.blueprint.resource import Blueprint, Join, Postcondition, Ref, Resource
from infra.engines.terraform import dialect
from infra.engines.terraform.dialect import OLDEST


def render(value: Any) -> Any:
    """`value` with every reference written as Terraform writes it, and plain text kept from being read as one."""
    for kind, rule in _RULES.items():
        if isinstance(value, kind):
            return rule(value)
    return value


def _reference(ref: Ref) -> str:
    return f"{ref.type}.{ref.name}.{ref.attribute}"


_RULES: Mapping[type, Callable[[Any], Any]] = {
    Ref: lambda ref: f"${{{_reference(ref)}}}",
    Join: lambda join: "".join(render(part) for part in join.parts),
    str: lambda text: text.replace("${", "$${").replace("%{", "%%{"),
    Mapping: lambda mapping: {key: render(item) for key, item in mapping.items()},
    tuple: lambda items: [render(item) for item in items],
    list: lambda items: [render(item) for item in items],
}


def body(resource: Resource, major: int = OLDEST) -> dict[str, Any]:
    """The resource's block for the provider's `major`: its arguments, then what Terraform itself is told."""
    lifecycle: dict[str, Any] = {}
    if resource.create_before_destroy:
        lifecycle["create_before_destroy"] = True
    if resource.postconditions:
        lifecycle["postcondition"] = [_postcondition(condition) for condition in resource.postconditions]
    if resource.follows:
        # The id alone: a reference to the whole resource would replace this one at its every change.
        lifecycle["replace_triggered_by"] = [f"{other.address}.id" for other in resource.follows]
    if resource.ignore_changes:
        lifecycle["ignore_changes"] = list(resource.ignore_changes)
    content = dialect.arguments(resource.type, render(resource.arguments), major)
    if resource.depends_on:
        content["depends_on"] = [other.address for other in resource.depends_on]
    if lifecycle:
        content["lifecycle"] = lifecycle
    return content


def _postcondition(condition: Postcondition) -> dict[str, str]:
    return {
        "condition": f"${{self.{condition.attribute} == {_reference(condition.equals)}}}",
        "error_message": render(condition.error_message),
    }


def resources(blueprint: Blueprint, major: int = OLDEST) -> dict[str, dict[str, Any]]:
    """The section `resource` of cdk.tf.json: by type, then by name."""
    section: dict[str, dict[str, Any]] = {}
    for resource in blueprint.resources:
        section.setdefault(resource.type, {})[resource.name] = body(resource, major)
    return section
