"""What holds for every purchase, whatever it is: by Hypothesis, over the price table that comes with the kit."""

import dataclasses
import inspect
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost import Estimate, PriceCatalog, Purchase, purchases, with_free_tier
from cost.errors import InvalidPurchase
from cost.estimate import lookup
from cost.price import Price
from cost.purchases import (
    Alarms,
    ApiRequests,
    AsyncData,
    Dashboards,
    DataTransfer,
    EbsIops,
    EbsStorage,
    EbsThroughput,
    Ec2InstanceHours,
    Ec2SpotHours,
    EcrStorage,
    EndpointData,
    EndpointStorage,
    FargateMemory,
    FargateStorage,
    FargateVcpu,
    GpuSeconds,
    HuggingFaceHours,
    InstanceHours,
    LambdaDuration,
    LambdaEphemeralStorage,
    LambdaProvisionedConcurrency,
    LambdaProvisionedDuration,
    LambdaRequests,
    LambdaRestores,
    LambdaSnapshots,
    LambdaStreaming,
    LogsIngested,
    LogsScanned,
    LogsStored,
    NatData,
    NatHours,
    PublicAddressHours,
    S3Requests,
    S3Retrieval,
    S3Storage,
    ServerlessData,
    ServerlessInference,
    ServerlessProvisionedConcurrency,
    ServerlessProvisionedInference,
    SnsDeliveries,
    SnsRequests,
    SqsRequests,
    Tokens,
    ZoneTransfer,
)
from cost.purchases.charge import Metered

R = "us-east-1"
CATALOG = PriceCatalog.load()

Amount = Decimal | int

# One of each kind, for a quantity.
KINDS: dict[type[Metered], Callable[[Amount], Metered]] = {
    Alarms: lambda n: Alarms(region=R, count=n, resolution="high"),
    ApiRequests: lambda n: ApiRequests(region=R, requests=n),
    AsyncData: lambda n: AsyncData(region=R, gb=n),
    Dashboards: lambda n: Dashboards(region=R, count=n),
    DataTransfer: lambda n: DataTransfer(region="us-west-2", gb=n),
    EbsIops: lambda n: EbsIops(region=R, iops_months=n),
    EbsStorage: lambda n: EbsStorage(region=R, gb_months=n),
    EbsThroughput: lambda n: EbsThroughput(region=R, mbps_months=n),
    Ec2InstanceHours: lambda n: Ec2InstanceHours(region=R, instance_type="g5.xlarge", hours=n),
    Ec2SpotHours: lambda n: Ec2SpotHours(region=R, instance_type="g5.xlarge", hours=n),
    EcrStorage: lambda n: EcrStorage(region=R, gb_months=n),
    EndpointData: lambda n: EndpointData(region=R, gb=n, direction="out"),
    EndpointStorage: lambda n: EndpointStorage(region=R, gb_months=n),
    FargateMemory: lambda n: FargateMemory(region=R, memory_gb=2, seconds=n),
    FargateStorage: lambda n: FargateStorage(region=R, gb_seconds=n),
    FargateVcpu: lambda n: FargateVcpu(region=R, vcpus=2, seconds=n, architecture="arm64"),
    GpuSeconds: lambda n: GpuSeconds(provider="runpod", gpu="A100 80 GB", seconds=n),
    HuggingFaceHours: lambda n: HuggingFaceHours(region="aws", instance="nvidia-t4 x1", hours=n),
    InstanceHours: lambda n: InstanceHours(region=R, instance_type="ml.g5.xlarge", hours=n),
    LambdaDuration: lambda n: LambdaDuration(region=R, gb_seconds=n),
    LambdaEphemeralStorage: lambda n: LambdaEphemeralStorage(region=R, gb_seconds=n),
    LambdaProvisionedConcurrency: lambda n: LambdaProvisionedConcurrency(region=R, gb_seconds=n),
    LambdaProvisionedDuration: lambda n: LambdaProvisionedDuration(region=R, gb_seconds=n),
    LambdaRequests: lambda n: LambdaRequests(region=R, requests=n),
    LambdaRestores: lambda n: LambdaRestores(region=R, gb=n),
    LambdaSnapshots: lambda n: LambdaSnapshots(region=R, gb_seconds=n),
    LambdaStreaming: lambda n: LambdaStreaming(region=R, gb=n),
    LogsIngested: lambda n: LogsIngested(region=R, gb=n),
    LogsScanned: lambda n: LogsScanned(region=R, gb=n),
    LogsStored: lambda n: LogsStored(region=R, gb_months=n),
    NatData: lambda n: NatData(region=R, gb=n),
    NatHours: lambda n: NatHours(region=R, hours=n),
    PublicAddressHours: lambda n: PublicAddressHours(region=R, hours=n),
    S3Requests: lambda n: S3Requests(region=R, requests=n, kind="read"),
    S3Retrieval: lambda n: S3Retrieval(region=R, gb=n),
    S3Storage: lambda n: S3Storage(region=R, gb_months=n),
    ServerlessData: lambda n: ServerlessData(region=R, gb=n),
    ServerlessInference: lambda n: ServerlessInference(region=R, memory_gb=4, seconds=n),
    ServerlessProvisionedConcurrency: lambda n: ServerlessProvisionedConcurrency(
        region=R, memory_gb=2, seconds=n
    ),
    ServerlessProvisionedInference: lambda n: ServerlessProvisionedInference(
        region=R, memory_gb=2, seconds=n
    ),
    SnsDeliveries: lambda n: SnsDeliveries(region=R, notifications=n, protocol="email"),
    SnsRequests: lambda n: SnsRequests(region=R, requests=n),
    SqsRequests: lambda n: SqsRequests(region=R, requests=n),
    Tokens: lambda n: Tokens(vendor="amazon", model="amazon-nova-lite", kind="output", tokens=n),
    ZoneTransfer: lambda n: ZoneTransfer(region=R, gb=n),
}

