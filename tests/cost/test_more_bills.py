"""More bills: further examples of AWS's pricing pages, and what follows from a published formula and its rates.

Each names its lines, rounded to the cent as the pages round them. The Lambda page is
https://aws.amazon.com/lambda/pricing/, the Fargate page https://aws.amazon.com/fargate/pricing/, copies of 2026.
"""

from decimal import Decimal

import pytest

from cost import (
    Alarms,
    AsyncData,
    DataTransfer,
    Discounted,
    EbsIops,
    EbsStorage,
    EbsThroughput,
    Ec2InstanceHours,
    Ec2SpotHours,
    EndpointData,
    EndpointStorage,
    Estimate,
    FargateMemory,
    FargateStorage,
    FargateVcpu,
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
    LogsStored,
    NatData,
    NatHours,
    PublicAddressHours,
    Purchase,
    S3Retrieval,
    S3Storage,
    ServerlessData,
    ServerlessInference,
    ServerlessProvisionedConcurrency,
    ServerlessProvisionedInference,
    SnsDeliveries,
    Tokens,
    with_free_tier,
)
from cost.errors import InvalidPurchase
from tests.cost.conftest import Pinned

D = Decimal
HERE = "us-east-1"


def check(pinned: Pinned, purchases: list[Purchase], *lines: str, total: str) -> None:
    found = Estimate.of(purchases, pinned.catalog())
    assert [line.usd for line in found.lines] == [D(line) for line in lines]
    assert (found.total.usd, found.total.at_least) == (D(total), False)


def calls(requests: int, duration_ms: int, memory_mb: int, architecture: str = "x86") -> list[Purchase]:
    duration = LambdaDuration.of(
        region=HERE,
        requests=requests,
        duration_ms=duration_ms,
        memory_mb=memory_mb,
        architecture=architecture,  # type: ignore[arg-type]
    )
    return [duration, LambdaRequests(region=HERE, requests=requests)]


def test_a_larger_tmp(pinned: Pinned) -> None:
    """Lambda page, functions, example 3: six million requests of 280 ms at 4096 MB, 2048 MB of /tmp."""
    tmp = LambdaEphemeralStorage.of(region=HERE, requests=6_000_000, duration_ms=280, storage_mb=2048)
    bought = with_free_tier([*calls(6_000_000, 280, 4096), tmp])
    check(pinned, bought, "105.33", "1.00", "0.08", total="106.41")


def test_a_tmp_of_512_mb_costs_nothing() -> None:
    tmp = LambdaEphemeralStorage.of(region=HERE, requests=6_000_000, duration_ms=280, storage_mb=512)
    assert tmp.charge.quantity == 0


def test_provisioned_concurrency_without_free_tier(pinned: Pinned) -> None:
    """Lambda page, provisioned concurrency, example 2: seven for a day, two million requests of 280 ms at 4096 MB."""
    bought: list[Purchase] = [
        LambdaProvisionedConcurrency.of(region=HERE, concurrency=7, memory_mb=4096, hours=24),
        LambdaProvisionedDuration.of(region=HERE, requests=2_000_000, duration_ms=280, memory_mb=4096),
        LambdaRequests(region=HERE, requests=2_000_000),
    ]
    check(pinned, bought, "10.08", "21.78", "0.40", total="32.26")


@pytest.mark.parametrize(("hours", "minutes"), [(D("0.01"), 5), (D(1) / 12, 5), (D("0.5"), 30), (8, 480)])
def test_provisioned_concurrency_is_billed_in_five_minutes(hours: Decimal | int, minutes: int) -> None:
    ready = LambdaProvisionedConcurrency.of(region=HERE, concurrency=1, memory_mb=1024, hours=hours)
    assert ready.charge.quantity == minutes * 60


