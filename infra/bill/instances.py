"""SageMaker endpoints on instances, which are billed for every hour that they are up, asked or not."""

from decimal import Decimal

from cost import (
    AsyncData,
    EndpointData,
    EndpointStorage,
    Estimate,
    InstanceHours,
    LogsIngested,
    Purchase,
    Rate,
    S3Requests,
    SnsRequests,
)
from infra import instances
from infra.bill.alarms import alarms
from infra.bill.load import too_much
from infra.bill.month import Month
from infra.bill.scaled import expected as simulate
from infra.bill.statement import WorkloadBill
from infra.workloads import AsyncEndpoint, InstanceEndpoint, MultiModelEndpoint, RealtimeEndpoint

_MILLION = 1_000_000


def synchronous(workload: RealtimeEndpoint | MultiModelEndpoint, month: Month) -> WorkloadBill:
    """Instances, and the data of the requests and answers."""
    region = month.region

    usage = month.usage(workload)
    used: list[Purchase] = []
    if usage is not None and usage.gb_in is not None:
        used.append(EndpointData(region=region, gb=usage.gb_in, direction="in"))
    if usage is not None and usage.gb_out is not None:
        used.append(EndpointData(region=region, gb=usage.gb_out, direction="out"))
    return _bill(
        workload,
        month,
        used,
        month.rate("data in, per GB", EndpointData(region=region, gb=1, direction="in")),
        month.rate("data out, per GB", EndpointData(region=region, gb=1, direction="out")),
    )


def asynchronous(workload: AsyncEndpoint, month: Month) -> WorkloadBill:
    """Instances, down to none where the minimum is 0; every request is two objects in S3 and a message."""
    region = month.region

    def requests(count: int) -> list[Purchase]:
        return [
            S3Requests(region=region, requests=2 * count, kind="write"),
            S3Requests(region=region, requests=2 * count, kind="read"),
            SnsRequests(region=region, requests=count),
        ]

    usage = month.usage(workload)
    used: list[Purchase] = []
    if usage is not None:
        used += requests(int(usage.requests_per_month))
        gb = [gb for gb in (usage.gb_in, usage.gb_out) if gb is not None]
        used += [AsyncData(region=region, gb=sum(gb))] if gb else []
    return _bill(
        workload,
        month,
        used,
        month.rate("objects and messages, per 1,000,000 requests", *requests(_MILLION)),
        month.rate("data in and out, per GB", AsyncData(region=region, gb=1)),
    )


def _bill(workload: InstanceEndpoint, month: Month, used: list[Purchase], *rates: Rate) -> WorkloadBill:
    """`used` is what the usage adds to the month, as expected and at maximum."""
    region = month.region
    usage = month.usage(workload)
    if usage is not None and usage.gb_logs is not None:
        used = [*used, LogsIngested(region=region, gb=usage.gb_logs)]

    def hours(up: Decimal, *more: Purchase) -> Estimate:
        """`up` hours of instances, each with its volume."""
        bought = InstanceHours(region=region, instance_type=workload.instance_type, hours=up)
        volumes = []
        if workload.volume_gb is not None:
            volumes = [EndpointStorage(region=region, gb_months=workload.volume_gb * up / month.hours)]
        return month.estimate(bought, *volumes, *alarms(workload, month), *more)

    def at(count: int, *more: Purchase) -> Estimate:
        return hours(count * month.hours, *more)

    least, most = workload.minimum_instances, workload.maximum_instances
    scaled = None if least == most else simulate(workload, month)
    expected = at(least, *used) if least == most else None
    if scaled is not None and scaled.hours is not None:
        expected = hours(scaled.hours, *used)
    notes: tuple[str, ...] = () if scaled is None else (scaled.note,)
    if isinstance(workload, AsyncEndpoint) and scaled is not None and scaled.hours is not None:
        notes = (*month.durations(workload), *notes)
    volume = []
    if workload.volume_gb is None and instances.has_volume(workload.instance_type):
        # How large AWS makes it by itself is not published.
        volume = [month.rate("instance volumes, per GB-month", EndpointStorage(region=region, gb_months=1))]
    return WorkloadBill(
        name=workload.name,
        kind=type(workload).__name__,
        minimum=at(least),
        expected=expected,
        at_least=at(least, *used) if usage is not None and expected is None else None,
        maximum=at(most, *used),
        rates=(
            *volume,
            *rates,
            month.rate("logs, per GB", LogsIngested(region=region, gb=1)),
        ),
        notes=(*notes, *too_much(workload, month)),
    )
