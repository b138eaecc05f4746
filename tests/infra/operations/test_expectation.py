"""An answer is the expected one, or the first difference is told with its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.operations.expectation import difference

EXPECTED = '{"label": "billing", "score": 0.7848, "all": [{"p": 1}, {"p": null}], "sure": true}'


@pytest.mark.parametrize(
    "answer, told",
    [
        (EXPECTED, ""),
        (EXPECTED.replace("0.7848", "0.7799"), ""),
        (EXPECTED.replace("0.7848", "0.7"), ".score is 0.7, expected 0.7848"),
        (EXPECTED.replace("billing", "spam"), ".label is 'spam', expected 'billing'"),
        (EXPECTED.replace('{"p": 1}', '{"p": 2}'), ".all[0].p is 2, expected 1"),
        (EXPECTED.replace("null", "0"), ".all[1].p is 0, expected None"),
        (EXPECTED.replace("true", "1"), ".sure is 1, expected True"),
        (EXPECTED.replace(', {"p": null}', ""), ".all length is 1, expected 2"),
        ('{"label": "billing"}', "keys is ['label'], expected ['all', 'label', 'score', 'sure']"),
        ("[]", "it is [], expected {"),
        ("oops", "the answer is no JSON: 'oops'"),
    ],
)
def test_the_first_difference_is_told_with_its_place(answer, told):
    found = difference(EXPECTED, answer.encode())
    assert found.startswith(told) and bool(found) is bool(told)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_what_is_the_same_differs_nowhere(value):
    assert difference(json.dumps(value), json.dumps(value).encode()) == ""


@given(VALUES, VALUES)
def test_what_is_told_to_differ_does_and_the_other_way_round_too(one, other):
    there = difference(json.dumps(one), json.dumps(other).encode())
    back = difference(json.dumps(other), json.dumps(one).encode())
    assert bool(there) is bool(back)
    assert not there or one != other or type(one) is not type(other) or "True" in there or "False" in there
