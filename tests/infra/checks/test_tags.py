import pytest

from infra import Environment, Stack
from infra.checks.tags import CHECKS
from tests.infra.conftest import function


def found(base, tags) -> list[str]:
    environment = Environment(name="dev", region="us-east-1", account_id="111122223333", tags=tags)
    stack = Stack("shop", environment, [function()], base=base)
    return [line for run in CHECKS for line in run(stack)]


def test_what_aws_takes(base):
    assert (
        found(base, {"team": "Größe & co".replace("&", "+"), "cost-center": "a:b/c=d@e_f.g", "owner": ""})
        == []
    )


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("", "x", "has no name"),
        ("aws:team", "x", "has a name that begins with aws:, which is not free"),
        ("modelyard:stack", "x", "has a name that begins with modelyard:, which is not free"),
        ("t" * 129, "x", "is too long"),
        ("team", "x" * 257, "is too long"),
        ("team", "a,b", "has a sign that AWS does not take"),
        ("te*m", "x", "has a sign that AWS does not take"),
    ],
)
def test_what_aws_refuses(base, name, value, fault):
    assert found(base, {name: value}) == [
        f"stacks/environments/dev.toml: the tag {name!r} = {value!r} {fault}; AWS takes letters, digits, spaces and "
        "_.:/=+-@ , at most 128 in a name and 256 in a value: write it so."
    ]


def test_the_number_of_tags(base):
    assert found(base, {f"t{number}": "x" for number in range(48)}) == []
    assert found(base, {f"t{number}": "x" for number in range(49)}) == [
        "stacks/environments/dev.toml has 49 tags; AWS takes 50, of which 2 are ours: write at most 48."
    ]
