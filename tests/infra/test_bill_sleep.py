"""The bill of what sleeps: nothing by the hour but what is still there."""

from dataclasses import replace
from decimal import Decimal

import pytest

from cost import PriceCatalog
from infra import Alarms, TargetTracking
from infra.bill import bill
from infra.bill.difference import difference
from infra.bill.record import COLUMNS, record
from infra.bill.sleep import RESTING
from infra.blueprint.sleep import GONE, sleeps
from tests.infra.blueprint.test_sleep import EVERY, JOB
from tests.infra.conftest import asynchronous, function, realtime, serverless
from tests.infra.test_tables import WORKLOADS

CATALOG = PriceCatalog.load()
UTILIZATION = TargetTracking(max_capacity=4, utilization=0.7)


def test_the_table_covers_every_workload():
    assert set(RESTING) == WORKLOADS


@pytest.mark.parametrize("workload", EVERY, ids=lambda one: type(one).__name__)
def test_what_is_priced_is_what_the_blueprint_leaves(workload):
    resting = RESTING[type(workload)](workload)
    assert (resting is None) is (sleeps(workload) and type(workload).__name__ in GONE)
    if resting is not None:
        assert not sleeps(resting)


def test_a_stack_of_endpoints_costs_nothing_while_it_sleeps(make_stack):
    watched = realtime(alarms=Alarms(p99_latency_ms=500))
    stack = make_stack(watched, asynchronous())
    awake, resting = bill(stack, CATALOG), bill(stack, CATALOG, asleep=["rank", "queue"])
    assert awake.minimum.total.usd > 80
    assert (resting.minimum.total.usd, resting.expected.total.usd) == (Decimal("0.00"), Decimal("0.00"))
    assert resting.summary == "shop on dev: 0.00 USD a month"
    assert "rank: it sleeps." in resting.notes
    assert [row.quantity for row in resting.rows if row.workload == "rank"] == ["0 instance-hours"]
    saved = difference(resting, True, record(awake, "2026-11-21"), CATALOG).to_json()
    (rank, _) = saved["workloads"]
    assert [rank[column]["after"] for column in COLUMNS] == ["0.00", "0.00", "0.00"]


def test_one_that_sleeps_leaves_the_others_as_they_are(make_stack):
    stack = make_stack(realtime(), asynchronous())
    part = bill(stack, CATALOG, asleep=["queue"])
    assert part.workloads[0] == bill(stack, CATALOG).workloads[0]
    assert part.workloads[1].minimum.total.usd == 0


def test_a_function_that_sleeps_costs_what_one_without_provisioned_concurrency_does(make_stack):
    ready = function(provisioned_concurrency=2, autoscaling=UTILIZATION, alarms=Alarms(throttles=1))
    plain = replace(ready, provisioned_concurrency=None, autoscaling=())
    asleep = bill(make_stack(ready), CATALOG, asleep=["rank-small"])
    assert asleep.workloads == bill(make_stack(plain), CATALOG).workloads
    # Three metrics in alarms: the function answers, and is watched.
    assert asleep.minimum.total.usd == Decimal("0.30")


def test_what_has_no_hourly_price_costs_the_same_asleep(make_stack):
    stack = make_stack(serverless(), replace(JOB, schedule=None))
    assert bill(stack, CATALOG, asleep=["rare", "embed"]).workloads == bill(stack, CATALOG).workloads


@pytest.mark.parametrize("schedule", [None, "cron(0 2 * * ? *)"])
def test_a_job_that_sleeps_counts_no_usage_where_its_timetable_started_it(make_stack, schedule):
    stack = make_stack(replace(JOB, schedule=schedule))
    usage = {"embed": {"requests_per_month": 1_000_000, "duration_ms": 500}}
    stack = replace(stack, environment=stack.environment.model_copy(update={"usage": usage}))
    (awake,), (asleep,) = (bill(stack, CATALOG, asleep=names).workloads for names in ((), ("embed",)))
    assert awake.expected.total.usd > 5
    if schedule is None:
        assert asleep == awake
    else:
        assert asleep.expected == asleep.minimum and asleep.maximum == awake.maximum
        assert asleep.notes == ("it sleeps: its timetable starts nothing, and its usage is not counted.",)
