from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost import Ec2InstanceHours, Estimate, InstanceHours, PriceCatalog, Purchase, S3Requests
from cost.comparison import Demand, Profile, assumptions, break_even, compare, months, plans
from cost.comparison.batches import SpotBatch
from cost.comparison.by_request import LAMBDA_MEMORY_MB, Lambda, Serverless
from cost.comparison.comparison import NOTICED
from cost.comparison.crossing import curve, usd
from cost.comparison.elsewhere import HuggingFace, ManagedModel, PerSecond
from cost.comparison.on_instances import AlwaysOn, AsyncToZero, Autoscaled
from cost.comparison.plan import Unsuitable
from cost.errors import InvalidUsage
from cost.machines import machines
from cost.simulation.month import Month

CATALOG = PriceCatalog.load()
PROFILE = Profile(p50_ms=9, p99_ms=14, memory_mb=512, load_ms=900)
SOME = [
    AlwaysOn(machines()["m5.large"]),
    AlwaysOn(machines()["c5.xlarge"]),
    AlwaysOn(machines()["g5.xlarge"]),
    Autoscaled(machines()["m5.large"]),
    AsyncToZero(machines()["m5.large"]),
    Serverless(1024),
    Serverless(2048),
    Lambda(512),
    Lambda(1769),
    SpotBatch(machines()["c5.xlarge"]),
]


def demand(**changes) -> Demand:
    return Demand(**{"region": "us-east-1", "requests": Decimal(20_000), "p99_ms": 500.0, **changes})


@settings(max_examples=15)
@given(
    requests=st.integers(1, 200_000),
    p50=st.floats(1, 2000),
    spread=st.floats(1, 5),
    memory=st.integers(100, 9000),
    objective=st.none() | st.floats(1, 5000),
    traffic=st.sampled_from(["constant", "diurnal", "business-hours", "bursty"]),
    may_wait=st.booleans(),
)
def test_the_recommended_plan_is_the_cheapest_feasible_one(
    requests, p50, spread, memory, objective, traffic, may_wait
):
    asked = demand(requests=Decimal(requests), p99_ms=objective, traffic=traffic, may_wait=may_wait)
    profile = Profile(p50_ms=p50, p99_ms=p50 * spread, memory_mb=memory)
    comparison = compare(asked, profile, CATALOG, SOME)
    assert len(comparison.rows) == len(SOME)
    cheapest = None
    for row in comparison.rows:  # by brute force, from what each came to
        if row.usd is None or row.estimate is None:
            continue
        slow = objective is not None and (row.p99_ms is None or row.p99_ms > objective)
        refused = row.month is not None and (row.month.p99_ms is None or row.month.refused_share > 0.0001)
        if not slow and not refused and (cheapest is None or row.exact < cheapest):
            cheapest = row.exact
    assert (comparison.recommended.exact if comparison.recommended else None) == cheapest
    for row in comparison.rows:
        assert row.ruled_out or row in comparison.feasible


@pytest.mark.parametrize(("share", "keeps"), [(1.001, True), (0.999, False)])
def test_an_objective_is_kept_or_it_is_not(share, keeps):
    plan = Lambda(1769)
    p99 = compare(demand(p99_ms=None), PROFILE, CATALOG, [plan]).rows[0].p99_ms
    assert (compare(demand(p99_ms=p99 * share), PROFILE, CATALOG, [plan]).recommended is not None) == keeps


def test_nothing_on_the_frontier_is_beaten():
    rows = compare(demand(p99_ms=None), PROFILE, CATALOG, SOME).rows
    frontier = compare(demand(p99_ms=None), PROFILE, CATALOG, SOME).frontier
    assert frontier
    known = [row for row in rows if row.usd is not None and row.p99_ms is not None]
    for best in frontier:
        assert not [row for row in known if row.exact < best.exact and row.p99_ms <= best.p99_ms]
        assert not [row for row in known if row.exact <= best.exact and row.p99_ms < best.p99_ms * NOTICED]


