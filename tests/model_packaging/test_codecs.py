"""Bytes to data and back."""

import contextlib
import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.hosts.codecs import CODECS, CSV, JSON_LINES, NPY, MediaType, accepted, choose
from model_packaging.hosts.faults import BadRequest
from model_packaging.hosts.json_text import decode_json, encode_json

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
        (b"", "^The body is empty; send JSON"),
        (b"\n", "^The body is empty"),
        (b"\xef\xbb\xbf1", "byte order mark; send JSON in UTF-8 without"),
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
    with pytest.raises(ValueError, match="holds NaN or infinity, which JSON has no form for; return None"):
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
        ("text/csv;q=0.1, application/json", "application/json"),
        ("text/*", "text/csv"),
        ("application/x-npy, application/json;q=0.5", "application/x-npy"),
        ("image/png", None),
        ("application/json;q=0", None),
        ("application/json;q=much", "application/json"),
    ],
)
def test_the_first_acceptable_codec_is_chosen(header, chosen):
    assert choose(header) == chosen


TABLE = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(
            NUMBERS | st.text("abc ,\"'\n\u00e9", min_size=1, max_size=5), min_size=width, max_size=width
        ),
        min_size=1,
        max_size=4,
    )
)


@given(TABLE)
def test_a_table_comes_back(rows):
    assert CODECS[CSV].decode(CODECS[CSV].encode(rows)) == rows


@given(st.binary(max_size=100))
def test_any_body_is_a_table_or_refused(body):
    try:
        rows = CODECS[CSV].decode(body)
    except BadRequest as refused:
        assert "\n" not in str(refused)
    else:
        assert len({len(row) for row in rows}) <= 1


@pytest.mark.parametrize(
    "body, rows",
    [
        (b"1,2.5,x\r\n-3,4e2,\n", [[1, 2.5, "x"], [-3, 400.0, ""]]),
        (b"007,1_0,NaN", [["007", "1_0", "NaN"]]),
        (b"\xef\xbb\xbf1\n\n2", [[1], [2]]),
        (b'"a ""b""",1', [['a "b"', 1]]),
        (b"", []),
    ],
)
def test_cells_are_numbers_where_json_says_so(body, rows):
    assert CODECS[CSV].decode(body) == rows


@pytest.mark.parametrize(
    "media, body, told",
    [
        (CSV, b"1,2\n3", "Row 2 has 1 cells and row 1 has 2"),
        (CSV, b'"open', "not CSV"),
        (CSV, b"1e999", "beyond the range"),
        (CSV, b"\xff", "not UTF-8"),
        (JSON_LINES, b"1\n{\n", "Line 2: The body is not JSON"),
        (JSON_LINES, b"1\nNaN", "Line 2: The body holds NaN"),
    ],
)
def test_what_a_table_or_a_line_cannot_be(media, body, told):
    with pytest.raises(BadRequest, match=told):
        CODECS[media].decode(body)


@pytest.mark.parametrize("value", [{"a": 1}, [{"a": 1}], [[object()]]])
def test_what_is_no_table_is_not_written(value):
    with pytest.raises(TypeError, match="has no CSV form"):
        CODECS[CSV].encode(value)


@given(st.lists(VALUES, max_size=5))
def test_lines_come_back(values):
    assert CODECS[JSON_LINES].decode(CODECS[JSON_LINES].encode(values)) == values


def test_one_value_is_one_line():
    assert CODECS[JSON_LINES].encode({"a": [1]}) == b'{"a": [1]}\n'


def test_arrays_come_back():
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(6, dtype="<f4").reshape(2, 3)
    assert (CODECS[NPY].decode(CODECS[NPY].encode(array)) == array).all()
    assert CODECS[NPY].decode(CODECS[NPY].encode([[1, 2]])).tolist() == [[1, 2]]
    assert CODECS[CSV].encode(array) == b"0.0,1.0,2.0\n3.0,4.0,5.0\n"


def saved(array, change=lambda body: body):
    numpy = pytest.importorskip("numpy")
    stream = io.BytesIO()
    numpy.save(stream, numpy.asarray(array), allow_pickle=True)
    return change(stream.getvalue())


def npy(header: str) -> bytes:
    """An NPY 1.0 file of that header, and nothing after it."""
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "made, told",
    [
        (lambda: saved([object()]), "Python objects"),
        (lambda: saved([1, 2, 3], lambda body: body[:-1]), "names 24 bytes and 23 follow"),
        (lambda: saved([1], lambda body: body.replace(b"(1,), ", b"(9**9,)")), "header cannot be read"),
        (lambda: saved([1], lambda body: body.replace(b"(1,), } ", b"(99999,)}")), "follow; send the whole"),
        (lambda: b"\x93NUMPY\x07\x00", "NPY 7.0"),
        (lambda: npy("(" * 9000), "header cannot be read"),
        (lambda: npy("{'descr': '<f4', 'fortran_order': False, 'shape': n1,), }"), "header cannot be read"),
        (
            lambda: npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 10000000000000000000000), }"),
            "none below 0",
        ),
        (
            lambda: npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 9000000000000000000), }"),
            "cannot be read",
        ),
        (
            lambda: npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"),
            r"shape \(-1,\); send .* none below 0",
        ),
        (lambda: npy("{'descr': '|V0', 'fortran_order': False, 'shape': (1,), }"), "whose items are empty"),
        (lambda: b"PK\x03\x04", "header cannot be read"),
    ],
)
def test_hostile_arrays_are_refused(made, told):
    with pytest.raises(BadRequest, match=told):
        CODECS[NPY].decode(made())


@given(st.binary(max_size=200))
def test_any_bytes_are_an_array_or_refused(body):
    pytest.importorskip("numpy")
    with contextlib.suppress(BadRequest):
        CODECS[NPY].decode(b"\x93NUMPY\x01\x00" + body)


@given(st.integers(8, 79), st.integers(0, 255))
def test_any_byte_of_a_header_may_be_another(place, byte):
    body = bytearray(saved([[1.5, 2.5]]))
    body[place] = byte
    with contextlib.suppress(BadRequest):
        CODECS[NPY].decode(bytes(body))


def test_ragged_lists_are_no_array():
    pytest.importorskip("numpy")
    with pytest.raises((TypeError, ValueError)):
        CODECS[NPY].encode([[1], [1, 2]])
