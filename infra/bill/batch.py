"""Batch jobs: machines that are there only while a job runs."""

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal

from cost import EbsStorage, LogsIngested, Purchase, Rate, S3Requests
from cost.comparison.batches import BATCH_REDONE, BATCH_START_MINUTES, BATCHES_PER_MONTH, VOLUME_GB
from infra.bill.alarms import alarms
from infra.bill.month import Month
from infra.bill.offers import Offer, cheapest, cheapest_for, dearest, markets
from infra.bill.statement import WorkloadBill
from infra.workloads import BatchJob


def batch(workload: BatchJob, month: Month) -> WorkloadBill:
    """Nothing at rest; at most, `max_vcpus` of the dearest type for every hour of the month.

    With an on-demand environment second in the queue, both can be full at a time.
    """
    environments = markets(workload, month)
    rest = [cheapest(offers).hours(month.region, Decimal(0)) for offers in environments]
    used, watched = list(_used(workload, month)), alarms(workload, month)
    expected = _expected(workload, environments[0], month)
    rests_on = [] if expected is None else [expected[1]]
    if used and expected is None:
        rests_on = ["not expected: no machine that it names is known to have room for one of its jobs"]
    return WorkloadBill(
        name=workload.name,
        kind=type(workload).__name__,
        minimum=month.estimate(*rest, *watched),
        expected=None if expected is None else month.estimate(*expected[0], *used, *watched),
        at_least=month.estimate(*rest, *used, *watched) if used and expected is None else None,
        maximum=month.estimate(*_full(workload, environments, month), *used, *watched),
        rates=tuple(_rates(environments, month)),
        notes=(*month.durations(workload), *rests_on),
    )


def _full(workload: BatchJob, environments: Sequence[Sequence[Offer]], month: Month) -> Iterator[Purchase]:
    """The dearest machines that `max_vcpus` can come to; a type without a price makes it 'at least'."""
    count = 0
    for offers in environments:
        most = dearest(offers, workload.max_vcpus)
        filling = most.filling(workload.max_vcpus)
        yield most.hours(month.region, month.hours, filling)
        for offer in offers:
            if offer.usd is None and offer != most:
                yield offer.hours(month.region, Decimal(0))
        count += filling
    yield EbsStorage(region=month.region, gb_months=VOLUME_GB * count)


def _expected(workload: BatchJob, offers: Sequence[Offer], month: Month) -> tuple[list[Purchase], str] | None:
    """The usage's items on the cheapest type, as many jobs at a time as it holds, and a note on what is assumed.

    As `compare` has it: a job a day, each a while until its machine runs, and what reclaimed machines do twice.
    """
    called = month.requests(workload, workload.timeout_seconds, "the job's timeout")
    offer = cheapest_for(workload, offers)
    if called is None or offer is None:
        return None
    jobs, most = offer.jobs(workload), offer.filling(workload.max_vcpus)
    month.at_a_time(workload, called, jobs * most, "max_vcpus")
    items, duration_ms = called
    starts = min(BATCHES_PER_MONTH, math.ceil(month.hours / 24), math.ceil(items))
    busy = items * duration_ms / 1000 / 3600 / jobs * (BATCH_REDONE if offer.spot else 1)
    hours = min(busy + Decimal(starts * BATCH_START_MINUTES) / 60, most * month.hours)
    volumes = EbsStorage(region=month.region, gb_months=VOLUME_GB * hours / month.hours)
    where = f"all on spot, {BATCH_REDONE - 1:.0%} of the work done twice" if offer.spot else "on demand"
    note = (
        f"expected with {starts} starts of a machine, each of {BATCH_START_MINUTES} minutes, and on "
        f"{offer.instance_type} {where}: assumptions"
    )
    return [offer.hours(month.region, hours), volumes], note


def _used(workload: BatchJob, month: Month) -> Iterator[Purchase]:
    """What the usage adds besides the machines: each item is read from S3 and its result written."""
    usage, region = month.usage(workload), month.region
    if usage is not None:
        yield S3Requests(region=region, requests=usage.requests_per_month, kind="write")
        yield S3Requests(region=region, requests=usage.requests_per_month, kind="read")
        if usage.gb_logs is not None:
            yield LogsIngested(region=region, gb=usage.gb_logs)


def _rates(environments: Sequence[Sequence[Offer]], month: Month) -> Iterator[Rate]:
    region = month.region
    for offer in (offer for offers in environments for offer in offers):
        purchase = offer.hours(region, Decimal(1))
        yield month.rate(f"{purchase.charge.description}, per hour", purchase)
    million = [S3Requests(region=region, requests=1_000_000, kind=kind) for kind in ("write", "read")]
    yield month.rate("read and written in S3, per 1,000,000 items", *million)
    yield month.rate("logs, per GB", LogsIngested(region=region, gb=1))
