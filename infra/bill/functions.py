"""Lambda functions: billed per request and its GB-seconds, and by the second of what is kept ready."""

from collections.abc import Sequence
from decimal import Decimal

from cost import (
    EcrStorage,
    Estimate,
    LambdaDuration,
    LambdaEphemeralStorage,
    LambdaProvisionedConcurrency,
    LambdaProvisionedDuration,
    LambdaRequests,
    LambdaStreaming,
    LogsIngested,
    Purchase,
    Rate,
    UsageProfile,
)
from cost.comparison.by_request import LAMBDA_LIMIT
from cost.purchases import Architecture
from cost.purchases.functions import MB_PER_GB
from infra.bill.alarms import alarms
from infra.bill.cold import cold_start
from infra.bill.concurrency import Split, most_at_a_time, split
from infra.bill.month import Calls, Month
from infra.bill.statement import WorkloadBill
from infra.workloads import LambdaEndpoint
from infra.workloads.scaling import highest, lowest

_ARCHITECTURES: dict[str, Architecture] = {"x86_64": "x86", "arm64": "arm64"}
_MILLION = Decimal(1_000_000)
_NO_CALLS = Calls(Decimal(0), Decimal(0))
_NO_TIME = Split(Decimal(0), Decimal(0), Decimal(0))
_MILLION_SECONDS = Calls(_MILLION, Decimal(1000)), Split(Decimal(0), Decimal(0), _MILLION)
"""A million calls of a second each, on demand."""


def function(workload: LambdaEndpoint, month: Month) -> WorkloadBill:
    """A function that nobody calls costs what is provisioned; every call costs a request and its GB-seconds."""
    kept = workload.provisioned_concurrency or 0
    least, most = lowest(workload.autoscaling, kept), highest(workload.autoscaling, kept)
    usage = month.usage(workload)
    calls = month.requests(workload, workload.timeout_seconds, "the function's timeout")

    def used(calls: Calls, usage: UsageProfile, served: Split) -> Estimate:
        """The month of `calls` that are served so."""
        return month.estimate(
            *_ready(workload, month, served.provisioned),
            *_calls(workload, month, calls, served),
            *_answers(workload, month, usage),
            *alarms(workload, month),
        )

    expected = at_least = None
    notes = month.durations(workload)
    if calls and usage:
        served = split(workload, month, calls.seconds)
        if isinstance(served, Split):
            expected = used(calls, usage, served)
        else:
            # What is provisioned costs less per call, so no month is cheaper than one in which all calls run there.
            at_least = used(calls, usage, Split(Decimal(least), calls.seconds, Decimal(0)))
        notes += (served.note,) if served.note else ()
        busiest = most_at_a_time(workload, month, calls.seconds)
        if busiest > LAMBDA_LIMIT:
            notes += (
                f"its usage comes to {busiest:,.1f} requests at a time, above the {LAMBDA_LIMIT:,} that all functions "
                "of an account and region have until AWS raises that quota: what is refused for it is in the amounts",
            )
    at_most = [*_ready(workload, month, Decimal(most)), *alarms(workload, month)]
    return WorkloadBill(
        name=workload.name,
        kind=type(workload).__name__,
        minimum=month.estimate(
            *_ready(workload, month, Decimal(least)),
            *_calls(workload, month, _NO_CALLS, _NO_TIME),
            *alarms(workload, month),
        ),
        expected=expected,
        at_least=at_least,
        maximum=month.estimate(*at_most),
        follows="Lambda per request",
        rates=tuple(_rates(workload, month)),
        notes=(*notes, cold_start(workload, month, _ARCHITECTURES[workload.architecture])),
    )


def _ready(workload: LambdaEndpoint, month: Month, provisioned: Decimal) -> list[Purchase]:
    """What is kept ready all month."""
    if not (workload.provisioned_concurrency or workload.autoscaling):
        return []
    return [
        LambdaProvisionedConcurrency.of(
            region=month.region,
            concurrency=provisioned,
            memory_mb=workload.memory_mb,
            hours=month.hours,
            architecture=_ARCHITECTURES[workload.architecture],
        )
    ]


def _calls(workload: LambdaEndpoint, month: Month, calls: Calls, served: Split) -> list[Purchase]:
    """Requests and their GB-seconds; what is provisioned takes what it can, at its lower price."""
    region, architecture = month.region, _ARCHITECTURES[workload.architecture]
    gb = Decimal(workload.memory_mb) / MB_PER_GB
    bought: list[Purchase] = [LambdaRequests(region=region, requests=calls.requests)]
    if served.provisioned or served.within:
        bought.append(
            LambdaProvisionedDuration(region=region, gb_seconds=served.within * gb, architecture=architecture)
        )
    if served.beyond or not (served.provisioned or served.within):
        bought.append(LambdaDuration(region=region, gb_seconds=served.beyond * gb, architecture=architecture))
    if workload.ephemeral_storage_mb > 512:
        bought.append(
            LambdaEphemeralStorage.of(
                region=region,
                requests=calls.requests,
                duration_ms=calls.duration_ms,
                storage_mb=workload.ephemeral_storage_mb,
            )
        )
    return bought


def _answers(workload: LambdaEndpoint, month: Month, usage: UsageProfile) -> list[Purchase]:
    """Logs, and streamed answers, where the usage tells their size."""
    bought: list[Purchase] = []
    if _streams(workload) and usage.response_kb is not None:
        bought.append(
            LambdaStreaming.of(
                region=month.region, requests=usage.requests_per_month, response_mb=usage.response_kb / 1024
            )
        )
    if usage.gb_logs is not None:
        bought.append(LogsIngested(region=month.region, gb=usage.gb_logs))
    return bought


def _streams(workload: LambdaEndpoint) -> bool:
    return workload.url is not None and workload.url.streaming


def _rates(workload: LambdaEndpoint, month: Month) -> Sequence[Rate]:
    region, architecture = month.region, _ARCHITECTURES[workload.architecture]
    thousand = LambdaDuration(region=region, gb_seconds=1000, architecture=architecture)
    rates = [
        month.rate("per 1,000,000 requests", LambdaRequests(region=region, requests=_MILLION)),
        month.rate("per 1,000 GB-seconds", thousand),
        month.rate(
            f"per 1,000,000 requests of 1 s at {workload.memory_mb} MB",
            *_calls(workload, month, *_MILLION_SECONDS),
        ),
        month.rate("logs, per GB", LogsIngested(region=region, gb=1)),
    ]
    if _streams(workload):
        rates.append(
            month.rate("streamed above 6 MB a request, per GB", LambdaStreaming(region=region, gb=1))
        )
    if workload.package == "image":
        rates.append(month.rate("image in ECR, per GB-month", EcrStorage(region=region, gb_months=1)))
    return rates