def test_plans_are_ranked_by_the_exact_amount_and_not_by_cents_and_names():
    """Ten cold requests of 0.45 s: 0.0004 USD at 5 GB and 0.0008 at 10, which both are 0.00 on a bill."""
    model = Profile(p50_ms=50, p99_ms=50, memory_mb=5000)
    few = demand(requests=Decimal(10), p99_ms=None)
    rows = compare(few, model, CATALOG, [Lambda(10240), Lambda(5120)]).rows
    assert [row.plan.name for row in rows] == ["Lambda 5120 MB", "Lambda 10240 MB"]
    assert [row.usd for row in rows] == [0, 0]
    # By hand, where each of the 10 is cold: 0.45 s * 5 GB * 0.0000166667 USD, and 0.0000002 for the request.
    assert rows[0].month is not None and rows[0].month.cold_share == 1
    assert rows[0].usd_per_thousand == pytest.approx(Decimal("0.0377"), rel=Decimal("0.001"))


def test_of_plans_that_cost_the_same_the_faster_is_recommended():
    @dataclass(frozen=True)
    class Free:
        kind: ClassVar[str] = "always-on"
        name: str
        p99_ms: float

        def purchases(self, demand: Demand, profile: Profile) -> list[Purchase]:
            return [S3Requests(region=demand.region, requests=demand.requests, kind="read")]

        def simulate(self, demand: Demand, profile: Profile) -> Month:
            return Month(10, 0.0, self.p99_ms, self.p99_ms, 0.0, 0.0, 0)

    found = compare(demand(), PROFILE, CATALOG, [Free("a", 4.0), Free("b", 2.0)])
    assert found.recommended is not None and found.recommended.plan.name == "b"


def test_why_a_plan_is_ruled_out_is_said():
    found = {
        row.plan.name: row.ruled_out
        for row in compare(demand(), Profile(p50_ms=9, p99_ms=14, memory_mb=600), CATALOG, SOME).rows
    }
    assert found["Lambda 512 MB"] == "needs 600 MB"
    assert found["always-on ml.g5.xlarge"] == "not measured on A10G"
    assert found["autoscaled ml.m5.large"] == "one instance is enough at any time: as always-on"
    assert found["spot batch c5.xlarge"].startswith("answers come once a day; say --may-wait")
    assert found["async to zero ml.m5.large"].endswith("above 500 ms")
    assert found["Lambda 1769 MB"] == ""


def test_an_objective_that_nothing_meets_names_what_comes_nearest():
    comparison = compare(demand(p99_ms=1.0), PROFILE, CATALOG, SOME)
    assert comparison.recommended is None and comparison.nearest is not None
    assert comparison.nearest.p99_ms == min(row.p99_ms for row in comparison.rows if row.p99_ms is not None)


def test_a_plan_without_a_price_is_ruled_out_and_never_free():
    elsewhere = compare(demand(region="sa-east-1"), PROFILE, CATALOG, [SOME[0]]).rows[0]
    assert elsewhere.usd is None and "No list price of sagemaker-hosting ml.m5.large" in elsewhere.ruled_out


def test_a_plan_at_an_estimated_price_is_compared_and_says_so():
    row = compare(demand(region="eu-central-1"), PROFILE, CATALOG, [AlwaysOn(machines()["m5.xlarge"])]).rows[
        0
    ]
    ec2 = CATALOG.price("ec2", "m5.xlarge", "eu-central-1").usd
    assert row.estimated and row.ruled_out == ""
    assert row.usd == (ec2 * Decimal("1.20") * 730).quantize(Decimal("0.01"))
    assert not compare(demand(), PROFILE, CATALOG, [SOME[0]]).rows[0].estimated


