"""Answers that leave AWS: who asks is not declared, so they are in no amount, and told."""

from collections.abc import Iterator

from cost import DataTransfer
from infra.bill.month import Month
from infra.workloads import AsyncEndpoint, BatchJob, Workload


def leaving(workload: Workload, month: Month) -> Iterator[str]:
    """A note on what the answers cost where their callers are outside AWS; none where no usage tells their size."""
    usage = month.usage(workload)
    # A job's results stay in S3.
    if usage is None or not usage.gb_out or isinstance(workload, BatchJob):
        return
    usd = month.estimate(DataTransfer(region=month.region, gb=usage.gb_out)).total
    where = (
        "read from S3 outside AWS" if isinstance(workload, AsyncEndpoint) else "sent to callers outside AWS"
    )
    yield (
        f"its answers are {usage.gb_out:,.1f} GB; {where} they cost {usd} USD besides, within the region nothing: they "
        "are in no amount, since who asks is not declared"
    )
