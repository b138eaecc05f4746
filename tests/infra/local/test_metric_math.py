"""Metric math: what alarms on services are made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.overlay.faults import NotModelled
from infra.local.overlay.metric_math import MathError, Scope, read

SCOPE = Scope({"a": {0: 6.0, 60: 1.0, 120: 0.0}, "b": {0: 2.0, 120: 0.0}, "none": {}}, [0, 60, 120])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", {0: 6, 60: 1, 120: 0}),
        ("2", {0: 2, 60: 2, 120: 2}),
        ("a / b", {0: 3}),  # one has no value at 60, and 0 / 0 is none
        ("a + 2 * 3", {0: 12, 60: 7, 120: 6}),
        ("(a + 2) * 3", {0: 24, 60: 9, 120: 6}),
        ("2 ^ 3 ^ 2", {0: 512, 60: 512, 120: 512}),
        ("10 - 3 - 2", {0: 5, 60: 5, 120: 5}),
        ("-a + 1", {0: -5, 60: 0, 120: 1}),
        ("a >= 1 && a < 6", {0: 0, 60: 1, 120: 0}),
        ("a == 6 OR a == 0", {0: 1, 60: 0, 120: 1}),
        ("IF(b > 0, a / b, 0)", {0: 3, 120: 0}),
        ("IF(a > 0, 1, 0)", {0: 1, 60: 1, 120: 0}),
        ("FILL(b, 0)", {0: 2, 60: 0, 120: 0}),
        ("FILL(b, a)", {0: 2, 60: 1, 120: 0}),
        ("FILL(b, REPEAT)", {0: 2, 60: 2, 120: 0}),
        ("FILL(none, 0)", {0: 0, 60: 0, 120: 0}),
        ("SUM([a, b])", {0: 8, 60: 1, 120: 0}),
        ("MAX([a, b, 4 + a * 0])", {0: 6, 60: 4, 120: 4}),
        ("a - AVG(a)", {0: 6 - 7 / 3, 60: 1 - 7 / 3, 120: -7 / 3}),
        ("100 * (FILL(b, 0) / a)", {0: 100 / 3, 60: 0}),
    ],
)
def test_what_is_computed(text, expected):
    assert read(text).points(SCOPE) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "a +", "(a", "a b", "FILL(a)", "IF(a, 1)", "a ? b", "REPEAT", "[a, b]"])
def test_what_cannot_be_read(text):
    with pytest.raises(MathError):
        read(text).points(SCOPE)


@pytest.mark.parametrize(
    "text", ["ANOMALY_DETECTION_BAND(a)", "SELECT AVG(x) FROM y", "RATE(a)", "METRICS()"]
)
def test_what_is_not_known_is_refused(text):
    with pytest.raises(NotModelled):
        read(text)


def test_the_names_in_an_expression():
    assert read("IF(a > 1, errors / requests, FILL(b, 0))").names == {"a", "b", "errors", "requests"}


@given(st.text("ab0123456789+-*/^()<>=,. IFL", max_size=20))
def test_any_text_is_read_or_refused_in_words(text):
    try:
        read(text).points(SCOPE)
    except (MathError, NotModelled):
        pass
    except KeyError as unknown:
        assert str(unknown).strip("'") in text