def test_a_gpu_that_was_measured_is_compared():
    measured = Profile(p50_ms=900, p99_ms=1200, memory_mb=512, gpu="A10G", gpu_p50_ms=20, gpu_p99_ms=30)
    row = compare(demand(), measured, CATALOG, [SOME[2]]).rows[0]
    assert row.ruled_out == "" and row.p99_ms == pytest.approx(30, rel=0.15)


def test_an_endpoint_of_hugging_face_is_compared_on_the_gpu_that_was_measured():
    measured = Profile(p50_ms=900, p99_ms=1200, memory_mb=512, gpu="T4", gpu_p50_ms=20, gpu_p99_ms=30)
    plans = [HuggingFace("nvidia-t4 x1"), HuggingFace("nvidia-l4 x1"), HuggingFace("inf2 x1")]
    found = {row.plan.name: row for row in compare(demand(), measured, CATALOG, plans).rows}
    assert found["Hugging Face nvidia-t4 x1"].usd == Decimal("365.00")  # 730 hours at 0.50 USD
    assert found["Hugging Face nvidia-t4 x1"].p99_ms == pytest.approx(30, rel=0.15)
    assert found["Hugging Face nvidia-l4 x1"].ruled_out == "not measured on L4"
    assert found["Hugging Face inf2 x1"].ruled_out == "not measured on inf2"


@pytest.mark.parametrize(
    ("payload_kb", "p99_ms", "possible"),
    [
        (4 * 1024, 2000, {"SageMaker Serverless", "Lambda", "always-on", "async to zero"}),
        (4 * 1024 + 1, 2000, {"Lambda", "always-on", "async to zero"}),
        (6 * 1024 + 1, 2000, {"async to zero"}),
        (1, 60_001, {"Lambda", "async to zero"}),
        (1, 900_001, {"async to zero"}),
    ],
)
def test_what_aws_would_refuse_or_end_is_no_plan(payload_kb, p99_ms, possible):
    model = Profile(p50_ms=1000, p99_ms=p99_ms, memory_mb=512)
    asked = demand(requests=Decimal(100), p99_ms=None, response_kb=Decimal(payload_kb))
    among = [
        Serverless(2048),
        Lambda(1769),
        AlwaysOn(machines()["m5.large"]),
        AsyncToZero(machines()["m5.large"]),
    ]
    rows = compare(asked, model, CATALOG, among).rows
    assert {row.plan.kind for row in rows if not row.ruled_out} == possible
    for row in rows:
        assert not row.ruled_out or row.ruled_out.startswith(("takes at most ", "ends after "))


def test_a_burstable_type_is_not_scaled_and_has_its_baseline_only():
    """t2.medium: 20 % of each of 2 vCPUs, which is 0.4 vCPU for good (EC2 User Guide, the credit table)."""
    machine = machines()["t2.medium"]
    assert (machine.cpu_baseline, machines()["t3.xlarge"].cpu_baseline) == (Decimal("0.2"), Decimal("0.4"))
    steady = Profile(p50_ms=50, p99_ms=50, memory_mb=900)
    # 8 a second of 50 ms are 0.4 vCPU: one instance. 8.1 a second are two of them, though each has 2 vCPUs.
    for rate, count in ((8, 1), (Decimal("8.1"), 2)):
        (hours,) = AlwaysOn(machine).purchases(demand(requests=rate * 3600 * 730), steady)
        assert isinstance(hours, InstanceHours) and hours.hours == 730 * count
    # Of a model that keeps both vCPUs busy, 8 a second are 0.8 vCPU.
    (hours,) = AlwaysOn(machine).purchases(
        demand(requests=Decimal(8 * 3600 * 730)), Profile(p50_ms=50, p99_ms=50, memory_mb=900, threads=2)
    )
    assert isinstance(hours, InstanceHours) and hours.hours == 730 * 2
    rows = compare(demand(), PROFILE, CATALOG, [kind(machine) for kind in (Autoscaled, AsyncToZero)]).rows
    assert {row.ruled_out for row in rows} == {"is burstable, and AWS does not autoscale it"}
    named = {plan.name for plan in plans(CATALOG, "us-east-1")}
    assert "always-on ml.t2.medium" in named
    assert not {"autoscaled ml.t2.medium", "async to zero ml.t2.medium"} & named