kinds = st.sampled_from(list(KINDS.values()))
amounts = st.one_of(
    st.integers(min_value=0, max_value=40_000_000_000),
    st.integers(min_value=0, max_value=300_000),
    st.decimals(min_value=0, max_value=10_000, places=3),
)


def usd(*bought: Purchase) -> Decimal:
    """The total of what is priced: of some prices only the first tier is known."""
    return Estimate.of(bought, CATALOG).total.usd or Decimal(0)


def test_every_kind_of_purchase_is_tried() -> None:
    public = {
        kind
        for kind in vars(purchases).values()
        if inspect.isclass(kind) and issubclass(kind, Metered) and kind is not Metered
    }
    assert public == set(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_price_table_knows_it_and_it_says_what_it_is(kind: type[Metered]) -> None:
    (line,) = Estimate.of([KINDS[kind](10_000)], CATALOG).lines
    assert line.exact is not None and line.exact > 0
    assert line.source and line.as_of and line.confidence
    assert dataclasses.is_dataclass(kind) and kind.__doc__ and f"`{kind.meter.quantity[0]}`" in kind.__doc__


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("wrong", [-1, 0.5, Decimal("NaN")])
def test_a_quantity_that_nobody_can_buy_is_refused(kind: type[Metered], wrong: Amount) -> None:
    with pytest.raises(InvalidPurchase, match=r"allowed is 0 to|write a Decimal or an int"):
        _ = KINDS[kind](wrong).charge


@given(kinds, amounts, amounts)
def test_cost_never_falls_when_the_quantity_rises(
    kind: Callable[[Amount], Metered], one: Amount, other: Amount
) -> None:
    less, more = sorted((one, other))
    assert usd(kind(less)) <= usd(kind(more))


@given(kinds, amounts, st.decimals(min_value=1, max_value=3, places=2))
def test_cost_never_falls_when_a_price_rises(
    kind: Callable[[Amount], Metered], amount: Amount, rise: Decimal
) -> None:
    bought = kind(amount)
    charge = bought.charge
    price = lookup(charge, CATALOG)
    assert isinstance(price, Price)
    tiers = tuple(dataclasses.replace(tier, usd=tier.usd * rise) for tier in price.tiers)
    dearer = PriceCatalog.of([dataclasses.replace(price, tiers=tiers)])
    assert usd(bought) <= (Estimate.of([bought], dearer).total.usd or Decimal(0))


@given(st.lists(st.tuples(kinds, amounts), max_size=8))
def test_the_total_is_the_sum_of_its_rounded_lines(
    bought: list[tuple[Callable[[Amount], Metered], Amount]],
) -> None:
    found = Estimate.of([kind(amount) for kind, amount in bought], CATALOG)
    priced = [line.usd for line in found.lines if line.usd is not None]
    assert all(amount == amount.quantize(Decimal("0.01")) for amount in priced)
    if priced or not bought:
        assert found.total.usd == sum(priced, Decimal(0))
    assert found.total.at_least == (len(priced) < len(found.lines))


@given(kinds, amounts, amounts)
def test_splitting_a_month_in_two_never_makes_it_cheaper(
    kind: Callable[[Amount], Metered], one: Amount, other: Amount
) -> None:
    """Prices fall from tier to tier. Without the free tier, which each month has anew, and before rounding."""
    whole, parts = (
        Estimate.of([dataclasses.replace(kind(part), free=0) for part in asked], CATALOG)
        for asked in ([one + other], [one, other])
    )
    if whole.exact is None or parts.exact is None:
        return  # beyond the last tier that is known
    assert whole.exact <= parts.exact


@given(kinds, amounts, st.integers(min_value=0, max_value=2_000_000))
def test_a_free_tier_never_makes_it_dearer(
    kind: Callable[[Amount], Metered], amount: Amount, free: int
) -> None:
    full = dataclasses.replace(kind(amount), free=0)
    assert usd(dataclasses.replace(full, free=free)) <= usd(full)
    assert usd(*with_free_tier([full])) <= usd(full)


@given(st.lists(st.integers(min_value=0, max_value=900_000), max_size=5))
def test_a_free_tier_is_given_once(requests: list[int]) -> None:
    bought = with_free_tier([LambdaRequests(region=R, requests=number) for number in requests])
    assert sum(one.charge.quantity for one in bought) == max(sum(requests) - 1_000_000, 0)
