"""Timetables that Application Auto Scaling and EventBridge Scheduler take: cron, rate and at, in a time zone."""

import difflib
import re
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

EXAMPLE = "cron(0 7 ? * MON-FRI *)"

_EXPRESSION = re.compile(r"(cron|rate|at)\((.*)\)")
_AT = "%Y-%m-%dT%H:%M:%S"
# EventBridge refuses 'rate(1 hours)' and 'rate(5 minute)'; nobody refuses what has the right number.
_RATE = re.compile(r"1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days)")


@dataclass(frozen=True)
class _Field:
    """One field of a cron expression: its numbers, their names, and what else AWS takes there."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    also: str = r"(?!)"

    def takes(self, text: str) -> bool:
        """Whether `text` may stand in this field."""
        return all(self._takes_item(item) for item in text.split(","))

    def _takes_item(self, item: str) -> bool:
        if item == "*" or re.fullmatch(self.also, item):
            return True
        span, slash, step = item.partition("/")
        first, dash, last = span.partition("-")
        numbers = [first, *([last] if dash else [])]
        in_order = span == "*" or all(self._number(text) is not None for text in numbers)
        return in_order and (not slash or (step.isascii() and step.isdigit() and int(step) > 0))

    def _number(self, text: str) -> int | None:
        if text.upper() in self.names:
            return self.least + self.names.index(text.upper())
        if not (text.isascii() and text.isdigit()):
            return None
        return int(text) if self.least <= int(text) <= self.most else None


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

# Application Auto Scaling User Guide, 'Schedule recurring scaling actions using cron expressions' (2026-11).
_FIELDS = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day-of-month", 1, 31, also=r"\?|L|LW|(3[01]|[12]?[0-9])W"),
    _Field("month", 1, 12, names=_MONTHS),
    _Field("day-of-week", 1, 7, names=_DAYS, also=rf"\?|L|([1-7]|{'|'.join(_DAYS)})(L|#[1-5])"),
    _Field("year", 1970, 2199),
)


def wrong_schedule(schedule: str) -> str | None:
    """What is wrong with the expression, and what to write; None where nothing is."""
    found = _EXPRESSION.fullmatch(schedule)
    if found is None:
        return (
            f"the schedule {schedule!r} is no expression of AWS's; write cron(...), rate(...) or at(...), as in "
            f"{EXAMPLE}"
        )
    kind, content = found.groups()
    problem = _PROBLEMS[kind](content)
    return None if problem is None else f"the schedule {schedule!r} {problem}"


def _cron_problem(content: str) -> str | None:
    fields = content.split()
    if len(fields) != len(_FIELDS):
        names = " ".join(field.name for field in _FIELDS)
        return f"has {len(fields)} fields; AWS's cron has {len(_FIELDS)} ({names}), as in {EXAMPLE}"
    for field, text in zip(_FIELDS, fields, strict=True):
        if not field.takes(text):
            return f"has {text!r} for {field.name}; write {field.least} to {field.most}, a list, a range or *"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "needs ? for one of day-of-month and day-of-week, and for one only, as in " + EXAMPLE
    return None


def _rate_problem(content: str) -> str | None:
    if _RATE.fullmatch(content):
        return None
    return (
        "is no rate; write a number from 1 on and minutes, hours or days, as in rate(12 hours) or rate(1 day)"
    )


def _at_problem(content: str) -> str | None:
    try:
        # strptime alone takes 2027-1-31T7:0:0, and AWS does not.
        if datetime.strptime(content, _AT).strftime(_AT) == content:
            return None
    except ValueError:
        pass
    return "is no time; write at(yyyy-mm-ddThh:mm:ss), as in at(2027-01-31T07:00:00)"


_PROBLEMS: Mapping[str, Callable[[str], str | None]] = {
    "cron": _cron_problem,
    "rate": _rate_problem,
    "at": _at_problem,
}


def wrong_timezone(timezone: str) -> str | None:
    """What is wrong with the name of the time zone, and what to write; None where nothing is."""
    if timezone == "UTC":
        return None
    known = zoneinfo.available_timezones()
    # A machine without the time zone database knows none; AWS will say.
    if not known or timezone in known:
        return None
    near = difflib.get_close_matches(timezone, sorted(known), n=3, cutoff=0.6)
    return (
        f"the time zone {timezone!r} does not exist; write {', '.join(near) or 'one such as Europe/Berlin'}"
    )


def wrong_timetable(schedule: str, timezone: str) -> Iterator[str]:
    """Everything that is wrong with a schedule in its time zone."""
    return (problem for problem in (wrong_schedule(schedule), wrong_timezone(timezone)) if problem)
