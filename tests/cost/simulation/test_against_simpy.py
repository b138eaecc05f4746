"""The same policy in a general-purpose simulator comes to the same hours and the same p99."""

import numpy as np
import pytest

from cost.simulation.capacity import Tracking
from cost.simulation.month import TIMEOUT_SECONDS, ServiceTime, on_instances
from cost.simulation.traffic import shaped
from tests.bench import simpy_month

DAY = 1440


@pytest.mark.parametrize("shape", ["diurnal", "business-hours", "bursty"])
def test_hours_and_p99_agree_with_simpy(shape):
    traffic = shaped(shape, 120_000, DAY, seed=4)
    service, policy = ServiceTime(200, 500), Tracking(1, 6, per_instance=60)
    ours = on_instances(traffic, service, policy, slots=2, seed=4)
    arrivals = traffic.arrivals(4)
    takes = service.sample(len(arrivals), 4)
    hours, latencies = simpy_month.run(arrivals.tolist(), takes.tolist(), policy, DAY, slots=2)
    assert ours.instance_hours > 24 and len(latencies) == ours.requests
    assert ours.instance_hours == pytest.approx(hours, rel=0.05)
    answered = [latency for latency in latencies if latency <= TIMEOUT_SECONDS]
    assert ours.p99_ms == pytest.approx(np.percentile(answered, 99) * 1000, rel=0.05)
    assert ours.refused_share == pytest.approx(1 - len(answered) / len(latencies), rel=0.05, abs=1e-3)
