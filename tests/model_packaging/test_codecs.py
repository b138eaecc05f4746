"""Bytes to data and back."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.hosts.codecs import MediaType, accepted, choose, decode_json, encode_json
from model_packaging.hosts.faults import BadRequest

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_what_is_written_can_be_read(value):
    assert decode_json(encode_json(value)) == value


@given(
    st.binary(max_size=200)
    | st.text(alphabet='[]{}",:0123456789eE+-.Nainftrul \\', max_size=60).map(str.encode)
)
def test_any_body_is_read_strictly_or_refused(body):
    try:
        value = decode_json(body)
    except BadRequest as refused:
        assert str(refused) and "\n" not in str(refused)
    else:
        assert json.loads(json.dumps(value, allow_nan=False)) == value


@pytest.mark.parametrize(
    "body, told",
    [
        (b"", "not JSON: Expecting value"),
        (b"{'a': 1}", "not JSON"),
        (b"NaN", "holds NaN, which is not JSON"),
        (b"[-Infinity]", "holds -Infinity, which is not JSON"),
        (b"1e999", "holds 1e999, which is beyond the range of a double"),
        (b"-1" + b"0" * 400 + b".5", "beyond the range of a double"),
        (b"9" * 4301, "more than 4300 digits"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"\xff\xfe1\x00", "not UTF-8"),
    ],
)
def test_hostile_json_is_refused_in_one_line(body, told):
    with pytest.raises(BadRequest, match=told) as caught:
        decode_json(body)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [math.nan, math.inf, [{"a": -math.inf}]])
def test_what_is_not_json_is_not_written(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_json(value)


def test_arrays_go_out_as_lists():
    numpy = pytest.importorskip("numpy")
    value = {"scores": numpy.array([[0.5, 1.0]], dtype="float32"), "label": numpy.int64(3)}
    assert decode_json(encode_json(value)) == {"scores": [[0.5, 1.0]], "label": 3}


def test_what_has_no_json_form_is_named():
    with pytest.raises(TypeError, match="object has no JSON form"):
        encode_json(object())


@pytest.mark.parametrize(
    "header, expected",
    [
        (None, MediaType("application/json")),
        ("", MediaType("application/json")),
        ("Application/JSON; charset=UTF-8", MediaType("application/json", "utf-8")),
        ('text/csv;header=present; Charset="latin-1"', MediaType("text/csv", "latin-1")),
    ],
)
def test_content_types_are_read(header, expected):
    assert MediaType.parse(header) == expected


def test_accept_is_ranked_by_quality():
    assert accepted("text/csv;q=0.5, application/json, image/png;q=0, */*;q=0.1") == [
        "application/json",
        "text/csv",
        "*/*",
    ]


@pytest.mark.parametrize(
    "header, chosen",
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/csv, application/json;q=0.1", "application/json"),
        ("text/csv", None),
        ("application/json;q=0", None),
        ("application/json;q=much", "application/json"),
    ],
)
def test_the_first_acceptable_codec_is_chosen(header, chosen):
    assert choose(header) == chosen
