import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import naming

BOTOCORE_ENDPOINT_CONFIG = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
part = st.from_regex(naming.PART, fullmatch=True)


@given(st.lists(part, min_size=1, max_size=4), st.dictionaries(st.text(), st.text()))
def test_a_name_with_a_digest_is_one_that_sagemaker_takes(parts, content):
    name = naming.with_digest("-".join(parts), content)
    assert len(name) <= naming.LIMIT
    assert BOTOCORE_ENDPOINT_CONFIG.fullmatch(name)
    assert name.endswith(naming.digest(content)[: naming.DIGEST_CHARACTERS])


def test_other_content_gives_another_name_and_the_order_of_keys_does_not():
    assert naming.with_digest("a", {"x": 1, "y": 2}) == naming.with_digest("a", {"y": 2, "x": 1})
    assert naming.with_digest("a", {"x": 1}) != naming.with_digest("a", {"x": 2})


@given(part, part)
def test_two_long_bases_that_differ_keep_different_names(left, right):
    long = "a" * naming.LIMIT
    if left != right:
        assert naming.suffixed(f"{left}{long}", "role") != naming.suffixed(f"{right}{long}", "role")


def test_parts_are_what_every_service_takes():
    assert [
        name
        for name in ("a", "a-b", "a1", "1a", "a_b", "A", "a-", "-a", "a--b", "", "ä")
        if naming.is_part(name)
    ] == [
        "a",
        "a-b",
        "a1",
    ]


def test_the_partition_of_a_region():
    assert naming.partition("cn-north-1") == "aws-cn"
    assert naming.partition("us-gov-west-1") == "aws-us-gov"
    assert naming.partition("eu-west-1") == "aws"


@pytest.mark.parametrize(
    ("resource", "owner"),
    [
        ("c", "c"),
        ("c-invocations", "c"),
        ("c-big", "c-big"),
        ("c-big-invocations", "c-big"),
        ("c-bigger", "c"),
        ("cc", None),
        ("d-c", None),
    ],
)
def test_a_resource_is_of_the_workload_with_the_longest_name_that_begins_it(resource, owner):
    assert naming.owner(resource, ["c", "c-big"]) == naming.owner(resource, ["c-big", "c"]) == owner
