"""Lambda functions: requests, duration, /tmp, provisioned concurrency, streamed answers, SnapStart.

1 GB is 1024 MB, and milliseconds are billed whole. AWS's tiers and its free tier span all functions of an
account and region; the free tier is not for functions with provisioned concurrency.
Source: https://aws.amazon.com/lambda/pricing/.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Self

from cost.amount import Amount, checked
from cost.purchases.charge import Meter, Metered

Architecture = Literal["x86", "arm64"]

MB_PER_GB = 1024
TMP_INCLUDED_MB = 512
STREAM_INCLUDED_MB = 6


@dataclass(frozen=True, kw_only=True)
class LambdaRequests(Metered):
    """`requests` invocations of functions, provisioned or not."""

    meter = Meter("lambda", "requests", "request", ("requests",), "Lambda requests")

    requests: Amount


@dataclass(frozen=True, kw_only=True)
class _Duration(Metered):
    """GB-seconds of running functions."""

    gb_seconds: Amount
    architecture: Architecture = "x86"

    @classmethod
    def of(
        cls,
        *,
        region: str,
        requests: Amount,
        duration_ms: Amount,
        memory_mb: Amount,
        architecture: Architecture = "x86",
        free: Amount = 0,
    ) -> Self:
        """`requests` of `duration_ms` each at `memory_mb`."""
        seconds = _seconds(requests, duration_ms)
        return cls(
            region=region,
            gb_seconds=seconds * checked("memory_mb", memory_mb) / MB_PER_GB,
            architecture=architecture,
            free=free,
        )


@dataclass(frozen=True, kw_only=True)
class LambdaDuration(_Duration):
    """`gb_seconds` of running functions."""

    meter = Meter(
        "lambda", "duration {architecture}", "GB-second", ("gb_seconds",), "Lambda duration ({architecture})"
    )


@dataclass(frozen=True, kw_only=True)
class LambdaProvisionedDuration(_Duration):
    """`gb_seconds` of running on provisioned concurrency: cheaper than `LambdaDuration`, which it replaces."""

    meter = Meter(
        "lambda",
        "duration while provisioned {architecture}",
        "GB-second",
        ("gb_seconds",),
        "Lambda duration while provisioned ({architecture})",
    )


@dataclass(frozen=True, kw_only=True)
class LambdaProvisionedConcurrency(Metered):
    """`gb_seconds` of functions kept ready, whether they run or not."""

    meter = Meter(
        "lambda",
        "provisioned concurrency {architecture}",
        "GB-second",
        ("gb_seconds",),
        "Lambda provisioned concurrency ({architecture})",
    )

    gb_seconds: Amount
    architecture: Architecture = "x86"

    @classmethod
    def of(
        cls,
        *,
        region: str,
        concurrency: Amount,
        memory_mb: Amount,
        hours: Amount,
        architecture: Architecture = "x86",
    ) -> Self:
        """`concurrency` of `memory_mb` each, kept for `hours`, which AWS rounds up to 5 minutes."""
        five_minutes = (checked("hours", hours) * 12).to_integral_value("ROUND_CEILING")
        gb = checked("concurrency", concurrency) * checked("memory_mb", memory_mb) / MB_PER_GB
        return cls(region=region, gb_seconds=gb * five_minutes * 300, architecture=architecture)


@dataclass(frozen=True, kw_only=True)
class LambdaEphemeralStorage(Metered):
    """`gb_seconds` of /tmp above the 512 MB that come with each function."""

    meter = Meter("lambda", "ephemeral storage", "GB-second", ("gb_seconds",), "Lambda /tmp above 512 MB")

    gb_seconds: Amount

    @classmethod
    def of(cls, *, region: str, requests: Amount, duration_ms: Amount, storage_mb: Amount) -> Self:
        """`requests` of `duration_ms` each by a function with `storage_mb` of /tmp."""
        above = max(checked("storage_mb", storage_mb) - TMP_INCLUDED_MB, Decimal(0))
        return cls(region=region, gb_seconds=_seconds(requests, duration_ms) * above / MB_PER_GB)


@dataclass(frozen=True, kw_only=True)
class LambdaStreaming(Metered):
    """`gb` of streamed answers above the 6 MB that come with each request."""

    meter = Meter("lambda", "response stream", "GB", ("gb",), "Lambda response streaming")

    gb: Amount

    @classmethod
    def of(cls, *, region: str, requests: Amount, response_mb: Amount, free: Amount = 0) -> Self:
        """`requests` whose answers are `response_mb` each."""
        above = max(checked("response_mb", response_mb) - STREAM_INCLUDED_MB, Decimal(0))
        return cls(region=region, gb=checked("requests", requests) * above / MB_PER_GB, free=free)


@dataclass(frozen=True, kw_only=True)
class LambdaSnapshots(Metered):
    """`gb_seconds` of SnapStart's cached snapshots: a version's memory, while it is there, 3 hours at least."""

    meter = Meter("lambda", "SnapStart cache", "GB-second", ("gb_seconds",), "Lambda SnapStart cache")

    gb_seconds: Amount


@dataclass(frozen=True, kw_only=True)
class LambdaRestores(Metered):
    """`gb` of memory that SnapStart brings back at cold starts."""

    meter = Meter("lambda", "SnapStart restore", "GB", ("gb",), "Lambda SnapStart restores")

    gb: Amount


def _seconds(requests: Amount, duration_ms: Amount) -> Decimal:
    milliseconds = checked("duration_ms", duration_ms).to_integral_value("ROUND_CEILING")
    return checked("requests", requests) * milliseconds / 1000
