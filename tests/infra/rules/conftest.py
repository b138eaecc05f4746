"""Rules over resources as they stand, without a workload that would make them."""

import pytest

from infra import rules
from infra.blueprint import Blueprint
from infra.blueprint.resource import Resource


@pytest.fixture
def found(make_stack):
    """What the rules say of one resource of the given type and arguments."""

    def find(type: str, *workloads, name: str = "rank", **arguments) -> list[str]:
        return rules.findings(make_stack(*workloads), Blueprint((Resource(type, name, arguments),)))

    return find
