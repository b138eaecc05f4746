"""What runs on provisioned concurrency: fixed or scaled, minute by minute, or else at its least."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost import PriceCatalog
from infra import Environment, LambdaEndpoint, ServerlessEndpoint, Stack, TargetTracking
from infra.bill import bill
from infra.bill.concurrency import Split, Unknown, split
from infra.bill.month import Month
from infra.bill.statement import WorkloadBill
from infra.workloads import Metric, ScheduledScaling, StepScaling, Workload
from infra.workloads.scaling import Step
from model_packaging import Model

D = Decimal
CATALOG = PriceCatalog.load()
MODEL = Model(Path("models/triage"), framework="onnx")
UTILIZATION = TargetTracking(min_capacity=1, max_capacity=10, utilization=0.7)
NIGHT = ScheduledScaling(schedule="cron(0 19 ? * * *)", min_capacity=1, max_capacity=2)
BUSY = {"requests_per_month": 100_000_000, "duration_ms": 1000}


def function(**changed: Any) -> LambdaEndpoint:
    return LambdaEndpoint(
        "answer", **{"model": MODEL, "memory_mb": 1536, "provisioned_concurrency": 1, **changed}
    )


def endpoint(**changed: Any) -> ServerlessEndpoint:
    fields = {"model": MODEL, "memory_mb": 2048, "max_concurrency": 10, "provisioned_concurrency": 1}
    return ServerlessEndpoint("small", **{**fields, **changed})


def stack(workload: Workload, usage: dict[str, Any]) -> Stack:
    environment = Environment(
        name="dev", region="us-east-1", account_id="111122223333", usage={workload.name: usage}
    )
    return Stack("all", environment, [workload])


def of(workload: Workload, usage: dict[str, Any]) -> WorkloadBill:
    (found,) = bill(stack(workload, usage), CATALOG).workloads
    return found


def usd(workload: Workload, usage: dict[str, Any]) -> Decimal:
    found = of(workload, usage)
    assert found.expected is not None and found.expected.total.usd is not None
    return found.expected.total.usd


def test_a_function_whose_provisioned_concurrency_scales_has_an_expected_month() -> None:
    """38 at a time, so ten from soon on: 164.25 ready, 383.25 on them, 1,843.00 beyond, 20.00 requests, two alarms.

    1.5 GB for 730 hours at 0.0000041667 and 0.0000097222, and 73,720,000 s beyond at 0.0000166667 a GB-second.
    """
    found = of(function(autoscaling=UTILIZATION), BUSY)
    assert usd(function(autoscaling=UTILIZATION), BUSY) == pytest.approx(D("2410.70"), abs=D("0.10"))
    assert found.notes[0].startswith(
        "expected with 10.0 of provisioned concurrency on average: its own policy, simulated"
    )


def test_an_endpoint_whose_provisioned_concurrency_scales_has_one_too() -> None:
    """0.19 at a time never ask for more than the one: 26.28 ready, 500,000 s on it at 0.0000233, and two alarms."""
    usage = {"requests_per_month": 500_000, "duration_ms": 1000}
    assert usd(endpoint(autoscaling=UTILIZATION), usage) == D("38.13")


@pytest.mark.parametrize(
    "policy",
    [
        (UTILIZATION, NIGHT),
        StepScaling(max_capacity=10, metric=Metric("Duration"), threshold=50, steps=[Step(1)]),
    ],
    ids=["timetable", "steps"],
)
def test_what_cannot_be_simulated_says_so_and_counts_at_what_its_usage_comes_to_at_least(policy: Any) -> None:
    """All calls on what is provisioned: 150,000,000 GB-seconds at 0.0000097222, one ready (16.43), 20.00 requests."""
    found = of(function(autoscaling=policy), BUSY)
    assert found.expected is None and found.at_least is not None
    assert found.counted is found.at_least
    assert D("1494.76") < (found.at_least.total.usd or D(0)) < D("1495.00")
    assert found.told[0].startswith(
        "not expected: of what scales provisioned concurrency, only a utilization"
    )
    assert found.told[-1] == f"with its usage it is at least {found.at_least.total.usd:,.2f} USD a month"


def test_traffic_that_comes_in_business_hours_goes_beyond_what_is_provisioned() -> None:
    """Minute by minute 1,686,116 s of 5,000,000 find one of the two free: 21.90 + 1.00 + 16.39 + 55.23."""
    usage = {"requests_per_month": 5_000_000, "duration_ms": 1000, "traffic": "business-hours"}
    assert usd(function(memory_mb=1024, provisioned_concurrency=2), usage) == D("94.52")
    # The same seconds of 2 GB: 52.56 + 39.29 + 132.56.
    assert usd(endpoint(provisioned_concurrency=2), usage) == D("224.41")


def test_calls_that_come_evenly_need_no_minutes_and_where_that_is_assumed_it_is_said() -> None:
    usage = {"requests_per_month": 5_000_000, "duration_ms": 1000}
    fixed = function(memory_mb=1024, provisioned_concurrency=2)
    # 4,999,999.999 of 5,000,000 s are within 5,256,000: 21.90 + 1.00 + 48.61.
    assert usd(fixed, usage) == usd(fixed, {**usage, "traffic": "constant"}) == D("71.51")
    assert of(fixed, usage).notes[0] == (
        "expected of calls that come evenly over the month (assumed: its usage names no traffic)"
    )


def test_where_numpy_is_missing_nothing_is_expected_of_what_needs_the_minutes() -> None:
    usage = {"requests_per_month": 5_000_000, "duration_ms": 1000}

    def without(workload: LambdaEndpoint, usage: dict[str, Any]) -> Split | Unknown:
        return split(
            workload, Month(stack(workload, usage), CATALOG, D(730)), D(5_000_000), None, lambda: False
        )

    assert isinstance(without(function(), usage), Split)
    for workload, told in (
        (function(), {**usage, "traffic": "bursty"}),
        (function(autoscaling=UTILIZATION), usage),
    ):
        found = without(workload, told)
        assert isinstance(found, Unknown) and "numpy is not installed; run:" in found.note


usages = st.fixed_dictionaries(
    {"requests_per_month": st.integers(0, 5_000_000), "duration_ms": st.integers(1, 4_000)},
    optional={"traffic": st.sampled_from(["constant", "diurnal", "business-hours", "bursty"])},
)
policies = st.one_of(
    st.none(),
    st.just((UTILIZATION, NIGHT)),
    st.builds(
        lambda least, more, share: TargetTracking(
            min_capacity=least, max_capacity=least + more, utilization=share
        ),
        st.integers(1, 5),
        st.integers(0, 9),
        st.floats(0.05, 1),
    ),
)


@settings(max_examples=40)
@given(policies, usages)
def test_what_is_expected_is_between_the_least_and_all_of_it_on_demand_beside_the_most(
    policy: Any, usage: Any
) -> None:
    workload = function(autoscaling=policy, provisioned_concurrency=1 if policy is None else None)
    found = of(workload, usage)
    counted, least = found.counted.total.usd, found.minimum.total.usd
    on_demand, most = usd(function(provisioned_concurrency=None), usage), found.maximum.total.usd
    assert counted is not None and least is not None and most is not None
    assert least <= counted <= most + on_demand + D("0.05")
