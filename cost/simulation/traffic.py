"""Requests over a month: how many are expected in each minute, and when they come."""

import csv
import datetime
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cost.errors import InvalidUsage
from cost.simulation import poisson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Weights = NDArray[np.float64]

MINUTES_PER_DAY: Final = 1440
MINUTES_PER_WEEK: Final = 7 * MINUTES_PER_DAY


@dataclass(frozen=True, eq=False)
class Traffic:
    """`per_minute` has the expected requests of every minute of the month, which begins on a Monday at 0:00.

    `of_minutes` is how long the trace is that it is the beginning of; None where nothing was cut off.
    """

    name: str
    per_minute: "Weights"
    of_minutes: int | None = None

    @property
    def requests(self) -> float:
        """Expected requests of the month."""
        return float(self.per_minute.sum())

    def counts(self, seed: int) -> "NDArray[np.int64]":
        """How many requests come in each minute: Poisson; at one seed, more traffic has fewer in none."""
        return poisson.counts(self.per_minute, seed)

    def arrivals(self, seed: int) -> "Weights":
        """When those of `counts` come, in seconds from the month's begin, ascending: evenly within every minute."""
        import numpy as np

        counts = self.counts(seed)
        begins = np.repeat(np.arange(len(counts)) * 60.0, counts)
        times = begins + np.random.default_rng([seed, 2]).uniform(0, 60, len(begins))
        times.sort()
        return times


def shaped(name: str, requests: float, minutes: int, seed: int = 0) -> Traffic:
    """`requests` over a month of `minutes`, in one of SHAPES; raises `InvalidUsage` for another name."""
    if name not in SHAPES:
        raise InvalidUsage(f"traffic is {name!r}; allowed are {', '.join(SHAPES)}, or a CSV file")
    weights = SHAPES[name](minutes, seed)
    return Traffic(name, weights * (requests / weights.sum()))


def _constant(minutes: int, _seed: int) -> "Weights":
    import numpy as np

    return np.ones(minutes)


def _diurnal(minutes: int, _seed: int) -> "Weights":
    """A wave over the day: nine times as much at 15:00 as at 3:00."""
    import numpy as np

    day = np.arange(minutes) / MINUTES_PER_DAY
    return 1 + 0.8 * np.sin(2 * np.pi * (day - 9 / 24))


def _business_hours(minutes: int, _seed: int) -> "Weights":
    """Monday to Friday from 9 to 18; one in fifty of that at any other time."""
    import numpy as np

    minute = np.arange(minutes)
    hour = minute % MINUTES_PER_DAY // 60
    weekday = minute % MINUTES_PER_WEEK // MINUTES_PER_DAY < 5
    return np.where(weekday & (hour >= 9) & (hour < 18), 1.0, 0.02)


def _bursty(minutes: int, seed: int) -> "Weights":
    """A quiet stream, and about four times a day ten minutes with fifty times as much."""
    import numpy as np

    random = np.random.default_rng([seed, minutes])
    weights = np.ones(minutes)
    for begin in random.integers(0, minutes, max(1, round(minutes / 360))):
        weights[begin : begin + 10] = 50.0
    return weights


SHAPES: Final[Mapping[str, Callable[[int, int], "Weights"]]] = {
    "constant": _constant,
    "diurnal": _diurnal,
    "business-hours": _business_hours,
    "bursty": _bursty,
}


def traced(file: Path, minutes: int, requests: float | None = None) -> Traffic:
    """The traffic of a CSV file with the columns `time` (ISO 8601) and `requests`, one row per step of time.

    The step is that of the first two rows, whole minutes. What is shorter than the month is repeated; of what is
    longer, the first month is taken, and `of_minutes` says so. With `requests` it is scaled to them. Raises
    `InvalidUsage` for a gap, a step back, a number that is none, or a month without requests.
    """
    import numpy as np

    step, counts = _steps(file)
    per_minute = np.repeat(np.array(counts) / step, step)
    whole = np.resize(per_minute, minutes)
    if not whole.sum() > 0:
        raise InvalidUsage(
            f"{file}: no requests in the first {minutes / 60:,g} of its {len(per_minute) / 60:,g} hours, which are the "
            "month that is taken; leave out the rows before they come"
        )
    return Traffic(
        str(file),
        whole if requests is None else whole * (requests / whole.sum()),
        of_minutes=len(per_minute) if len(per_minute) > minutes else None,
    )


def check(file: Path) -> None:
    """Raise `InvalidUsage` where `traced` would, whatever the month; numpy is not needed."""
    _steps(file)


def _steps(file: Path) -> tuple[int, list[float]]:
    """The minutes of a step, and the requests of each."""
    times, counts = _rows(file)
    step = int((times[1] - times[0]).total_seconds())
    if step <= 0 or step % 60:
        raise InvalidUsage(f"{file}: the first two rows are {step} s apart; allowed are whole minutes")
    for row, (earlier, later) in enumerate(itertools.pairwise(times), start=3):
        if (later - earlier).total_seconds() != step:
            expected = earlier + datetime.timedelta(seconds=step)
            raise InvalidUsage(
                f"{file}: row {row} is {later.isoformat()}, and {expected.isoformat()} was expected; "
                "write a row for every step, with 0 where nothing came"
            )
    if not any(counts):
        raise InvalidUsage(f"{file}: no requests at all; write how many came")
    return step // 60, counts


def _rows(file: Path) -> tuple[list[datetime.datetime], list[float]]:
    try:
        # Excel's 'CSV UTF-8' begins with a byte order mark, which would be part of the first column's name.
        with file.open(newline="", encoding="utf-8-sig") as opened:
            reader = csv.DictReader(opened)
            if reader.fieldnames is None or {"time", "requests"} - set(reader.fieldnames):
                raise InvalidUsage(
                    f"{file}: its columns are {reader.fieldnames}; write a first line: time,requests"
                )
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidUsage(
            f"{file} cannot be read: {error}; name a CSV file with the columns time and requests"
        ) from None
    if len(rows) < 2:
        raise InvalidUsage(f"{file}: {len(rows)} rows; write at least two, so that the step of time is known")
    times, counts = [], []
    for number, row in enumerate(rows, start=2):
        try:
            times.append(datetime.datetime.fromisoformat(row["time"]))
            count = float(row["requests"])
        except (TypeError, ValueError) as error:
            raise InvalidUsage(
                f"{file}: row {number} is {row}: {error}; write as 2026-11-02T09:00,120"
            ) from None
        if not 0 <= count < 1e12:
            raise InvalidUsage(
                f"{file}: row {number} has {row['requests']} requests; allowed is 0 or more, and finite"
            )
        counts.append(count)
    if len({time.tzinfo is None for time in times}) > 1:
        raise InvalidUsage(f"{file}: some times have a zone and some have none; write all in the same way")
    return times, counts