def test_no_month_of_hundreds_at_a_time_is_simulated_for_a_break_even():
    """A million bursty requests of a minute are 488 at a time, and nobody asked for them."""
    slow = Profile(p50_ms=60_000, p99_ms=60_000, memory_mb=512)
    before = months.functions.cache_info().misses
    amount = usd(Lambda(1769), demand(traffic="bursty").times(Decimal(10_000_000)), slow, CATALOG)
    # 10 million times 60 s of 1,769 MB, and hardly anything for cold starts of 0.4 s.
    assert amount == pytest.approx(
        Decimal(60 * 10**7) * 1769 / 1024 * Decimal("0.0000166667"), rel=Decimal("0.01")
    )
    assert 0 < months.functions.cache_info().misses - before < len(months.SKETCHED)


@pytest.mark.parametrize(
    ("plan", "requests", "seconds", "why"),
    [
        # A burst has 8.14 a second of a million a month, and 3.26 of 400,000: 407 and 1,953 at a time.
        (Serverless(2048), 1_000_000, 50, "more than 200 come at a time, the most of one endpoint"),
        (
            Lambda(1769),
            400_000,
            600,
            "more than 1,000 come at a time, an account's default quota: ask AWS for a higher one",
        ),
    ],
)
def test_what_is_above_a_quota_is_refused_and_the_quota_named(plan, requests, seconds, why):
    model = Profile(p50_ms=seconds * 1000, p99_ms=seconds * 1000, memory_mb=512)
    asked = demand(requests=Decimal(requests), traffic="bursty", p99_ms=None)
    (row,) = compare(asked, model, CATALOG, [plan]).rows
    assert row.ruled_out.endswith(f"of the requests are refused; {why}")


def test_waiting_is_mended_by_an_instance_more_where_that_helps():
    crowd = demand(requests=Decimal(300_000), p99_ms=6000.0, traffic="constant")
    slow = Profile(p50_ms=3000, p99_ms=5000, memory_mb=512, threads=2)
    row = compare(crowd, slow, CATALOG, [SOME[0]]).rows[0]
    assert isinstance(row.plan, AlwaysOn) and row.plan.spare >= 1
    assert row.ruled_out == "" and "(+" in row.plan.name


def test_a_batch_pays_for_its_items_in_s3_and_for_volumes():
    """1,000,000 requests of 50 ms and 100 at most, in us-east-1, by hand.

    Mean 52.3 ms / 2 slots * 1.05 redone = 7.62 hours, and 2.5 of starts: 10.12 hours on c5.large at 0.0362; 100 GB for
    them at 0.08 USD a GB-month; a million writes at 5.00 USD and a million reads at 0.40
    (https://aws.amazon.com/s3/pricing/).
    """
    plan = SpotBatch(machines()["c5.large"])
    model = Profile(p50_ms=50, p99_ms=100, memory_mb=900)
    asked = demand(requests=Decimal(1_000_000), p99_ms=None, may_wait=True)
    lines = Estimate.of(plan.purchases(asked, model), CATALOG).lines
    assert [str(line.usd) for line in lines] == ["0.37", "0.11", "5.00", "0.40"]
    among = [plan, Lambda(1024)]
    assert [row.plan.kind for row in compare(asked, model, CATALOG, among).feasible] == [
        "Lambda",
        "spot batch",
    ]


