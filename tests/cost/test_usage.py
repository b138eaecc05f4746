from decimal import Decimal

import pytest

from cost import UsageProfile
from cost.errors import InvalidUsage


def test_a_float_is_read_as_it_was_written() -> None:
    assert UsageProfile.of({"requests_per_month": 1_000_000, "duration_ms": 12.1}) == UsageProfile(
        requests_per_month=Decimal(1_000_000), duration_ms=Decimal("12.1")
    )


def test_the_duration_may_be_unsaid() -> None:
    assert UsageProfile.of({"requests_per_month": 5}).duration_ms is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"requests_per_month": -1},
            "requests_per_month is -1; allowed is a number from 0 to 1,000,000,000,000",
        ),
        ({"requests_per_month": 10**13}, "allowed is a number from 0 to 1,000,000,000,000"),
        ({"requests_per_month": "many"}, "requests_per_month is 'many'; allowed is a number"),
        ({"requests_per_month": True}, "requests_per_month is True; allowed is a number"),
        ({"requests_per_month": float("nan")}, "requests_per_month is nan; allowed is a number"),
        ({"requests_per_month": 1, "duration_ms": float("inf")}, "duration_ms is inf; allowed is a number"),
        (
            {"requests_per_month": 1, "duration_ms": 0},
            "duration_ms is 0; allowed is a number above 0 to 86,400,000",
        ),
        (
            {"requests_per_month": 1, "duration": 3},
            "unknown key 'duration'; allowed are requests_per_month, duration_ms, payload_kb, response_kb, log_kb",
        ),
        (
            {"duration_ms": 3},
            "lacks the key 'requests_per_month'; add it, as in: requests_per_month = 1_000_000",
        ),
    ],
)
def test_a_usage_that_cannot_be_names_its_key(table: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidUsage, match=message):
        UsageProfile.of(table)


def test_sizes_of_requests_come_to_gigabytes_a_month() -> None:
    profile = UsageProfile.of(
        {"requests_per_month": 1_048_576, "payload_kb": 4, "response_kb": 0.5, "log_kb": 0}
    )
    assert (profile.gb_in, profile.gb_out, profile.gb_logs) == (Decimal(4), Decimal("0.5"), Decimal(0))


def test_a_size_that_is_not_told_is_unknown_and_not_nothing() -> None:
    profile = UsageProfile.of({"requests_per_month": 5})
    assert (profile.gb_in, profile.gb_out, profile.gb_logs) == (None, None, None)
