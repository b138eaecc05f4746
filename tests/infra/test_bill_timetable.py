"""What only timetables change follows from them: the hours of instances, and what is provisioned."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.bill.timetable import MINUTES_PER_DAY, week
from infra.workloads import ScheduledScaling
from tests.infra.test_bill_concurrency import function, of, usd
from tests.infra.test_bill_scaled import endpoint, hours
from tests.infra.test_bill_scaled import of as of_instances

D = Decimal


def at(schedule: str, least: int, most: int | None = None, **changed: Any) -> ScheduledScaling:
    return ScheduledScaling(
        schedule=schedule, min_capacity=least, max_capacity=least if most is None else most, **changed
    )


DAY, NIGHT = at("cron(0 7 ? * MON-FRI *)", 2), at("cron(0 19 ? * MON-FRI *)", 1)


def test_two_by_day_and_one_by_night() -> None:
    """Of 730 hours from a Monday on, 4 weeks have 60 hours of day each, and the last 58 hours 27: 997 in all."""
    found = of_instances(endpoint(autoscaling=(DAY, NIGHT), instance_count=2), None)
    assert hours(found) == D(997)
    # At 0.115 an hour; a timetable has no alarm.
    assert found.expected is not None and found.expected.total.usd == D("114.66")
    assert found.notes == (
        "expected 997.0 instance-hours: its timetable, in a month that begins on a Monday",
    )


def test_calls_find_ready_what_the_timetable_has_made_ready() -> None:
    """One of 1 GB at night and two by day are 3,589,200 s: 14.96, and 1,000,000 s on them 9.72; 1.00 of requests."""
    busy = {"requests_per_month": 5_000_000, "duration_ms": 200, "traffic": "constant"}
    ready = function(memory_mb=1024, autoscaling=(DAY, NIGHT))
    assert usd(ready, busy) == D("25.68")
    assert (
        of(ready, busy)
        .notes[0]
        .startswith(
            "expected with 1.4 of provisioned concurrency on average: its timetable, over a month of constant traffic that"
        )
    )


def counts(*policies: ScheduledScaling, at_rest: int = 1) -> list[int]:
    found = week(policies, at_rest)
    assert found is not None and len(found) == 7 * MINUTES_PER_DAY
    return list(found)


def test_days_and_their_numbers_are_awss() -> None:
    by_name, by_number = (at(f"cron(30 6 ? * {days} *)", 3) for days in ("SUN,TUE", "1,3"))
    back = at("cron(0 8 * * ? *)", 1)
    assert counts(by_name, back) == counts(by_number, back)
    threes = [minute for minute, count in enumerate(counts(by_name, back)) if count == 3]
    assert threes == [day * MINUTES_PER_DAY + minute for day in (1, 6) for minute in range(390, 480)]


def test_steps_and_a_range_over_the_weeks_end() -> None:
    often = counts(at("cron(0 0/6 ? * SAT-MON *)", 2), at("cron(0 3/6 * * ? *)", 1))
    assert sum(count == 2 for count in often) == 3 * 4 * 180


def test_what_is_within_both_bounds_stays() -> None:
    assert set(counts(at("cron(0 7 * * ? *)", 1, 5), at_rest=3)) == {3}
    assert set(counts(at("cron(0 7 * * ? *)", 4, 5), at_rest=3)) == {4}, (
        "every week begins as the last one ended"
    )


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 day)",
        "at(2027-01-31T07:00:00)",
        "cron(0 7 1 * ? *)",
        "cron(0 7 ? * 6L *)",
        "cron(0 7 ? 3 MON *)",
        "cron(0 7 ? * 2#1 *)",
        "cron(0 7 ? * MON 2027)",
    ],
)
def test_what_is_not_the_same_every_week_is_not_expected(schedule: str) -> None:
    assert week((DAY, at(schedule, 1)), 1) is None
    found = of_instances(endpoint(autoscaling=(DAY, at(schedule, 1))), {"requests_per_month": 5})
    assert found.expected is None and "a timetable of every week alone, is simulated" in found.notes[0]


def test_two_time_zones_are_not_expected() -> None:
    assert week((DAY, at("cron(0 19 ? * * *)", 1, timezone="Europe/Berlin")), 1) is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 23),
            st.sampled_from(["*", "MON-FRI", "SAT,SUN", "FRI-MON"]),
            st.integers(0, 4),
            st.integers(0, 4),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 9),
)
def test_the_count_stays_within_what_is_declared(timetables: Any, at_rest: int) -> None:
    policies = [
        at(f"cron(0 {hour} ? * {days} *)", least, least + more) for hour, days, least, more in timetables
    ]
    found = counts(*policies, at_rest=at_rest)
    assert min(one.min_capacity for one in policies) <= max(found)
    assert set(found) <= set(
        range(
            min([at_rest, *(p.min_capacity for p in policies)]),
            max([at_rest, *(p.max_capacity for p in policies)]) + 1,
        )
    )