def test_a_gpu_by_the_second_is_billed_while_its_worker_is_up():
    measured = Profile(
        p50_ms=900, p99_ms=900, memory_mb=512, load_ms=2000, gpu="L4", gpu_p50_ms=1000, gpu_p99_ms=1000
    )
    plan = PerSecond("runpod", "L4, A5000, 3090 24 GB")
    price = Decimal("0.00019")
    # So rare that every request starts a worker: 12 s of start, 1 s of work, 5 s until it goes.
    rare = usd(plan, demand(requests=Decimal(10)), measured, CATALOG)
    assert rare == pytest.approx(10 * 18 * price, rel=Decimal("0.01"))
    # So many that a worker never idles for long: the work itself, and one worker's idle rest.
    many = usd(plan, demand(requests=Decimal(10_000_000)), measured, CATALOG)
    assert many is not None and 10_000_000 * price < many < 10_000_000 * price * Decimal("1.3")
    with pytest.raises(Unsuitable, match="not measured on H100 PRO 80 GB"):
        PerSecond("runpod", "H100 PRO 80 GB").purchases(demand(), measured)
    month = plan.simulate(demand(requests=Decimal(2000)), measured)
    assert month.cold_share > 0.9 and month.p99_ms == pytest.approx(13_000, rel=0.01)


def test_a_managed_model_is_billed_by_its_tokens():
    plan = ManagedModel("amazon", "amazon-nova-micro")
    with pytest.raises(Unsuitable, match="billed by the token"):
        plan.purchases(demand(), PROFILE)
    asked = demand(input_tokens=Decimal(1000), output_tokens=Decimal(100), p99_ms=None)
    amount = usd(plan, asked, PROFILE, CATALOG)
    # 20,000 requests of 1,000 tokens at 0.035 USD a million in, and of 100 at 0.14 out.
    assert amount == Decimal("0.98")


@pytest.mark.parametrize("traffic", ["diurnal", "business-hours", "bursty"])
@pytest.mark.parametrize("plan", SOME, ids=lambda plan: plan.name)
def test_more_requests_never_cost_less(plan, traffic):
    """But for functions: 3,000 requests a month meet more cold starts than 30,000, and those are billed."""
    fewest = 1_000_000 if isinstance(plan, Serverless | Lambda) else 0
    drawn = curve(plan, demand(may_wait=True, traffic=traffic), PROFILE, CATALOG)
    amounts = [amount for requests, amount in drawn if requests >= fewest]
    assert amounts == sorted(amounts)


def test_a_functions_cold_starts_are_billed():
    """A third of 3,000 bursty requests starts an environment that loads the model for 9 s, at 10 GB, by hand.

    0.3358 * 3,000 * 9.4 s * 10 GB * 0.0000166667 USD are 1.58; the requests themselves, 54 ms each, are 0.03. AWS Compute
    Blog, 'AWS Lambda standardizes billing for INIT Phase': since 2025-08-01, of every function.
    """
    heavy = Profile(p50_ms=50, p99_ms=100, memory_mb=9000, load_ms=9000)
    asked = demand(requests=Decimal(3000), traffic="bursty", p99_ms=None)
    (row,) = compare(asked, heavy, CATALOG, [Lambda(10240)]).rows
    assert row.month is not None and row.month.cold_share == pytest.approx(0.3358, abs=0.0001)
    # 0.0002 of it are what 3,000 requests cost as requests.
    assert usd(Lambda(10240), asked, heavy, CATALOG) == pytest.approx(Decimal("1.606"), rel=Decimal("0.002"))


def test_a_function_on_arm64_is_compared_only_where_it_is_asked_for():
    """0.0000133334 USD a GB-second for 0.0000166667, in us-east-1 (https://aws.amazon.com/lambda/pricing/)."""
    named = [plan.name for plan in plans(CATALOG, "us-east-1", arm64=True)]
    assert [name for name in named if name not in {plan.name for plan in plans(CATALOG, "us-east-1")}] == [
        f"Lambda {size} MB arm64" for size in LAMBDA_MEMORY_MB
    ]
    x86, arm64 = (Lambda(1769, name).purchases(demand(), PROFILE)[1] for name in ("x86", "arm64"))
    one, other = (Estimate.of([bought], CATALOG).exact for bought in (x86, arm64))
    assert one is not None and other == one * Decimal("0.0000133334") / Decimal("0.0000166667")
    assert any("--arm64" in line for line in assumptions()) and any(
        "measure the model there" in line for line in assumptions(arm64=True)
    )


