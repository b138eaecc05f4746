"""What botocore's model says of the calls that a blueprint leads to."""

from collections.abc import Iterator

from botocore.model import StructureShape
from botocore.validate import ParamValidator

from infra.blueprint import Blueprint
from infra.engines import provider
from infra.environment import Environment
from infra.local.overlay import constraints
from tests.judges.calls import CALLS, TERRAFORMS_OWN, Call, parameters
from tests.judges.references import resolved


def faults(blueprint: Blueprint, environment: Environment) -> Iterator[str]:
    """What AWS would refuse: types, required members and minima as botocore's client says them; and patterns, lengths,
    ranges and enumerations, which it leaves to AWS.
    """
    for resource in blueprint.resources:
        own = TERRAFORMS_OWN.get(resource.type, frozenset())
        arguments = {
            name: value
            for name, value in resolved(resource, blueprint, environment).items()
            if name not in own
        }
        for call in CALLS[resource.type]:
            shape = constraints.service_model(call.service).operation_model(call.operation).input_shape
            given = parameters(call, shape, {**arguments, **_tags(call, shape, environment)})
            report = ParamValidator().validate(given, shape)
            said = [report.generate_report()] if report.has_errors() else []
            said = said or constraints.violations(call.service, call.operation, given)
            yield from (f"{resource.address}: {call.operation}: {line}" for line in said)


def _tags(call: Call, shape: StructureShape, environment: Environment) -> dict[str, dict[str, str]]:
    """The provider's default tags, where the one call of a type takes tags."""
    if call.takes is not None or not {"Tags", "tags"} & shape.members.keys():
        return {}
    return {"tags": provider.tags(environment, "shop")}
