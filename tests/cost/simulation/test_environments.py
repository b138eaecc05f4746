import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost.simulation.environments import serve

COLD, WARM, REFUSED = "cold", "warm", "refused"


def one_after_the_other(arrivals, services, cold_start, keep_warm, limit):
    free: list[float] = []
    met = []
    for at, takes in zip(arrivals, services, strict=True):
        warm = [time for time in free if at - keep_warm <= time <= at]
        free = [time for time in free if time >= at - keep_warm]
        if warm:
            free[free.index(max(warm))] = at + takes
            met.append(WARM)
        elif len(free) < limit:
            free.append(at + takes + cold_start)
            met.append(COLD)
        else:
            met.append(REFUSED)
    return met


def words(served):
    return [
        REFUSED if refused else COLD if cold else WARM
        for cold, refused in zip(served.cold, served.refused, strict=True)
    ]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 4000),
    rate=st.floats(0.001, 30),
    limit=st.integers(1, 40),
    keep_warm=st.sampled_from([1.0, 30.0, 600.0]),
)
def test_lanes_side_by_side_are_the_one_long_loop(seed, count, rate, limit, keep_warm):
    random = np.random.default_rng(seed)
    arrivals, services = np.cumsum(random.exponential(1 / rate, count)), random.exponential(0.3, count)
    served = serve(arrivals, services, cold_start_seconds=1.5, keep_warm_seconds=keep_warm, limit=limit)
    assert words(served) == one_after_the_other(arrivals.tolist(), services.tolist(), 1.5, keep_warm, limit)


def test_requests_that_never_meet_share_one_environment():
    arrivals = np.arange(100) * 10.0
    served = serve(arrivals, np.full(100, 1.0), cold_start_seconds=1, keep_warm_seconds=60, limit=5)
    assert words(served) == [COLD, *[WARM] * 99]


@pytest.mark.parametrize(("apart", "expected"), [(59.0, WARM), (70.0, COLD)])
def test_an_environment_goes_when_nobody_asks(apart, expected):
    served = serve(
        np.array([0.0, apart]), np.array([1.0, 1.0]), cold_start_seconds=1, keep_warm_seconds=60, limit=5
    )
    assert words(served)[1] == expected


def test_no_request_meets_nothing():
    assert words(serve(np.zeros(0), np.zeros(0), cold_start_seconds=1, keep_warm_seconds=1, limit=1)) == []