def test_cold_starts_of_serverless_are_counted_since_aws_does_not_say_that_they_are_free():
    """5 s of container and 1 s of loading at 1 GB, 0.00002 USD a second, for each cold start; 52 ms for each request."""
    model = Profile(p50_ms=50, p99_ms=50, memory_mb=900, load_ms=1000)
    wide = Profile(p50_ms=50, p99_ms=50, memory_mb=1900, load_ms=1000)
    asked = demand(requests=Decimal(1000), p99_ms=None)
    for plan, profile, price, slower in (
        (Serverless(1024), model, "0.00002", Decimal(1769) / 1024),
        (Serverless(2048), wide, "0.00004", Decimal(1)),
    ):
        cold = Decimal(plan.simulate(asked, profile).cold_share)
        seconds = 1000 * (Decimal("0.05") * slower + cold * (5 + 1 * slower))
        assert usd(plan, asked, profile, CATALOG) == pytest.approx(
            seconds * Decimal(price), rel=Decimal("0.001")
        )


def test_what_lambda_has_not_up_in_ten_seconds_is_begun_anew():
    """9.5 s are one INIT of 9.9 s; 10 s are 10.4 after 10 that were in vain."""
    asked = demand(requests=Decimal(10), p99_ms=None)
    for load_ms, cold_ms in ((9_500, 9_900), (10_000, 20_400)):
        month = Lambda(1769).simulate(asked, Profile(p50_ms=1, p99_ms=1, memory_mb=512, load_ms=load_ms))
        assert month.cold_share > 0.5 and month.p50_ms == pytest.approx(cold_ms + 1, rel=0.001)


@pytest.mark.parametrize("requests", [5_000, 50_000, 500_000])
def test_cold_starts_of_other_requests_are_read_between_simulated_months(requests):
    """A curve and a break-even do not simulate each of their points; they are near to what would come out."""
    asked = demand(requests=Decimal(requests), traffic="bursty")
    exact = usd(Lambda(1769), asked, PROFILE, CATALOG)
    sketched = usd(Lambda(1769), asked.times(Decimal(requests)), PROFILE, CATALOG)
    assert sketched == pytest.approx(exact, rel=Decimal("0.2")) and sketched != exact


@pytest.mark.parametrize("kind", [Autoscaled, AsyncToZero])
def test_the_hours_that_are_paid_are_those_of_the_simulated_month(kind):
    slow = Profile(p50_ms=4000, p99_ms=6000, memory_mb=512)
    asked = demand(requests=Decimal(400_000), traffic="business-hours")
    plan = kind(machines()["m5.large"])
    (hours,) = [one.hours for one in plan.purchases(asked, slow) if isinstance(one, InstanceHours)]
    assert plan.simulate(asked, slow).instance_hours == pytest.approx(float(hours), abs=1e-6)


def test_an_endpoint_that_sleeps_is_paid_as_requests_come_by_chance_and_not_by_the_clock():
    """A request every 20 minutes on average: 21 of 23 minutes and the wait for the next are billed."""
    asked = demand(requests=Decimal(730 * 3), traffic="constant")
    bought = AsyncToZero(machines()["m5.large"]).purchases(asked, PROFILE)
    (hours,) = [one.hours for one in bought if isinstance(one, InstanceHours)]
    assert float(hours) / 730 == pytest.approx(21 / 43, rel=0.06)


@pytest.mark.parametrize("kind", [Serverless, Lambda])
def test_more_memory_for_the_same_speed_never_costs_less(kind):
    sizes = [2048, 3072, 4096, 5120, 6144]
    amounts = [usd(kind(size), demand(), PROFILE, CATALOG) for size in sizes]
    assert amounts == sorted(amounts) and len(set(amounts)) == len(sizes)


