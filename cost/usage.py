"""How much a workload is used, as its owner expects it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Final

from cost.amount import plain
from cost.errors import InvalidUsage
from cost.simulation.traffic import SHAPES

_LARGEST: Final = {
    "requests_per_month": Decimal(10) ** 12,
    "duration_ms": Decimal(86_400_000),
    "duration_p99_ms": Decimal(86_400_000),
    "payload_kb": Decimal(1024**2),
    "response_kb": Decimal(1024**2),
    "log_kb": Decimal(1024),
}
_ABOVE_ZERO: Final = frozenset({"duration_ms", "duration_p99_ms"})
"""What takes no time at all is no request: AWS bills a millisecond at least."""
_KB_PER_GB: Final = 1024**2


@dataclass(frozen=True, kw_only=True)
class UsageProfile:
    """`requests_per_month`, each running for `duration_ms` milliseconds. Of a job, the items are its requests.

    `duration_p99_ms` is how long the slowest of a hundred runs: the model itself, and no objective.
    `payload_kb` is what comes in with each, `response_kb` what goes out, `log_kb` what it writes to its log.
    `traffic` is how the requests spread over the month: one of `cost.simulation.traffic.SHAPES`, or a CSV file.
    """

    requests_per_month: Decimal
    duration_ms: Decimal | None = None
    payload_kb: Decimal | None = None
    response_kb: Decimal | None = None
    log_kb: Decimal | None = None
    duration_p99_ms: Decimal | None = None
    traffic: str | None = None

    @property
    def gb_in(self) -> Decimal | None:
        """GB (of 1024 MB) of requests a month; None where it is not told."""
        return self._gb(self.payload_kb)

    @property
    def gb_out(self) -> Decimal | None:
        """GB of answers a month."""
        return self._gb(self.response_kb)

    @property
    def gb_logs(self) -> Decimal | None:
        """GB of logs a month."""
        return self._gb(self.log_kb)

    def _gb(self, kb: Decimal | None) -> Decimal | None:
        return None if kb is None else self.requests_per_month * kb / _KB_PER_GB

    @classmethod
    def of(cls, table: Mapping[str, object]) -> "UsageProfile":
        """A profile from a table as TOML gives it; raises `InvalidUsage` with the key that is wrong.

        A float is read as the decimal that was written: 12.5 is exactly 12.5.
        """
        allowed = [field.name for field in fields(cls)]
        for key in table:
            if key not in allowed:
                raise InvalidUsage(f"unknown key {key!r}; allowed are {', '.join(allowed)}")
        if "requests_per_month" not in table:
            raise InvalidUsage(
                "lacks the key 'requests_per_month'; add it, as in: requests_per_month = 1_000_000"
            )
        numbers = {key: _number(key, value) for key, value in table.items() if key != "traffic"}
        profile = cls(**numbers, traffic=_traffic(table["traffic"]) if "traffic" in table else None)
        slowest = profile.duration_p99_ms
        if slowest is not None and (profile.duration_ms is None or slowest < profile.duration_ms):
            raise InvalidUsage(
                f"duration_p99_ms is {plain(slowest)}, and duration_ms is "
                f"{'not given' if profile.duration_ms is None else plain(profile.duration_ms)}; write both, "
                "duration_p99_ms at least as much"
            )
        return profile


def is_trace(traffic: str) -> bool:
    """Whether it names a CSV file, and no shape."""
    return traffic.endswith(".csv")


def _traffic(value: object) -> str:
    if not isinstance(value, str) or not (value in SHAPES or is_trace(value)):
        raise InvalidUsage(
            f"traffic is {value!r}; allowed are {', '.join(SHAPES)}, or a CSV file such as 'june.csv'"
        )
    return value


def _number(key: str, value: object) -> Decimal:
    largest = _LARGEST[key]
    allowed = "above 0" if key in _ABOVE_ZERO else "from 0"
    problem = f"{key} is {value!r}; allowed is a number {allowed} to {largest:,f}"
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise InvalidUsage(problem)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise InvalidUsage(problem) from None
    if not number.is_finite() or not 0 <= number <= largest or (key in _ABOVE_ZERO and not number):
        raise InvalidUsage(problem)
    return number
