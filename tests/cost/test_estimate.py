from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost import (
    DataTransfer,
    Estimate,
    InstanceHours,
    LambdaDuration,
    LambdaRequests,
    Line,
    Price,
    PriceCatalog,
    Rate,
    Tier,
    Total,
)
from cost.errors import InvalidCatalog, InvalidPurchase

D = Decimal
REGION = "us-east-1"
FIRST, SECOND = D(6_000_000_000), D(15_000_000_000)
RATES = (D("0.0000166667"), D("0.000015"), D("0.0000133334"))


def price(service: str, dimension: str, unit: str, usd: str) -> Price:
    return Price(service, dimension, REGION, unit, (Tier(D(usd), "a bill", "2026-05-08", "A"),))


DURATION = Price(
    "lambda",
    "duration x86",
    REGION,
    "GB-second",
    (
        Tier(RATES[0], "page", "2026", "A", end=FIRST),
        Tier(RATES[1], "golden", "2024-07-01", "B", start=FIRST, end=SECOND),
        Tier(RATES[2], "golden", "2024-07-01", "B", start=SECOND),
    ),
)
CATALOG = PriceCatalog.of(
    [
        DURATION,
        price("lambda", "requests", "request", "0.0000002"),
        price("sagemaker-hosting", "ml.m5.large", "instance-hour", "0.115"),
    ]
)
quantities = st.integers(min_value=0, max_value=40_000_000_000)


def exact(gb_seconds: int | Decimal) -> Decimal:
    """The unrounded cost, tier by tier, as a user of the price would add it up."""
    slices = DURATION.slices(D(gb_seconds))
    return sum((quantity * tier.usd for tier, quantity in slices if tier is not None), D(0))


@given(quantities)
def test_slices_add_up_to_the_quantity(gb_seconds: int) -> None:
    assert sum(quantity for _, quantity in DURATION.slices(D(gb_seconds))) == gb_seconds


@given(quantities, quantities)
def test_cost_never_falls_when_use_rises(one: int, other: int) -> None:
    less, more = sorted((one, other))
    assert exact(less) <= exact(more)
    totals = [
        Estimate.of([LambdaDuration(region=REGION, gb_seconds=quantity)], CATALOG).total.usd
        for quantity in (less, more)
    ]
    assert totals == sorted(totals)  # type: ignore[type-var]


@given(st.integers(min_value=0, max_value=9_000_000_000))
def test_what_lies_above_a_boundary_costs_the_next_rate(extra: int) -> None:
    assert exact(FIRST + extra) - exact(FIRST) == extra * RATES[1]
    assert exact(SECOND + extra) - exact(SECOND) == extra * RATES[2]
    assert exact(FIRST) == FIRST * RATES[0]


@given(st.lists(quantities, max_size=6), st.lists(st.integers(min_value=0, max_value=744), max_size=6))
def test_the_total_is_the_sum_of_the_rounded_lines(durations: list[int], hours: list[int]) -> None:
    purchases = [LambdaDuration(region=REGION, gb_seconds=quantity) for quantity in durations]
    machines = [
        InstanceHours(region=REGION, instance_type="ml.m5.large", hours=quantity) for quantity in hours
    ]
    found = Estimate.of([*purchases, *machines], CATALOG)
    amounts = [line.usd for line in found.lines if line.usd is not None]
    assert found.total == Total(sum(amounts, D("0.00")), at_least=False)
    assert all(amount == amount.quantize(D("0.01")) for amount in amounts)


def test_a_boundary_itself_is_one_line() -> None:
    assert len(Estimate.of([LambdaDuration(region=REGION, gb_seconds=FIRST)], CATALOG).lines) == 1
    above = Estimate.of([LambdaDuration(region=REGION, gb_seconds=FIRST + 1)], CATALOG).lines
    assert [line.description for line in above] == [
        "Lambda duration (x86)",
        "Lambda duration (x86), above 6,000,000,000 up to 15,000,000,000 GB-seconds",
    ]


def test_a_line_says_what_when_and_who() -> None:
    purchase = InstanceHours(region=REGION, instance_type="ml.m5.large", hours=730, count=2)
    assert Estimate.of([purchase], CATALOG).lines == (
        Line(
            description="ml.m5.large for SageMaker hosting",
            quantity=D(1460),
            unit="instance-hour",
            unit_price=D("0.115"),
            usd=D("167.90"),
            source="a bill",
            as_of="2026-05-08",
            confidence="A",
        ),
    )


def test_an_unknown_price_makes_the_total_at_least() -> None:
    known = InstanceHours(region=REGION, instance_type="ml.m5.large", hours=730)
    unknown = InstanceHours(region=REGION, instance_type="ml.x9.large", hours=730)
    found = Estimate.of([known, unknown], CATALOG)
    assert found.total == Total(D("83.95"), at_least=True)
    assert str(found.total) == "at least 83.95"
    (line,) = found.unpriced
    assert (line.unit_price, line.usd) == (None, None)
    assert line.note == "No list price of sagemaker-hosting ml.x9.large in us-east-1; known in no region."


