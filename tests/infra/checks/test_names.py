"""Names that AWS or Terraform would refuse, with the line that a user sees."""

import pytest

from tests.infra.checks.told import told
from tests.infra.conftest import function, realtime

TAKEN = "is not allowed; AWS and Terraform take lower-case letters, digits and single hyphens, with a letter first: write"


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("my_model", "my-model"),
        ("Rank", "rank"),
        ("rank.v2", "rank-v2"),
        ("9lives", "m-9lives"),
        ("rank-", "rank"),
        ("a--b", "a-b"),
        ("größe", "gr-e"),
        ("", "model"),
    ],
)
def test_a_name_of_other_signs_is_told_with_one_that_is_right(make_stack, name, instead):
    assert told(make_stack(realtime(name))) == [f"Workload name {name!r} {TAKEN} {instead!r}."]
    assert told(make_stack(realtime(), name=name)) == [f"Stack name {name!r} {TAKEN} {instead!r}."]
    assert told(make_stack(realtime(instead))) == []


def test_a_name_that_is_too_long_with_all_that_stands_before_it(make_stack):
    assert told(make_stack(realtime("a" * 54))) == []
    assert told(make_stack(realtime("a" * 55))) == [
        f"'dev-shop-{'a' * 55}' has 64 characters; AWS allows 63: shorten the stack's name 'shop' or the workload's "
        f"'{'a' * 55}'."
    ]


def test_two_workloads_of_one_name(make_stack):
    assert told(make_stack(realtime("a"), function("a"))) == [
        "Stack 'shop' has 2 workloads named 'a'; give each a name of its own."
    ]


def test_a_stack_without_workloads(make_stack):
    assert told(make_stack()) == [
        "Stack 'shop' has no workloads; add one, such as RealtimeEndpoint('classify', ...)."
    ]
