"""The state of an alarm, after the tables of the CloudWatch User Guide; 0 is within the threshold, X beyond, - missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.overlay.alarm_states import ALARM, COMPARISONS, INSUFFICIENT_DATA, OK, Rule, evaluate

VALUES = {"0": 0.0, "X": 9.0, "-": None}
RETAIN = "the state before"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def state(shown: str, treatment: str, to_alarm: int, current: str = RETAIN) -> str:
    datapoints = [(60.0 * number, VALUES[sign]) for number, sign in enumerate(shown.split())]
    rule = Rule("GreaterThanThreshold", 5, 3, to_alarm, treatment)
    return evaluate(datapoints, rule, current).state


# "Configuring how CloudWatch alarms treat missing data": 3 evaluation periods
THREE_OF_THREE = {
    "0 - X - X": (OK, OK, OK, OK),
    "0 - - - -": (OK, OK, OK, OK),
    "- - - - -": (INSUFFICIENT_DATA, RETAIN, ALARM, OK),
    "0 X X - X": (ALARM, ALARM, ALARM, ALARM),
    "- - X - -": (ALARM, RETAIN, ALARM, OK),
}
TWO_OF_THREE = {
    "0 - X - X": (ALARM, ALARM, ALARM, ALARM),
    "0 0 X 0 X": (ALARM, ALARM, ALARM, ALARM),
    "0 - X - -": (OK, OK, ALARM, OK),
    "- - - - 0": (OK, OK, ALARM, OK),
    "- - - X -": (ALARM, RETAIN, ALARM, OK),
}


@pytest.mark.parametrize(
    ("shown", "to_alarm", "expected"),
    [(shown, 3, states) for shown, states in THREE_OF_THREE.items()]
    + [(shown, 2, states) for shown, states in TWO_OF_THREE.items()],
)
def test_missing_data(shown, to_alarm, expected):
    assert tuple(state(shown, treatment, to_alarm) for treatment in TREATMENTS) == expected


@pytest.mark.parametrize("shown", ["X X 0 0 0", "X X X X 0"])
def test_only_the_last_periods_count_where_none_is_missing(shown):
    assert {state(shown, treatment, 3) for treatment in TREATMENTS} == {OK}


def test_one_new_datapoint_is_no_alarm_yet():
    assert state("- - - - X", "missing", 3) == OK
    assert state("- - - - X", "missing", 2) == OK


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanThreshold", [6.0]),
        ("GreaterThanOrEqualToThreshold", [5.0, 6.0]),
        ("LessThanThreshold", [4.0]),
        ("LessThanOrEqualToThreshold", [4.0, 5.0]),
    ],
)
def test_comparisons(comparison, breaching):
    found = [
        value
        for value in (4.0, 5.0, 6.0)
        if evaluate([(0, value)], Rule(comparison, 5, 1, 1, "missing"), OK).state == ALARM
    ]
    assert found == breaching


def test_reasons_are_awss():
    start = 1767614400.0  # 05/01/26 12:00:00
    rule = Rule("GreaterThanThreshold", 5.0, 2, 1, "breaching")
    alarm = evaluate([(start, 9.0), (start + 60, 1.0)], rule, OK)
    assert alarm.reason == (
        "Threshold Crossed: 1 out of the last 2 datapoints [9.0 (05/01/26 12:00:00)] was greater than the threshold "
        "(5.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    fine = evaluate([(start, 2.0), (start + 60, 1.0)], rule, ALARM)
    assert fine.reason == (
        "Threshold Crossed: 2 out of the last 2 datapoints [1.0 (05/01/26 12:01:00), 2.0 (05/01/26 12:00:00)] "
        "were not greater than the threshold (5.0)."
    )
    nothing = [(start, None), (start + 60, None)]
    assert evaluate(nothing, rule, OK).reason == (
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
        "[Breaching]."
    )
    assert evaluate(nothing, Rule("LessThanThreshold", 5, 2, 2, "missing"), OK).reason == (
        "Insufficient Data: 2 datapoints were unknown."
    )


values = st.one_of(st.none(), st.floats(-10, 10))


@given(st.data())
def test_an_alarm_has_as_many_bad_datapoints_as_it_needs_or_says_which_were_missing(data):
    periods = data.draw(st.integers(1, 6))
    to_alarm = data.draw(st.integers(1, periods))
    given_values = data.draw(st.lists(values, min_size=periods + 2, max_size=periods + 2))
    rule = Rule(
        data.draw(st.sampled_from(sorted(COMPARISONS))),
        data.draw(st.floats(-10, 10)),
        periods,
        to_alarm,
        data.draw(st.sampled_from(TREATMENTS)),
    )
    finding = evaluate([(60.0 * n, value) for n, value in enumerate(given_values)], rule, OK)
    latest = given_values[-periods:]
    bad = [value for value in latest if value is not None and rule.breaches(value)]
    if None not in latest:
        assert finding.state == (ALARM if len(bad) >= to_alarm else OK)
    if all(value is None or not rule.breaches(value) for value in given_values):
        assert finding.state != ALARM or rule.treat_missing_data == "breaching"
    assert all(value is not None for _, value in finding.evaluated)