def test_a_total_of_only_unknown_prices_is_not_zero() -> None:
    unknown = InstanceHours(region="eu-south-1", instance_type="ml.m5.large", hours=730)
    total = Estimate.of([unknown], CATALOG).total
    assert total == Total(None, at_least=True)
    assert str(total) == "unknown"


def test_gigabytes_have_no_plural_in_a_tiers_name() -> None:
    """AWS's data transfer: the first 10,240 GB, the next 40,960, the next 102,400."""
    bought = Estimate.of([DataTransfer(region="us-east-1", gb=60_000)], PriceCatalog.load())
    assert [line.description for line in bought.lines] == [
        "data out to internet",
        "data out to internet, above 10,240 up to 51,200 GB",
        "data out to internet, above 51,200 up to 153,600 GB",
    ]


def test_beyond_the_last_known_tier_the_price_is_unknown() -> None:
    first_only = Price("lambda", "duration x86", REGION, "GB-second", DURATION.tiers[:1])
    purchase = LambdaDuration(region=REGION, gb_seconds=FIRST + 10)
    found = Estimate.of([purchase], PriceCatalog.of([first_only]))
    assert [(line.quantity, line.usd) for line in found.lines] == [(FIRST, D("100000.20")), (D(10), None)]
    assert found.lines[1].note == (
        "No list price of lambda duration x86 in us-east-1 is known beyond 6,000,000,000 GB-seconds a month."
    )
    assert found.total.at_least


def test_nothing_bought_is_exactly_zero() -> None:
    assert Estimate.of([LambdaRequests(region=REGION, requests=0)], CATALOG).total == Total(D("0.00"), False)
    assert Estimate().total == Total(D("0.00"), False)


def test_a_price_in_another_unit_is_refused() -> None:
    catalog = PriceCatalog.of([price("lambda", "requests", "second", "1")])
    with pytest.raises(InvalidCatalog, match="quoted per second; a price per request is needed"):
        Estimate.of([LambdaRequests(region=REGION, requests=1)], catalog)


@pytest.mark.parametrize("wrong", [0.5, True, "730", -1, D("NaN"), D("Infinity"), D(10) ** 19])
def test_a_quantity_that_nobody_can_buy_is_refused(wrong: object) -> None:
    purchase = InstanceHours(region=REGION, instance_type="ml.m5.large", hours=wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidPurchase, match="hours is"):
        Estimate.of([purchase], CATALOG)


def test_milliseconds_are_billed_whole() -> None:
    short = LambdaDuration.of(region=REGION, requests=1000, duration_ms=D("1.2"), memory_mb=1024)
    assert short.gb_seconds == 2


def test_a_free_tier_takes_off_at_most_everything() -> None:
    purchase = LambdaRequests(region=REGION, requests=10, free=1_000_000)
    (line,) = Estimate.of([purchase], CATALOG).lines
    assert (line.quantity, line.usd, line.note) == (0, D("0.00"), "after 1,000,000 free requests")


def test_a_rate_is_exact_and_carries_the_least_trust() -> None:
    million = LambdaRequests(region=REGION, requests=1_000_000)
    seconds = LambdaDuration(region=REGION, gb_seconds=1_000_000)
    rate = Rate.of("a million of 1 s at 1 GB", [million, seconds], CATALOG)
    assert rate == Rate("a million of 1 s at 1 GB", D("16.8667"), "a bill; page", "2026-05-08; 2026", "A")
    assert str(rate) == "16.87"
    assert (
        str(Rate.of("a thousand", [LambdaDuration(region=REGION, gb_seconds=1000)], CATALOG)) == "0.0166667"
    )


def test_a_rate_of_an_unknown_price_is_unknown() -> None:
    requests = LambdaRequests(region=REGION, requests=1)
    elsewhere = LambdaRequests(region="eu-south-1", requests=1)
    rate = Rate.of("both", [requests, elsewhere], CATALOG)
    assert (rate.usd, str(rate)) == (None, "unknown")
    assert rate.note == "No list price of lambda requests in eu-south-1; known only in us-east-1."


def test_what_is_below_a_cent_is_told_exactly() -> None:
    found = Estimate.of([LambdaRequests(region=REGION, requests=1234)], CATALOG)
    assert (found.total.usd, found.exact) == (D("0.00"), D("0.0002468"))
    unknown = LambdaRequests(region="eu-south-1", requests=1)
    assert (Estimate.of([unknown], CATALOG).exact, Estimate().exact) == (None, D(0))
