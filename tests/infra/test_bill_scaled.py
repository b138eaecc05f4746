"""The expected month of what scales between two counts."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost import PriceCatalog
from cost.simulation.capacity import Backlog, Tracking
from cost.simulation.traffic import shaped, traced
from infra import (
    AsyncEndpoint,
    Environment,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    Stack,
    TargetTracking,
    environment,
)
from infra.bill import bill
from infra.bill.month import Month
from infra.bill.scaled import expected
from infra.bill.statement import WorkloadBill
from infra.errors import InvalidEnvironment
from infra.workloads import Metric, ScheduledScaling, StepScaling, Workload
from infra.workloads.scaling import Step
from model_packaging import Model

D = Decimal
CATALOG = PriceCatalog.load()
MODEL = Model(Path("models/triage"), framework="onnx")
TRACKING = TargetTracking(min_capacity=1, max_capacity=4, invocations_per_instance=200)
BACKLOG = TargetTracking(min_capacity=0, max_capacity=3, backlog_per_instance=5)


def endpoint(**changed: Any) -> RealtimeEndpoint:
    return RealtimeEndpoint(
        "classify", **{"model": MODEL, "instance_type": "ml.m5.large", "autoscaling": TRACKING, **changed}
    )


def waking(**changed: Any) -> AsyncEndpoint:
    return AsyncEndpoint(
        "sort", **{"model": MODEL, "instance_type": "ml.m5.large", "autoscaling": BACKLOG, **changed}
    )


def stack(workload: Workload, usage: dict[str, Any] | None) -> Stack:
    tables = {} if usage is None else {workload.name: usage}
    values = Environment(name="dev", region="us-east-1", account_id="111122223333", usage=tables)
    return Stack("triage", values, [workload])


def of(workload: Workload, usage: dict[str, Any] | None) -> WorkloadBill:
    (found,) = bill(stack(workload, usage), CATALOG).workloads
    return found


def hours(found: WorkloadBill) -> Decimal:
    assert found.expected is not None
    return found.expected.lines[0].quantity


def test_without_usage_only_the_two_ends_are_known() -> None:
    found = of(endpoint(), None)
    assert (found.expected, found.notes) == (None, ())


def test_the_expected_hours_are_those_of_its_own_policy_over_its_own_traffic() -> None:
    found = of(endpoint(), {"requests_per_month": 12_000_000, "traffic": "business-hours"})
    month = shaped("business-hours", 12_000_000, 43_800, 0)
    billed = Tracking(1, 4, per_instance=200).over(month.counts(0)).billed
    assert hours(found) == Decimal(int(billed.sum())) / 60
    assert D(730) < hours(found) < D(4 * 730)
    assert found.expected is not None and found.minimum.total.usd is not None
    assert found.minimum.total.usd < found.expected.total.usd < found.maximum.total.usd
    (note,) = found.notes
    assert note.startswith("expected") and "simulated over a month of business-hours traffic, seed 0" in note


def test_each_of_its_numbers_counts() -> None:
    usage = {"requests_per_month": 12_000_000, "traffic": "bursty"}
    slow = TargetTracking(
        min_capacity=1, max_capacity=4, invocations_per_instance=200, scale_in_cooldown_seconds=3600
    )
    more = TargetTracking(min_capacity=2, max_capacity=4, invocations_per_instance=200)
    easy = TargetTracking(min_capacity=1, max_capacity=4, invocations_per_instance=5000)
    base = hours(of(endpoint(), usage))
    assert hours(of(endpoint(autoscaling=slow), usage)) > base
    assert hours(of(endpoint(autoscaling=more), usage)) > base
    assert hours(of(endpoint(autoscaling=easy), usage)) < base


def test_traffic_that_is_not_told_is_constant_and_said_to_be_assumed() -> None:
    found = of(endpoint(), {"requests_per_month": 1_000_000})
    assert hours(found) == D(730)
    assert "constant traffic (assumed: its usage names none)" in found.notes[0]


@pytest.mark.parametrize("length", ["730.016", "0.001", "0.5", "743.999"])
def test_a_month_with_a_part_of_a_minute_never_costs_less_than_its_least(length: str) -> None:
    """Two instances that never scale, for every part of an hour: cut to whole minutes, 730.016 hours were 730."""
    two = TargetTracking(min_capacity=2, max_capacity=4, invocations_per_instance=200)
    told = stack(endpoint(autoscaling=two), {"requests_per_month": 0})
    (found,) = bill(told, CATALOG, D(length)).workloads
    assert hours(found) == 2 * D(length) and found.expected == found.minimum


def test_a_backlog_goes_to_zero_between_bursts() -> None:
    usage = {"requests_per_month": 2_000, "duration_ms": 3000, "traffic": "bursty"}
    found = of(waking(), usage)
    policy = Backlog(3, per_instance=5, served_per_instance=2 * 20)  # two processors, 20 a minute each
    billed = policy.over(shaped("bursty", 2_000, 43_800, 0).counts(0)).billed
    assert hours(found) == Decimal(int(billed.sum())) / 60
    assert 0 < hours(found) < D(3 * 730)


def test_a_backlog_needs_to_know_how_long_a_request_takes() -> None:
    found = of(waking(), {"requests_per_month": 2_000})
    assert found.expected is None and "write duration_ms into its usage" in found.notes[0]


def test_a_volume_is_paid_for_as_long_as_its_instance() -> None:
    found = of(endpoint(volume_gb=10), {"requests_per_month": 12_000_000, "traffic": "business-hours"})
    assert found.expected is not None
    assert found.expected.lines[1].quantity == 10 * hours(found) / 730


@pytest.mark.parametrize(
    "policy",
    [
        StepScaling(max_capacity=4, metric=Metric("CPUUtilization"), threshold=50, steps=[Step(1)]),
        TargetTracking(max_capacity=4, concurrent_requests_per_instance=4),
        TargetTracking(max_capacity=4, metric=Metric("CPUUtilization"), target=50),
        (TRACKING, ScheduledScaling(schedule="rate(1 day)", min_capacity=2, max_capacity=4)),
    ],
    ids=["steps", "concurrency", "own metric", "timetable"],
)
def test_what_is_not_simulated_is_not_expected_and_says_so(policy: Any) -> None:
    found = of(endpoint(autoscaling=policy), {"requests_per_month": 1000})
    assert found.expected is None and found.notes[0].startswith("not expected: only a target of requests")


def test_several_models_scale_like_one() -> None:
    several = MultiModelEndpoint(
        "classify", models=[MODEL], instance_type="ml.m5.large", autoscaling=TRACKING
    )
    usage = {"requests_per_month": 12_000_000, "traffic": "diurnal"}
    assert hours(of(several, usage)) == hours(of(endpoint(), usage))


def test_a_trace_is_found_beside_its_environment_and_scaled(tmp_path: Path) -> None:
    folder = tmp_path / environment.DIRECTORY
    folder.mkdir(parents=True)
    rows = "".join(f"2026-11-02T{hour:02}:00,{100 if hour < 12 else 0}\n" for hour in range(24))
    (folder / "day.csv").write_text("time,requests\n" + rows)
    (folder / "dev.toml").write_text(
        'region = "us-east-1"\naccount_id = "111122223333"\n'
        '[usage.classify]\nrequests_per_month = 12_000_000\ntraffic = "day.csv"\n'
    )
    values = environment.load("dev", tmp_path)
    (found,) = bill(Stack("triage", values, [endpoint()]), CATALOG).workloads
    trace = traced(folder / "day.csv", 43_800, 12_000_000)
    billed = Tracking(1, 4, per_instance=200).over(trace.counts(0)).billed
    assert hours(found) == Decimal(int(billed.sum())) / 60
    # A page and a comment on a pull request go to those who have no such folder.
    assert "a month of stacks/environments/day.csv traffic, seed 0" in found.notes[0]

    january = "".join(f"2026-01-{day:02}T00:00,5\n" for day in range(1, 32))
    (folder / "day.csv").write_text("time,requests\n" + january)
    (found,) = bill(Stack("triage", values, [endpoint()]), CATALOG).workloads
    assert "day.csv traffic (the first 730 of its 744 hours), seed 0" in found.notes[0]

    (folder / "day.csv").write_text(
        "time,requests\n2026-11-02T00:00,1\n2026-11-02T01:00,1\n2026-11-02T05:00,1\n"
    )
    with pytest.raises(
        InvalidEnvironment, match=r"\[usage.classify\] .*day.csv: row 4 .* was expected"
    ) as caught:
        bill(Stack("triage", values, [endpoint()]), CATALOG)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "workload",
    [
        LambdaEndpoint("classify", model=MODEL),
        RealtimeEndpoint("classify", model=MODEL, instance_type="ml.m5.large"),
    ],
    ids=lambda workload: type(workload).__name__,
)
def test_a_trace_that_is_not_there_is_refused_where_no_amount_follows_from_it_too(workload: Workload) -> None:
    usage = {"requests_per_month": 1000, "duration_ms": 5, "traffic": "nosuch.csv"}
    with pytest.raises(
        InvalidEnvironment, match=r"\[usage.classify\] nosuch.csv cannot be read: .*; name a CSV file"
    ):
        of(workload, usage)


@pytest.mark.parametrize(
    ("usage", "message"),
    [
        (
            {"traffic": "wavy"},
            "traffic is 'wavy'; allowed are constant, diurnal, business-hours, bursty, or a CSV file",
        ),
        ({"traffic": 5}, "traffic is 5; allowed are constant"),
        ({"traffic": "gone.csv"}, "gone.csv cannot be read"),
        ({"duration_ms": 9, "duration_p99_ms": 5}, "duration_p99_ms is 5, and duration_ms is 9; write both"),
        ({"duration_p99_ms": 5}, "duration_p99_ms is 5, and duration_ms is not given; write both"),
    ],
)
def test_a_usage_that_cannot_be_is_one_line(usage: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidEnvironment) as caught:
        of(endpoint(), {"requests_per_month": 1000, **usage})
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_where_numpy_is_missing_the_expected_amount_says_so_and_is_no_number() -> None:
    month = Month(stack(endpoint(), {"requests_per_month": 1000}), CATALOG, D(730))
    found = expected(endpoint(), month, lambda: False)
    assert found is not None and found.hours is None
    assert "numpy is not installed; run:" in found.note


def test_the_bill_loads_numpy_only_where_it_is_needed(tmp_path: Path) -> None:
    """And without it everything else is as it was."""
    script = f"""
import json, sys
sys.modules["numpy"] = None
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from cost import PriceCatalog
from infra.bill import bill
from tests.infra.test_bill_scaled import CATALOG, endpoint, stack
told = bill(stack(endpoint(), {{"requests_per_month": 1000}}), CATALOG)
print(json.dumps([told.expected, told.minimum.total.usd == 84.15 or str(told.minimum.total.usd), told.notes]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    expected_month, least, notes = json.loads(done.stdout)
    assert (expected_month, least) == (None, "84.15")
    assert any("classify: not expected" in note and "numpy is not installed" in note for note in notes)
