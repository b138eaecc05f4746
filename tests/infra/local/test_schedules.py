"""When schedule expressions are due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.schedules import InvalidSchedule, next_after

MONDAY = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def due(expression: str, timezone: str = "UTC", after: datetime = MONDAY) -> str | None:
    found = next_after(expression, timezone, after, MONDAY)
    return None if found is None else found.strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("at(2026-01-05T12:01:00)", "2026-01-05T12:01"),
        ("at(2026-01-05T12:00:00)", None),
        ("rate(1 minute)", "2026-01-05T12:01"),
        ("rate(2 hours)", "2026-01-05T14:00"),
        ("cron(0 7 ? * MON-FRI *)", "2026-01-06T07:00"),
        ("cron(30 12 * * ? *)", "2026-01-05T12:30"),
        ("cron(0/15 * * * ? *)", "2026-01-05T12:15"),
        ("cron(0 12 * * ? *)", "2026-01-06T12:00"),
        ("cron(0 0 ? * SAT,SUN *)", "2026-01-10T00:00"),
        ("cron(0 0 ? * FRI-SUN *)", "2026-01-09T00:00"),
        ("cron(0 0 1 * ? *)", "2026-02-01T00:00"),
        ("cron(0 0 L * ? *)", "2026-01-31T00:00"),
        ("cron(0 0 LW 5 ? *)", "2026-05-29T00:00"),  # the 31st is a Sunday
        ("cron(0 0 ? * L *)", "2026-01-10T00:00"),
        ("cron(0 0 10W * ? *)", "2026-01-09T00:00"),  # the 10th is a Saturday
        ("cron(0 0 ? * 6L *)", "2026-01-30T00:00"),
        ("cron(0 0 ? * 2#1 *)", "2026-02-02T00:00"),
        ("cron(0 0 29 FEB ? *)", "2028-02-29T00:00"),
        ("cron(0 0 1 1 ? 2025)", None),
    ],
)
def test_the_next_time(expression, expected):
    assert due(expression) == expected


def test_times_are_of_the_zone_and_follow_its_summer():
    assert due("cron(0 7 ? * * *)", "Europe/Berlin") == "2026-01-06T06:00"
    assert due("cron(0 7 ? * * *)", "Europe/Berlin", datetime(2026, 7, 1, tzinfo=UTC)) == "2026-07-01T05:00"
    # 02:30 is not there on 29 March
    night = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert due("cron(30 2 * * ? *)", "Europe/Berlin", night) == "2026-03-30T00:30"


@pytest.mark.parametrize(
    "expression",
    [
        "daily",
        "cron(0 7 * * MON-FRI)",
        "cron(0 7 * * MON-FRI *)",
        "cron(0 7 ? * ? *)",
        "cron(60 7 * * ? *)",
        "cron(0 7 ? * MUN *)",
        "cron(0/x 7 * * ? *)",
        "rate(1.5 hours)",
        "rate(0 days)",
        "at(2026-13-01T00:00:00)",
        "at(tomorrow)",
    ],
)
def test_what_cannot_be_read(expression):
    with pytest.raises(InvalidSchedule):
        due(expression)
    with pytest.raises(InvalidSchedule, match="no time zone"):
        due("rate(1 minute)", "Mars/Olympus")


@given(st.integers(0, 59), st.integers(0, 23), st.integers(1, 12), st.integers(0, 10**8))
def test_a_next_time_is_later_and_the_one_after_it_too(minute, hour, month, seconds):
    after = MONDAY + timedelta(seconds=seconds)
    found = next_after(f"cron({minute} {hour} ? {month} * *)", "America/New_York", after, MONDAY)
    assert found > after
    again = next_after(f"cron({minute} {hour} ? {month} * *)", "America/New_York", found, MONDAY)
    assert again - found >= timedelta(hours=23)
