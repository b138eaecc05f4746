import pytest

from infra.checks.schedules import wrong_schedule, wrong_timezone


@pytest.mark.parametrize(
    "schedule",
    [
        "cron(0 7 ? * MON-FRI *)",
        "cron(0/15 7 ? * 2-6 *)",
        "cron(*/5 * * * ? *)",
        "cron(0 7 1,15 JAN ? 2027-2030)",
        "cron(0 7 L * ? *)",
        "cron(0 7 15W * ? *)",
        "cron(0 7 ? * 6#3 *)",
        "cron(0 7 ? * FRIL *)",
        "cron(0 7 ? * mon *)",
        "rate(1 minute)",
        "rate(12 hours)",
        "rate(5 minutes)",
        "rate(1 hour)",
        "rate(1 day)",
        "rate(30 days)",
        "at(2028-02-29T07:00:00)",
    ],
)
def test_what_aws_takes(schedule):
    assert wrong_schedule(schedule) is None


SIX = "AWS's cron has 6 (minutes hours day-of-month month day-of-week year), as in cron(0 7 ? * MON-FRI *)"


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("cron(0 7 * * *)", f"has 5 fields; {SIX}"),
        ("cron()", f"has 0 fields; {SIX}"),
        ("cron(60 7 * * ? *)", "has '60' for minutes; write 0 to 59, a list, a range or *"),
        ("cron(0 24 * * ? *)", "has '24' for hours; write 0 to 23, a list, a range or *"),
        ("cron(0 7 0 * ? *)", "has '0' for day-of-month; write 1 to 31, a list, a range or *"),
        ("cron(0 7 * MAI ? *)", "has 'MAI' for month; write 1 to 12, a list, a range or *"),
        ("cron(0 7 ? * 0 *)", "has '0' for day-of-week; write 1 to 7, a list, a range or *"),
        ("cron(0 7 ? * * 1969)", "has '1969' for year; write 1970 to 2199, a list, a range or *"),
        ("cron(5- 7 * * ? *)", "has '5-' for minutes; write 0 to 59, a list, a range or *"),
        ("cron(0/0 7 * * ? *)", "has '0/0' for minutes; write 0 to 59, a list, a range or *"),
        (
            "cron(0 7 * * * *)",
            "needs ? for one of day-of-month and day-of-week, and for one only, as in cron(0 7 ? * MON-FRI *)",
        ),
        (
            "rate(0 minutes)",
            "is no rate; write a number from 1 on and minutes, hours or days, as in rate(12 hours) or rate(1 day)",
        ),
        *(
            (
                rate,
                "is no rate; write a number from 1 on and minutes, hours or days, as in rate(12 hours) or rate(1 day)",
            )
            for rate in ("rate(1 hours)", "rate(5 minute)")
        ),
        (
            "rate(2 weeks)",
            "is no rate; write a number from 1 on and minutes, hours or days, as in rate(12 hours) or rate(1 day)",
        ),
        (
            "at(2027-02-29T07:00:00)",
            "is no time; write at(yyyy-mm-ddThh:mm:ss), as in at(2027-01-31T07:00:00)",
        ),
        ("at(2027-1-1T7:0:0)", "is no time; write at(yyyy-mm-ddThh:mm:ss), as in at(2027-01-31T07:00:00)"),
        (
            "0 7 * * 1",
            "is no expression of AWS's; write cron(...), rate(...) or at(...), as in cron(0 7 ? * MON-FRI *)",
        ),
    ],
)
def test_what_aws_would_refuse(schedule, problem):
    assert wrong_schedule(schedule) == f"the schedule {schedule!r} {problem}"


def test_time_zones_are_those_of_the_world():
    assert wrong_timezone("UTC") is None
    assert wrong_timezone("Pacific/Tahiti") is None
    assert wrong_timezone("Etc/GMT+9") is None
    assert wrong_timezone("CEST").startswith("the time zone 'CEST' does not exist; write ")
    assert wrong_timezone("?") == "the time zone '?' does not exist; write one such as Europe/Berlin"
