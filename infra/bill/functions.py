"""Lambda functions: billed per request and its GB-seconds, and by the second of what is kept ready."""

from collections.abc import Sequence
from decimal import Decimal

from cost import (
    EcrStorage,
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
from cost.purchases import Architecture
from infra.bill.alarms import alarms
from infra.bill.month import Month
from infra.bill.statement import WorkloadBill
from infra.workloads import LambdaEndpoint
from infra.workloads.scaling import highest, lowest

_ARCHITECTURES: dict[str, Architecture] = {"x86_64": "x86", "arm64": "arm64"}
_MILLION = Decimal(1_000_000)
_SECOND_MS = Decimal(1000)


def function(workload: LambdaEndpoint, month: Month) -> WorkloadBill:
    """A function that nobody calls costs what is provisioned; every call costs a request and its GB-seconds."""
    kept = workload.provisioned_concurrency or 0
    least, most = lowest(workload.autoscaling, kept), highest(workload.autoscaling, kept)
    usage = month.usage(workload)
    calls = month.requests(workload, workload.timeout_seconds, "the function's timeout")
    expected = None
    if calls and usage and least == most:
        bought = _calls(workload, month, *calls, provisioned=least)
        expected = month.estimate(
            *_ready(workload, month, least),
            *bought,
            *_answers(workload, month, usage),
            *alarms(workload, month),
        )
    at_most = [*_ready(workload, month, most), *alarms(workload, month)]
    return WorkloadBill(
        name=workload.name,
        kind=type(workload).__name__,
        minimum=month.estimate(
            *_ready(workload, month, least),
            *_calls(workload, month, Decimal(0), Decimal(0)),
            *alarms(workload, month),
        ),
        expected=expected,
        maximum=month.estimate(*at_most),
        follows="Lambda per request",
        rates=tuple(_rates(workload, month)),
        notes=month.durations(workload),
    )


def _ready(workload: LambdaEndpoint, month: Month, provisioned: int) -> list[Purchase]:
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


def _calls(
    workload: LambdaEndpoint, month: Month, requests: Decimal, duration_ms: Decimal, provisioned: int = 0
) -> list[Purchase]:
    """Calls spread evenly over the month: what is provisioned takes what it can, at its lower price."""
    region, architecture = month.region, _ARCHITECTURES[workload.architecture]
    duration = LambdaDuration.of(
        region=region,
        requests=requests,
        duration_ms=duration_ms,
        memory_mb=workload.memory_mb,
        architecture=architecture,
    )
    gb_seconds = Decimal(duration.gb_seconds)
    within = min(gb_seconds, provisioned * month.seconds * workload.memory_mb / 1024)
    bought: list[Purchase] = [LambdaRequests(region=region, requests=requests)]
    if provisioned:
        bought.append(LambdaProvisionedDuration(region=region, gb_seconds=within, architecture=architecture))
    if not provisioned or gb_seconds > within:
        bought.append(
            LambdaDuration(region=region, gb_seconds=gb_seconds - within, architecture=architecture)
        )
    if workload.ephemeral_storage_mb > 512:
        bought.append(
            LambdaEphemeralStorage.of(
                region=region,
                requests=requests,
                duration_ms=duration_ms,
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
            *_calls(workload, month, _MILLION, _SECOND_MS),
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
