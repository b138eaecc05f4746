"""What Terraform is told of a resource's life, besides its arguments."""

from infra.blueprint.resource import Resource
from infra.engines.terraform import expression

TARGET = Resource("aws_appautoscaling_target", "rank", {"min_capacity": 1})


def test_a_resource_without_wishes_has_no_lifecycle():
    assert expression.body(TARGET) == {"min_capacity": 1}


def test_what_follows_another_is_replaced_with_it_and_not_at_its_every_change():
    policy = Resource("aws_appautoscaling_policy", "rank", {}, follows=(TARGET,))
    assert expression.body(policy) == {
        "lifecycle": {"replace_triggered_by": ["aws_appautoscaling_target.rank.id"]}
    }


def test_what_something_else_moves_is_left_as_it_is():
    target = Resource("aws_appautoscaling_target", "rank", {}, ignore_changes=("min_capacity",))
    assert expression.body(target) == {"lifecycle": {"ignore_changes": ["min_capacity"]}}
