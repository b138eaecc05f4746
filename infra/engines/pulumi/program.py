"""Blueprint -> resources of pulumi_aws, inside of a running Pulumi program."""

from collections.abc import Mapping
from typing import Any

from infra.blueprint import Blueprint
from infra.blueprint.resource import Postcondition, Ref, Resource
from infra.engines.provider import provider as arguments_of
from infra.engines.pulumi import arguments, sdk
from infra.engines.pulumi.classes import resource_class
from infra.environment import Environment


def provider(name: str, environment: Environment, stack_name: str, parent: Any = None) -> Any:
    """The AWS provider for an environment: its region, its account and no other, and the tags of what is ours."""
    aws = sdk.aws("provider").Provider
    given = arguments_of(environment, stack_name)
    return aws(
        name,
        opts=sdk.pulumi.ResourceOptions(parent=parent),
        **arguments.fields(aws._internal_init, given, lambda ref: ref, "provider"),
    )


def place(
    blueprint: Blueprint,
    *,
    prefix: str = "",
    parent: Any = None,
    provider: Any = None,
    adopt: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Declare all resources of `blueprint`; its outputs by name.

    `prefix` goes before each resource's name, `parent` and `provider` are Pulumi's. `adopt` has the identifier on AWS,
    by address (`type.name`), of what is there already and is taken over.
    """
    made = Made()
    for resource in blueprint.resources:
        options = sdk.pulumi.ResourceOptions(
            parent=parent,
            provider=provider,
            depends_on=[made.resources[other.address] for other in resource.depends_on],
            # Pulumi makes the new one first, and Terraform the other way about: the blueprint says which is right.
            delete_before_replace=not resource.create_before_destroy,
            replace_with=[made.resources[other.address] for other in resource.follows] or None,
            ignore_changes=[_property(resource.type, name) for name in resource.ignore_changes] or None,
            import_=(adopt or {}).get(resource.address),
        )
        made.add(
            resource,
            resource_class(resource.type)(
                f"{prefix}{resource.name}",
                opts=options,
                **arguments.render(resource.type, resource.arguments, made.output),
            ),
        )
    return {
        name: made.output(value) if isinstance(value, Ref) else value
        for name, value in blueprint.outputs.items()
    }


class Made:
    """What is declared so far, by address, and the conditions that it must meet before anything may refer to it."""

    def __init__(self) -> None:
        self.resources: dict[str, Any] = {}
        self._met: dict[str, Any] = {}

    def add(self, resource: Resource, declared: Any) -> None:
        """Keep it, with its postconditions."""
        self.resources[resource.address] = declared
        if resource.postconditions:
            self._met[resource.address] = sdk.pulumi.Output.all(
                *(self._check(resource, condition) for condition in resource.postconditions)
            )

    def output(self, ref: Ref) -> Any:
        """The attribute that `ref` names; of a resource with conditions, once they are met."""
        address = f"{ref.type}.{ref.name}"
        value = getattr(self.resources[address], arguments.attribute(ref.type, ref.attribute))
        if address not in self._met:
            return value
        return sdk.pulumi.Output.all(value, self._met[address]).apply(lambda both: both[0])

    def _check(self, resource: Resource, condition: Postcondition) -> Any:
        own = resource.ref(condition.attribute)
        pair = sdk.pulumi.Output.all(self.output(own), self.output(condition.equals))
        return pair.apply(lambda values: _equal(resource, condition, values))


def _equal(resource: Resource, condition: Postcondition, values: list[Any]) -> bool:
    found, wanted = values
    if found != wanted:
        # Pulumi shows a RunError as it is, and anything else with a traceback.
        raise sdk.pulumi.RunError(f"{resource.address}: {condition.error_message}")
    return True


def _property(type: str, name: str) -> str:
    """An argument for `ignore_changes`, which the SDK then writes as Pulumi does."""
    ((found, _),) = arguments.render(type, {name: None}, lambda ref: ref).items()
    return found
