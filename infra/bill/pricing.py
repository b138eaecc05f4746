"""Which purchases a workload comes to: the one place that knows both."""

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from cost import (
    HOURS_PER_MONTH,
    DataTransfer,
    EcrStorage,
    LogsStored,
    NatData,
    NatHours,
    PriceCatalog,
    Rate,
    S3Storage,
    SnsDeliveries,
)
from infra import images
from infra.bill import tiers, traffic
from infra.bill.alarms import alarms
from infra.bill.batch import batch
from infra.bill.functions import function
from infra.bill.instances import asynchronous, synchronous
from infra.bill.leaving import leaving
from infra.bill.month import Month
from infra.bill.serverless import serverless
from infra.bill.sleep import RESTING, gone, unasked
from infra.bill.statement import Bill, WorkloadBill
from infra.errors import Misuse
from infra.stack import Stack
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    InstanceEndpoint,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    SageMakerEndpoint,
    ServerlessEndpoint,
    Workload,
)

_LONGEST_MONTH: Final = Decimal(744)

PRICED: Final[Mapping[type[Any], Callable[[Any, Month], WorkloadBill]]] = {
    RealtimeEndpoint: synchronous,
    MultiModelEndpoint: synchronous,
    AsyncEndpoint: asynchronous,
    ServerlessEndpoint: serverless,
    LambdaEndpoint: function,
    BatchJob: batch,
}


def bill(
    stack: Stack,
    catalog: PriceCatalog,
    hours_per_month: Decimal = HOURS_PER_MONTH,
    asleep: Collection[str] = (),
) -> Bill:
    """The month of `stack` at the prices of `catalog`, while the workloads that `asleep` names sleep.

    Raises `InvalidEnvironment` for a usage table that cannot be, `Misuse` for a month that is not one.
    """
    if not hours_per_month.is_finite() or not 0 < hours_per_month <= _LONGEST_MONTH:
        raise Misuse(
            f"A month has {hours_per_month} hours; allowed is above 0 to {_LONGEST_MONTH}: write 730."
        )
    month = Month(stack, catalog, hours_per_month)
    for workload in stack.workloads:
        traffic.check(workload, month)
    workloads = tuple(_priced(workload, month, asleep) for workload in stack.workloads)
    return Bill(
        stack=stack.name,
        environment=stack.environment.name,
        region=month.region,
        hours_per_month=hours_per_month,
        workloads=workloads,
        rates=tuple(_shared(month)),
        embedded_aws=stack.environment.embedded_aws,
        caveats=(*tiers.shared(workloads, catalog), *_caveats(stack)),
    )


def _priced(workload: Workload, month: Month, asleep: Collection[str]) -> WorkloadBill:
    kind = type(workload)
    resting = RESTING[kind](workload) if workload.name in asleep else workload
    if resting is None:
        return gone(workload, month)
    priced = PRICED[kind](resting, month)
    if isinstance(workload, BatchJob) and workload.name in asleep:
        return unasked(workload, priced)
    return replace(priced, notes=(*priced.notes, *leaving(resting, month)))


def _shared(month: Month) -> Iterator[Rate]:
    """Unit prices of what the workloads share."""
    region = month.region
    yield month.rate("artifacts in S3, per GB-month", S3Storage(region=region, gb_months=1))
    if any(
        isinstance(one, SageMakerEndpoint | BatchJob) and images.is_built(one)
        for one in month.stack.workloads
    ):
        yield month.rate("images in ECR, per GB-month", EcrStorage(region=region, gb_months=1))
    yield month.rate("answers to the internet, per GB", DataTransfer(region=region, gb=1))
    yield month.rate("logs kept, per GB-month", LogsStored(region=region, gb_months=1))
    if any(alarms(workload, month) for workload in month.stack.workloads):
        emails = SnsDeliveries(region=region, notifications=1000, protocol="email")
        yield month.rate("alarms by e-mail, per 1,000", emails)
    if _in_vpc(month.stack):
        yield month.rate("a NAT gateway, per hour", NatHours(region=region, hours=1))
        yield month.rate("through a NAT gateway, per GB", NatData(region=region, gb=1))


def _caveats(stack: Stack) -> Iterator[str]:
    """What is billed besides, on the stack's behalf."""
    if any(isinstance(workload, InstanceEndpoint) for workload in stack.workloads):
        yield "An update runs new instances beside the old ones, and both are billed until the old ones are gone."
    names = [workload.name for workload in stack.workloads]
    for table in stack.environment.usage:
        # A table may be of another stack of the environment; one that is nearly a name of this one is a slip.
        if table not in names and (near := difflib.get_close_matches(table, names, n=1, cutoff=0.8)):
            yield f"[usage.{table}] is in no amount: {stack.name} has no such workload, and near it is {near[0]}."
    if _in_vpc(stack):
        yield "The VPC is your own: its NAT gateways, endpoints and addresses are not in the amounts."
    if stack.environment.budget_emails:
        yield (
            "The AWS budget of the environment counts by the tag modelyard:environment, once the payer of the account "
            "has activated it as a cost allocation tag (Billing, 'Cost allocation tags'); until then it stays at 0."
        )
    if stack.environment.kms_key_arn:
        yield "The KMS key is your own: its month and its requests are not in the amounts."


def _in_vpc(stack: Stack) -> bool:
    return any(stack.network(workload).vpc for workload in stack.workloads)