def test_snapstart_over_31_days(pinned: Pinned) -> None:
    """Lambda page, SnapStart: 10,000 vehicles that tell something each hour; one of a hundred calls is cold."""
    messages = 10_000 * 24 * 31
    bought: list[Purchase] = [
        *calls(messages, 2000, 1024),
        LambdaSnapshots(region=HERE, gb_seconds=31 * 24 * 3600),
        LambdaRestores(region=HERE, gb=messages // 100),
    ]
    check(pinned, bought, "248.00", "1.49", "4.03", "10.40", total="263.92")


def test_streamed_answers(pinned: Pinned) -> None:
    """Lambda page, response stream: two million answers of 100 KB, one million of 7 MB; the free 100 GB are gone."""
    bought = with_free_tier(calls(3_000_000, 500, 1536))
    small = LambdaStreaming.of(region=HERE, requests=2_000_000, response_mb=D(100) / 1024)
    large = LambdaStreaming.of(region=HERE, requests=1_000_000, response_mb=7)
    check(pinned, [*bought, small, large], "30.83", "0.40", "0.00", "7.81", total="39.04")


def test_streamed_answers_within_the_free_tier(pinned: Pinned) -> None:
    large = LambdaStreaming.of(region=HERE, requests=200_000, response_mb=7)  # 195.3125 GB
    check(pinned, with_free_tier([large]), "0.76", total="0.76")


@pytest.mark.parametrize(
    ("requests", "duration_ms", "memory_mb", "architecture", "lines", "total"),
    [
        # https://calculator.aws, as people pasted its workings.
        (1_000_000, 500, 128, "x86", ("1.04", "0.20"), "1.24"),
        (1_000_000, 200, 128, "x86", ("0.42", "0.20"), "0.62"),
        (4_800_000, 1000, 128, "arm64", ("8.00", "0.96"), "8.96"),
        (4_800_000, 3000, 128, "arm64", ("24.00", "0.96"), "24.96"),
    ],
)
def test_the_calculators_functions(
    pinned: Pinned,
    requests: int,
    duration_ms: int,
    memory_mb: int,
    architecture: str,
    lines: tuple[str, ...],
    total: str,
) -> None:
    check(pinned, calls(requests, duration_ms, memory_mb, architecture), *lines, total=total)


@pytest.mark.parametrize(
    ("architecture", "gb_seconds", "lines"),
    [
        # infracost, lambda_function_test.golden @95ba4f49: the lines of a function in all three tiers.
        ("x86", 61_440_000_000, ("100000.20", "135000.00", "619203.10")),
        ("arm64", 74_752_000_000, ("100000.50", "135001.13", "597356.53")),
        ("x86", 6_000_000_000, ("100000.20",)),
        ("arm64", 7_500_000_000, ("100000.50",)),
        ("x86", 6_000_000_001, ("100000.20", "0.00")),
    ],
)
def test_the_tiers_of_lambda(
    pinned: Pinned, architecture: str, gb_seconds: int, lines: tuple[str, ...]
) -> None:
    bought = LambdaDuration(region=HERE, gb_seconds=gb_seconds, architecture=architecture)  # type: ignore[arg-type]
    found = Estimate.of([bought], pinned.catalog())
    assert [line.usd for line in found.lines] == [D(line) for line in lines]


def test_the_free_tier_is_taken_before_the_first_tier_is_filled(pinned: Pinned) -> None:
    bought = with_free_tier([LambdaDuration(region=HERE, gb_seconds=6_000_400_000)])
    check(pinned, bought, "100000.20", total="100000.20")


def test_one_free_tier_serves_both_architectures() -> None:
    x86 = LambdaDuration(region=HERE, gb_seconds=300_000)
    arm64 = LambdaDuration(region=HERE, gb_seconds=300_000, architecture="arm64")
    assert [bought.charge.quantity for bought in with_free_tier([x86, arm64])] == [0, 200_000]
    assert [bought.charge.quantity for bought in with_free_tier([arm64, x86])] == [0, 200_000]


def test_a_free_tier_comes_before_a_discount(pinned: Pinned) -> None:
    """A compute savings plan takes at most 17 % off Lambda's duration: 100,000 GB-seconds are left to pay."""
    bought = Discounted(purchase=LambdaDuration(region=HERE, gb_seconds=500_000), discount=D("0.17"))
    check(pinned, with_free_tier([bought]), "1.38", total="1.38")


def test_provisioned_functions_have_no_free_duration() -> None:
    ready = LambdaProvisionedConcurrency.of(region=HERE, concurrency=1, memory_mb=1024, hours=1)
    warm = LambdaProvisionedDuration(region=HERE, gb_seconds=1000)
    assert with_free_tier([ready, warm]) == [ready, warm]


def test_what_is_free_for_two_months_is_not_in_the_third() -> None:
    seconds = ServerlessInference(region=HERE, memory_gb=2, seconds=200_000)
    hours = InstanceHours(region=HERE, instance_type="ml.m5.xlarge", hours=730)
    left = {
        month: [bought.charge.quantity for bought in with_free_tier([seconds, hours], month=month)]
        for month in (1, 2, 3, None)
    }
    assert left == {1: [50_000, 605], 2: [50_000, 605], 3: [200_000, 730], None: [200_000, 730]}


@pytest.mark.parametrize("hours", [720, 730, 744])
def test_the_length_of_the_month_is_an_input(pinned: Pinned, hours: int) -> None:
    found = Estimate.of(
        [
            InstanceHours(region=HERE, instance_type="ml.m5.xlarge", hours=hours, count=2),
            EndpointStorage.of(region=HERE, volume_gb=30, hours=hours, count=2, hours_per_month=hours),
        ],
        pinned.catalog(),
    )
    assert [line.usd for line in found.lines] == [D("0.46") * hours, D("8.40")]


def test_a_volume_is_billed_while_it_is_there(pinned: Pinned) -> None:
    """100 GB for 8 hours on 20 days of a month of 720 hours."""
    bought = EndpointStorage.of(region=HERE, volume_gb=100, hours=160, hours_per_month=720)
    check(pinned, [bought], "3.11", total="3.11")


def test_a_real_time_endpoint_with_its_data(pinned: Pinned) -> None:
    """Two instances, 8 hours a day for 31 days; 100 MB a day in, a tenth of it out."""
    gb_in = D(100) * 31 / 1024
    bought: list[Purchase] = [
        InstanceHours(region=HERE, instance_type="ml.m5.xlarge", hours=8 * 31, count=2),
        EndpointData(region=HERE, gb=gb_in, direction="in"),
        EndpointData(region=HERE, gb=gb_in / 10, direction="out"),
    ]
    check(pinned, bought, "114.08", "0.05", "0.00", total="114.13")


def test_an_asynchronous_endpoint_with_its_cool_down(pinned: Pinned) -> None:
    """Ten batches of work a month, each 15 minutes with 5 to start and 10 to cool down, 2 GB in and 1 GB out."""
    hours = D(10) * (15 + 5 + 10) / 60
    bought: list[Purchase] = [
        InstanceHours(region=HERE, instance_type="ml.m5.xlarge", hours=hours),
        AsyncData(region=HERE, gb=30),
    ]
    check(pinned, bought, "1.15", "0.48", total="1.63")


def test_serverless_with_provisioned_concurrency(pinned: Pinned) -> None:
    """infracost, sagemaker_endpoint_configuration_test (2026-05-08): the rates of 2 GB; one kept for 730 hours.

    500,000 requests of 100 ms on it, 20,000 s beyond it, 10 GB of data.
    """
    bought: list[Purchase] = [
        ServerlessProvisionedConcurrency(region=HERE, memory_gb=2, seconds=730 * 3600, concurrency=1),
        ServerlessProvisionedInference.of(region=HERE, memory_gb=2, requests=500_000, duration_ms=100),
        ServerlessInference(region=HERE, memory_gb=2, seconds=20_000),
        ServerlessData(region=HERE, gb=10),
    ]
    check(pinned, bought, "26.28", "1.17", "0.80", "0.16", total="28.41")


def test_fargate_on_arm(pinned: Pinned) -> None:
    """Fargate page, example 2."""
    seconds = 600 * 30
    bought: list[Purchase] = [
        FargateVcpu(region=HERE, tasks=5, vcpus=1, seconds=seconds, architecture="arm64"),
        FargateMemory(region=HERE, tasks=5, memory_gb=2, seconds=seconds, architecture="arm64"),
        FargateStorage.of(region=HERE, tasks=5, disk_gb=30, seconds=seconds),
    ]
    check(pinned, bought, "0.81", "0.18", "0.03", total="1.02")


def test_fargate_pods(pinned: Pinned) -> None:
    """Fargate page, example 3."""
    bought: list[Purchase] = [
        FargateVcpu(region=HERE, tasks=10, vcpus=D("0.25"), seconds=3600 * 30),
        FargateMemory(region=HERE, tasks=10, memory_gb=1, seconds=3600 * 30),
        FargateStorage.of(region=HERE, tasks=10, disk_gb=20, seconds=3600 * 30),
    ]
    check(pinned, bought, "3.04", "1.33", "0.00", total="4.37")


def test_gp3_above_what_comes_with_it(pinned: Pinned) -> None:
    """500 GB with 10,000 IOPS and 500 MB/s for a month: 7,000 IOPS and 375 MB/s are billed."""
    bought: list[Purchase] = [
        EbsStorage(region=HERE, gb_months=500),
        EbsIops(region=HERE, iops_months=10_000),
        EbsThroughput(region=HERE, mbps_months=500),
    ]
    check(pinned, bought, "40.00", "35.00", "15.00", total="90.00")


@pytest.mark.parametrize(
    ("gb", "free", "lines"),
    [
        (99, 100, ("0.00",)),
        (10_340, 100, ("921.60",)),
        (10_341, 100, ("921.60", "0.09")),
        (160_100, 100, ("921.60", "3481.60", "7168.00", "320.00")),
        (10_240, 0, ("921.60",)),
    ],
)
def test_the_tiers_of_data_transfer(pinned: Pinned, gb: int, free: int, lines: tuple[str, ...]) -> None:
    found = Estimate.of([DataTransfer(region=HERE, gb=gb, free=free)], pinned.catalog())
    assert [line.usd for line in found.lines] == [D(line) for line in lines]


def test_the_tiers_of_s3(pinned: Pinned) -> None:
    check(
        pinned,
        [S3Storage(region=HERE, gb_months=600_000)],
        "1177.60",
        "10137.60",
        "1848.00",
        total="13163.20",
    )


def test_rarely_read_objects(pinned: Pinned) -> None:
    """A terabyte, a tenth of it read: infracost, s3_bucket_test.golden's rates."""
    catalog = pinned.catalog(
        ("s3", "infrequent-access storage", "GB-month", "0.0125"),
        ("s3", "infrequent-access retrieval", "GB", "0.01"),
    )
    bought: list[Purchase] = [
        S3Storage(region=HERE, gb_months=1024, storage_class="infrequent-access"),
        S3Retrieval(region=HERE, gb=D("102.4")),
    ]
    assert [line.usd for line in Estimate.of(bought, catalog).lines] == [D("12.80"), D("1.02")]


def test_a_nat_gateway_in_each_of_three_zones(pinned: Pinned) -> None:
    bought: list[Purchase] = [
        NatHours(region=HERE, hours=744, count=3),
        NatData(region=HERE, gb=D("1024.5")),
        DataTransfer(region=HERE, gb=D("1024.5"), free=100),
    ]
    check(pinned, bought, "100.44", "46.10", "83.21", total="229.75")


def test_alarms_logs_and_messages(pinned: Pinned) -> None:
    bought: list[Purchase] = [
        Alarms(region=HERE, count=7),
        Alarms(region=HERE, count=2, resolution="high"),
        LogsIngested(region=HERE, gb=25),
        LogsStored(region=HERE, gb_months=D("3.75")),
        SnsDeliveries(region=HERE, notifications=2_000_000, protocol="http"),
        SnsDeliveries(region=HERE, notifications=900, protocol="email"),
    ]
    check(pinned, with_free_tier(bought), "0.70", "0.60", "12.50", "0.11", "1.14", "0.00", total="15.05")


def test_spot_and_savings_plans(pinned: Pinned) -> None:
    """The plan's discount is an input; the rate that is left is shown, and the line is rounded as any."""
    machine = Ec2InstanceHours(region=HERE, instance_type="p3.2xlarge", hours=730)
    planned = Discounted(purchase=machine, discount=D("0.37"))
    spot = Ec2SpotHours(region=HERE, instance_type="g4dn.xlarge", hours=D("12.5"), count=4)
    check(pinned, [planned, spot], "1407.29", "10.20", total="1417.49")
    (line,) = Estimate.of([planned], pinned.catalog()).lines
    assert (line.unit_price, line.description, line.note) == (
        D("1.9278"),
        "p3.2xlarge on EC2 (savings plan)",
        "savings plan: 37 % below list price",
    )


@pytest.mark.parametrize("discount", [D(1), D("1.2"), D("-0.1")])
def test_a_discount_that_nobody_gives_is_refused(discount: Decimal) -> None:
    machine = Ec2InstanceHours(region=HERE, instance_type="p3.2xlarge", hours=730)
    with pytest.raises(InvalidPurchase, match="discount is"):
        _ = Discounted(purchase=machine, discount=discount).charge


def test_a_rate_of_work_that_never_ends_is_refused() -> None:
    with pytest.raises(InvalidPurchase, match="units_per_second is 0; write a rate above 0"):
        InstanceHours.of_work(region=HERE, instance_type="ml.m5.large", units=1, units_per_second=0)


def test_tokens_of_a_managed_model(pinned: Pinned) -> None:
    """A million requests of 800 tokens in, a quarter of them from the cache, and 150 out."""
    bought: list[Purchase] = [
        Tokens(vendor="anthropic", model="claude-sonnet-5", kind="input", tokens=600_000_000),
        Tokens(vendor="anthropic", model="claude-sonnet-5", kind="cached input", tokens=200_000_000),
        Tokens(vendor="anthropic", model="claude-sonnet-5", kind="output", tokens=150_000_000),
    ]
    catalog = pinned.catalog(
        *[
            ("llm", f"anthropic claude-sonnet-5 {kind}", "token", rate)
            for kind, rate in (("input", "0.000003"), ("cached input", "0.0000003"), ("output", "0.000015"))
        ],
        region="global",
    )
    assert [line.usd for line in Estimate.of(bought, catalog).lines] == [D(1800), D(60), D(2250)]


def test_public_addresses_by_the_hour(pinned: Pinned) -> None:
    catalog = pinned.catalog(("vpc", "public IPv4 address", "hour", "0.005"))
    bought = PublicAddressHours(region=HERE, hours=730, count=2)
    assert Estimate.of([bought], catalog).total.usd == D("7.30")
