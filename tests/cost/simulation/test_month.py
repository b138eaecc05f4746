import numpy as np
import pytest

from cost.simulation.capacity import Backlog, Fixed, Tracking
from cost.simulation.month import ServiceTime, on_demand, on_instances
from cost.simulation.traffic import Traffic, shaped

MONTH = 730 * 60
SERVICE = ServiceTime(p50_ms=45, p99_ms=120)


def test_an_idle_instance_adds_no_wait():
    month = on_instances(shaped("constant", 100_000, MONTH), SERVICE, Fixed(4), seed=1)
    assert month.instance_hours == 4 * 730 and month.refused_share == 0
    assert month.p50_ms == pytest.approx(45, rel=0.02) and month.p99_ms == pytest.approx(120, rel=0.03)


def test_the_service_time_has_its_percentiles():
    sample = SERVICE.sample(200_000, seed=1) * 1000
    assert np.percentile(sample, [50, 99]) == pytest.approx([45, 120], rel=0.02)
    assert ServiceTime(45, 45).sample(3, seed=1) * 1000 == pytest.approx([45, 45, 45])


def test_what_waits_longer_than_a_minute_is_refused():
    overloaded = shaped("constant", 1_000_000, 600)  # 28 a second, and an instance does 20
    month = on_instances(overloaded, SERVICE, Fixed(1), seed=1)
    assert month.refused_share > 0.9
    assert month.p99_ms is not None and month.p99_ms <= 60_000


def test_scaling_out_costs_hours_and_saves_the_latency():
    week = 7 * 24 * 60
    traffic = shaped("business-hours", 2_000_000, week)
    one = on_instances(traffic, SERVICE, Fixed(1), seed=1)
    scaled = on_instances(traffic, SERVICE, Tracking(1, 8, per_instance=600), seed=1)
    assert scaled.p99_ms is not None and one.p99_ms is not None
    assert scaled.p99_ms < one.p99_ms / 2 and one.instance_hours < scaled.instance_hours < 8 * week / 60


def test_nothing_that_arrives_at_an_endpoint_asleep_is_lost():
    weights = np.zeros(MONTH)
    weights[[100, 20_000, MONTH - 1]] = 30
    policy = Backlog(maximum=2, per_instance=5, served_per_instance=60 / 0.045)
    month = on_instances(Traffic("three times", weights), SERVICE, policy, seed=1)
    assert month.refused_share == 0
    assert month.p50_ms is not None and 6 * 60_000 < month.p50_ms < 10 * 60_000
    assert 0.5 < month.instance_hours < 3


def test_a_function_is_cold_after_a_pause_and_refuses_above_its_limit():
    rare = on_demand(shaped("constant", 500, MONTH), SERVICE, cold_start_ms=2000, limit=10, seed=1)
    assert rare.cold_share > 0.5 and rare.p99_ms is not None and rare.p99_ms > 2000
    assert rare.instance_hours == 0 and rare.refused_share == 0
    crowd = on_demand(shaped("constant", 500_000, 60), SERVICE, cold_start_ms=0, limit=2, seed=1)
    assert crowd.refused_share > 0.2


def test_the_same_seed_is_the_same_month():
    traffic = shaped("bursty", 100_000, MONTH)
    first, again = (on_instances(traffic, SERVICE, Fixed(1), seed=5) for _ in range(2))
    assert (first.p99_ms, first.requests) == (again.p99_ms, again.requests)


def test_a_month_without_requests_has_no_latency():
    empty = Traffic("nothing", np.zeros(MONTH))
    assert on_instances(empty, SERVICE, Fixed(1)).p99_ms is None
    assert on_demand(empty, SERVICE, cold_start_ms=1, limit=1).cold_share == 0
