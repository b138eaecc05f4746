"""SageMaker Serverless: billed by the second of inference, and by the second of what is kept ready."""

from decimal import Decimal

from cost import (
    Estimate,
    LogsIngested,
    Purchase,
    ServerlessData,
    ServerlessInference,
    ServerlessProvisionedConcurrency,
    ServerlessProvisionedInference,
)
from infra.bill.alarms import alarms
from infra.bill.concurrency import Split, split
from infra.bill.month import Month
from infra.bill.statement import WorkloadBill
from infra.workloads import ServerlessEndpoint
from infra.workloads.scaling import highest, lowest

_LONGEST_SECONDS = 60
"""AWS ends a request to a serverless endpoint after a minute."""


def serverless(workload: ServerlessEndpoint, month: Month) -> WorkloadBill:
    """Nothing but what is provisioned at rest; at most, `max_concurrency` that is busy all month.

    What is busy is cheaper provisioned than not, for most memory sizes: so the most may be beside the least of it.
    """
    region, memory_gb = month.region, workload.memory_mb // 1024
    kept = workload.provisioned_concurrency or 0
    least, most = lowest(workload.autoscaling, kept), highest(workload.autoscaling, kept)

    def of(served: Split, *more: Purchase) -> Estimate:
        """What is ready all month, and the seconds of inference on it and beyond it."""
        ready: list[Purchase] = []
        if most:
            ready = [
                ServerlessProvisionedConcurrency(
                    region=region, memory_gb=memory_gb, seconds=month.seconds, concurrency=served.provisioned
                ),
                ServerlessProvisionedInference(region=region, memory_gb=memory_gb, seconds=served.within),
            ]
        beyond = ServerlessInference(region=region, memory_gb=memory_gb, seconds=served.beyond)
        return month.estimate(*ready, beyond, *more, *alarms(workload, month))

    def at(provisioned: int, seconds: Decimal, *more: Purchase) -> Estimate:
        """`provisioned` all month, and `seconds` of inference, of which it takes what it can."""
        within = min(seconds, provisioned * month.seconds)
        return of(Split(Decimal(provisioned), within, seconds - within), *more)

    usage = month.usage(workload)
    used: list[Purchase] = []
    if usage is not None:
        gb = [gb for gb in (usage.gb_in, usage.gb_out) if gb is not None]
        used += [ServerlessData(region=region, gb=sum(gb))] if gb else []
        used += [] if usage.gb_logs is None else [LogsIngested(region=region, gb=usage.gb_logs)]
    calls = month.requests(workload, _LONGEST_SECONDS, "the limit of SageMaker Serverless")
    expected = at_least = None
    notes = month.durations(workload)
    if calls:
        month.at_a_time(workload, calls, workload.max_concurrency, "max_concurrency")
        served = split(workload, month, calls.seconds, workload.max_concurrency)
        if isinstance(served, Split):
            expected = of(served, *used)
        else:
            # What is provisioned costs less per second, so no month is cheaper than one in which all calls run there.
            at_least = of(Split(Decimal(least), calls.seconds, Decimal(0)), *used)
        notes += (served.note,) if served.note else ()
    full = workload.max_concurrency * month.seconds
    thousand = ServerlessInference(region=region, memory_gb=memory_gb, seconds=1000)
    return WorkloadBill(
        name=workload.name,
        kind=type(workload).__name__,
        minimum=at(least, Decimal(0)),
        expected=expected,
        at_least=at_least,
        maximum=max(at(least, full, *used), at(most, full, *used), key=lambda most: most.total.usd or 0),
        rates=(
            month.rate(f"per 1,000 requests of 1 s at {workload.memory_mb} MB", thousand),
            month.rate("data in and out, per GB", ServerlessData(region=region, gb=1)),
            month.rate("logs, per GB", LogsIngested(region=region, gb=1)),
        ),
        notes=notes,
    )
