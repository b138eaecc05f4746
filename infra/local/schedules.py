"""When AWS's schedule expressions are due: at(...), rate(...) and cron(...), as Application Auto Scaling and
EventBridge Scheduler have them."""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

YEARS = range(1970, 2200)
SEARCHED_DAYS = 366 * 9
"""How far ahead a day is looked for: the 29th of February can be eight years away."""

_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {
    name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)
}


class InvalidSchedule(ValueError):
    """The expression cannot be read; the message says what is wrong with it."""


def next_after(expression: str, timezone: str, after: datetime, start: datetime) -> datetime | None:
    """The first time later than `after` that `expression` is due, in UTC; None where there is none.

    `start` is what a rate counts from. Raises InvalidSchedule.
    """
    form = re.fullmatch(r"(at|rate|cron)\((.+)\)", expression.strip())
    if form is None:
        raise InvalidSchedule(f"{expression} is no schedule; write at(...), rate(...) or cron(...)")
    try:
        zone = UTC if timezone == "UTC" else ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise InvalidSchedule(f"{timezone} is no time zone") from None
    return _NEXT[form[1]](form[2].strip(), zone, after.astimezone(UTC), start.astimezone(UTC))


def _at(text: str, zone: tzinfo, after: datetime, start: datetime) -> datetime | None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text):
        raise InvalidSchedule(f"at({text}) is no time; write at(yyyy-mm-ddThh:mm:ss)")
    try:
        due = datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        raise InvalidSchedule(f"at({text}) is no time; write at(yyyy-mm-ddThh:mm:ss)") from None
    return due if due > after else None


def _rate(text: str, zone: tzinfo, after: datetime, start: datetime) -> datetime | None:
    found = re.fullmatch(r"([1-9]\d*) (minute|hour|day)s?", text)
    if found is None:
        raise InvalidSchedule(f"rate({text}) is no rate; write rate(1 minute), rate(2 hours) or rate(5 days)")
    seconds = int(found[1]) * _UNITS[found[2]]
    if after < start:
        return start
    passed = (after - start).total_seconds() // seconds + 1
    return start + timedelta(seconds=passed * seconds)


def _cron(text: str, zone: tzinfo, after: datetime, start: datetime) -> datetime | None:
    cron = read_cron(text)
    local = after.astimezone(zone)
    for day in (local.date() + timedelta(days=ahead) for ahead in range(SEARCHED_DAYS)):
        if not cron.has_day(day):
            continue
        for hour in cron.hours:
            for minute in cron.minutes:
                wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                due = wall.astimezone(UTC)
                # what a change to summer time leaves out is not there on that day
                if due > after and due.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
                    return due
    return None


_NEXT: dict[str, Callable[[str, tzinfo, datetime, datetime], datetime | None]] = {
    "at": _at,
    "rate": _rate,
    "cron": _cron,
}


@dataclass(frozen=True)
class Cron:
    """A cron expression that was read."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    day: Callable[[date], bool]

    def has_day(self, day: date) -> bool:
        """Whether it is due on that day."""
        return day.year in self.years and day.month in self.months and self.day(day)


def read_cron(text: str) -> Cron:
    """Read minutes, hours, day of month, month, day of week and year. Raises InvalidSchedule."""
    fields = text.upper().split()
    if len(fields) != 6:
        raise InvalidSchedule(f"cron({text}) has {len(fields)} fields; AWS's have six, with the year last")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise InvalidSchedule(f"cron({text}) needs ? for either the day of the month or the day of the week")
    return Cron(
        tuple(sorted(_values(minutes, range(60)))),
        tuple(sorted(_values(hours, range(24)))),
        frozenset(_values(months, range(1, 13), _MONTHS)),
        frozenset(_values(years, YEARS)),
        _day_of_week(weekdays) if days == "?" else _day_of_month(days),
    )


def _day_of_month(field: str) -> Callable[[date], bool]:
    if field == "L":
        return lambda day: day.day == calendar.monthrange(day.year, day.month)[1]
    if field == "LW":
        return lambda day: day == _nearest_weekday(day, calendar.monthrange(day.year, day.month)[1])
    if nearest := re.fullmatch(r"([1-9]|[12]\d|3[01])W", field):
        wanted = int(nearest[1])
        return lambda day: day == _nearest_weekday(day, wanted)
    days = set(_values(field, range(1, 32)))
    return lambda day: day.day in days


def _nearest_weekday(month: date, wanted: int) -> date | None:
    last = calendar.monthrange(month.year, month.month)[1]
    if wanted > last:
        return None
    day = month.replace(day=wanted)
    weekend = day.weekday() - 4  # 1 on Saturday, 2 on Sunday
    if weekend < 1:
        return day
    moved = {1: -1, 2: 1}[weekend]
    inside = 1 <= wanted + moved <= last
    return day + timedelta(days=moved if inside else {1: 2, 2: -2}[weekend])


def _day_of_week(field: str) -> Callable[[date], bool]:
    if field == "L":
        return lambda day: _weekday(day) == 7
    if last := re.fullmatch(r"(\w+)L", field):
        (wanted,) = _values(last[1], range(1, 8), _DAYS)
        return lambda day: _weekday(day) == wanted and (day + timedelta(days=7)).month != day.month
    if numbered := re.fullmatch(r"(\w+)#([1-5])", field):
        (wanted,), number = _values(numbered[1], range(1, 8), _DAYS), int(numbered[2])
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == number
    days = set(_values(field, range(1, 8), _DAYS))
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    """1 on Sunday to 7 on Saturday."""
    return day.isoweekday() % 7 + 1


def _values(field: str, allowed: range, names: dict[str, int] | None = None) -> list[int]:
    return [value for part in field.split(",") for value in _part(part, allowed, names or {})]


def _part(part: str, allowed: range, names: dict[str, int]) -> Iterator[int]:
    span, _, step = part.partition("/")
    first, dash, last = span.partition("-")
    if step and not (step.isdecimal() and int(step) > 0):
        raise InvalidSchedule(f"{part} has no step that can be read")
    if span == "*":
        low, high = allowed[0], allowed[-1]
    else:
        low = _number(first, part, allowed, names)
        high = _number(last, part, allowed, names) if dash else (allowed[-1] if step else low)
    if low > high:  # FRI-MON
        yield from range(low, allowed[-1] + 1, int(step or 1))
        low = allowed[0]
    yield from range(low, high + 1, int(step or 1))


def _number(text: str, part: str, allowed: range, names: dict[str, int]) -> int:
    number = names.get(text, int(text) if text.isdecimal() else -1)
    if number not in allowed:
        raise InvalidSchedule(f"{part} is none of {allowed[0]} to {allowed[-1]}")
    return number
