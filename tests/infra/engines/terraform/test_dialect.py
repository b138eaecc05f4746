"""One blueprint, two majors of the provider."""

from infra.blueprint.resource import Blueprint, Resource
from infra.engines.terraform import dialect, expression
from infra.engines.terraform.provider import CONSTRAINT

PLACE = Resource("aws_batch_compute_environment", "spot", {"name": "a", "type": "MANAGED"})
OTHER = Resource("aws_batch_job_queue", "queue", {"name": "a"})


def test_each_major_gets_its_own_name():
    assert expression.body(PLACE, 5) == {"compute_environment_name": "a", "type": "MANAGED"}
    assert expression.body(PLACE, 6) == {"name": "a", "type": "MANAGED"}
    assert expression.body(OTHER, 5) == expression.body(OTHER, 6) == {"name": "a"}


def test_only_json_with_such_a_name_is_bound_to_a_major():
    assert dialect.constraint(Blueprint((OTHER,)), 5) == CONSTRAINT
    assert dialect.constraint(Blueprint((OTHER, PLACE)), 5) == ">= 5.100.0, < 6.0.0"
    assert dialect.constraint(Blueprint((OTHER, PLACE)), 6) == ">= 6.0.0, < 7.0.0"


def test_without_a_mirror_the_registry_gives_the_newest():
    assert (dialect.major("5.100.0"), dialect.major("6.69.1"), dialect.major(None)) == (5, 6, 6)