def test_the_break_even_is_where_the_costs_cross():
    function, endpoint = Lambda(1769), AlwaysOn(machines()["m5.large"])
    at = break_even(function, endpoint, demand(), PROFILE, CATALOG)
    assert at is not None

    def cheaper(requests: Decimal) -> str:
        asked = demand().times(requests)
        amounts = {plan.kind: usd(plan, asked, PROFILE, CATALOG) for plan in (function, endpoint)}
        return min(amounts, key=lambda kind: amounts[kind])

    assert cheaper(at * Decimal("0.99")) == "Lambda" and cheaper(at * Decimal("1.01")) == "always-on"
    # 0.2 USD a million and 10 ms of 1,769 MB, and 1.3 s of a cold start; against 730 hours at 0.115 USD.
    many = function.simulate(demand(requests=Decimal(1_000_000)), PROFILE)
    seconds = Decimal("0.01") + Decimal(many.cold_share) * Decimal("1.3")
    expected = Decimal("83.95") / (Decimal("0.0000002") + seconds * 1769 / 1024 * Decimal("0.0000166667"))
    assert at == pytest.approx(expected, rel=Decimal("0.01"))
    assert break_even(function, Lambda(3008), demand(), PROFILE, CATALOG) is None


def test_the_guides_scenario():
    """A million requests a month: an always-on p3.2xlarge, and what the demo model's speed allows instead."""
    hours = {"region": "us-east-1", "hours": 730}
    on_ec2 = Estimate.of([Ec2InstanceHours(instance_type="p3.2xlarge", **hours)], CATALOG).total.usd
    hosted = Estimate.of([InstanceHours(instance_type="ml.p3.2xlarge", **hours)], CATALOG).total.usd
    assert (on_ec2, hosted) == (Decimal("2233.80"), Decimal("2792.25"))
    comparison = compare(demand(requests=Decimal(1_000_000), traffic="diurnal"), PROFILE, CATALOG, SOME)
    best = comparison.recommended
    assert best is not None and best.usd is not None and best.usd <= 150
    assert best.p99_ms is not None and best.p99_ms <= 500


def test_every_plan_of_a_region_is_there_once():
    named = [plan.name for plan in plans(CATALOG, "us-east-1")]
    assert len(named) == len(set(named)) > 200
    assert {"always-on ml.p3.2xlarge", "Lambda 10240 MB", "SageMaker Serverless 6144 MB"} <= set(named)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: demand(requests=Decimal(0)), "requests are 0; allowed is 1 to"),
        (lambda: demand(requests=Decimal("1e12")), "allowed is 1 to 1,000,000,000"),
        (lambda: demand(p99_ms=-1.0), "the p99 to keep is -1.0 ms"),
        (
            lambda: demand(payload_kb=Decimal("1e12")),
            "payload_kb are 1,000,000,000,000 a request; allowed is 0 to",
        ),
        (lambda: demand(response_kb=Decimal(-1)), "response_kb are -1 a request"),
        (lambda: demand(output_tokens=Decimal("1e9")), "output_tokens are 1,000,000,000 a request"),
        (lambda: Profile(p50_ms=0, p99_ms=1, memory_mb=1), "p50 above 0"),
        (lambda: Profile(p50_ms=5, p99_ms=1, memory_mb=1), "p99 that is at least"),
        (lambda: Profile(p50_ms=5, p99_ms=9, memory_mb=0), "at least 1 MB"),
        (lambda: Profile(p50_ms=5, p99_ms=9, memory_mb=1, gpu="T4", gpu_p50_ms=5), "p50 above 0"),
        (lambda: demand(traffic="wavy").arriving, "traffic is 'wavy'"),
    ],
)
def test_what_cannot_be_is_one_clear_line(made, words):
    with pytest.raises(InvalidUsage, match=words) as caught:
        made()
    assert "\n" not in str(caught.value)
