"""How many are up in each minute of a week by timetables alone: nothing else changes the count."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from infra.workloads import ScheduledScaling
from infra.workloads.scaling import Policy

MINUTES_PER_DAY: Final = 1440
_DAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_SUNDAY_FIRST: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
"""As cron numbers them, from 1 on."""
_CRON: Final = re.compile(r"cron\((\S+) (\S+) [?*] \* (\S+) \*\)")


def week(policies: Sequence[Policy], at_rest: int) -> tuple[int, ...] | None:
    """The count of each minute of a week from Monday at 0:00 on, in the timetables' own time zone.

    None where something else scales, or a timetable is not the same in every week (a day of the month, a rate, a
    single time), or two are in different zones. Both bounds only push the count: what is within them stays.
    """
    timetables = [policy for policy in policies if isinstance(policy, ScheduledScaling)]
    if not timetables or len(timetables) < len(policies) or len({one.timezone for one in timetables}) > 1:
        return None
    events: dict[int, list[ScheduledScaling]] = {}
    for one in timetables:
        times = list(_times(one.schedule))
        if not times:
            return None
        for minute in times:
            events.setdefault(minute, []).append(one)
    count, counts = at_rest, []
    # The second week begins as every other: with what the last of the week before has left.
    for minute in [*range(7 * MINUTES_PER_DAY)] * 2:
        for one in events.get(minute, ()):
            count = min(one.max_capacity, max(one.min_capacity, count))
        counts.append(count)
    return tuple(counts[7 * MINUTES_PER_DAY :])


def _times(schedule: str) -> Iterator[int]:
    """The minutes of the week at which it is; none where it is not weekly."""
    found = _CRON.fullmatch(schedule)
    if found is None:
        return
    minutes, hours, days = found.groups()
    named = _days(days)
    for day in named:
        for hour in _numbers(hours, 0, 23):
            for minute in _numbers(minutes, 0, 59):
                yield day * MINUTES_PER_DAY + hour * 60 + minute


def _days(text: str) -> list[int]:
    """Days of the week from Monday, 0, on; none for such as the last one of a month."""
    if "L" in text.upper() or "#" in text:
        return []
    if text == "?":
        return list(range(7))
    for number, name in enumerate(_SUNDAY_FIRST, start=1):
        text = re.sub(name, str(number), text, flags=re.IGNORECASE)
    return sorted(_DAYS.index(_SUNDAY_FIRST[number - 1]) for number in set(_numbers(text, 1, 7)))


def _numbers(text: str, least: int, most: int) -> Iterator[int]:
    """The numbers of a field: a list of numbers, ranges and steps; a range may go over the end, as in FRI-MON."""
    for item in text.split(","):
        span, _, step = item.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            begin, end = least, most
        else:
            begin = int(first)
            end = int(last) if dash else most if step else begin
        if end < begin:
            end += most - least + 1
        for number in range(begin, end + 1, int(step or 1)):
            yield least + (number - least) % (most - least + 1)
