import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost.simulation.queue import Fleet, waits


def one_after_the_other(arrivals, services, fleet, initial):
    """What `waits` promises, written down as its docstring says it."""
    free: list[float] = [0.0] * initial
    waiting, known = [], None
    for at, takes, present, coming, ready in zip(arrivals, services, *fleet[:3], strict=True):
        if ready != known:
            free = sorted(free)[:present]
            free, known = free + [ready] * (coming - len(free)), ready
        start = max(at, min(free))
        waiting.append(start - at)
        free[free.index(min(free))] = start + takes
    return waiting


def always(servers: int, count: int) -> Fleet:
    return Fleet.of(np.full(count, servers), np.full(count, servers), np.zeros(count))


def erlang_c_wait(load: float, servers: int) -> float:
    """Mean wait of M/M/c in units of the mean service time; `load` is per server, below 1."""
    offered = load * servers
    busy = offered**servers / math.factorial(servers) / (1 - load)
    waits_at_all = busy / (sum(offered**k / math.factorial(k) for k in range(servers)) + busy)
    return waits_at_all / (servers * (1 - load))


# Below a load of 0.7 hardly anybody waits for one of sixteen servers: too few of them to tell the mean by.
GRID = [
    (load, servers)
    for load in (0.5, 0.7, 0.8, 0.9, 0.95)
    for servers in (1, 2, 4, 8, 16)
    if load >= 0.7 or servers <= 8
]


@pytest.mark.parametrize(("load", "servers"), GRID)
def test_the_mean_wait_is_that_of_erlang_c(load, servers):
    random = np.random.default_rng(20)
    count = 2_000_000 if servers < 16 else 4_000_000
    between, services = random.exponential(1, count), random.exponential(1, count)
    # At 0.95 a sample whose own load is a thousandth higher waits for 2 % longer: it is given the load that is asked for.
    arrivals = np.cumsum(between / between.mean() / (load * servers))
    waiting = waits(arrivals, services / services.mean(), always(servers, count), servers)
    assert waiting.mean() == pytest.approx(erlang_c_wait(load, servers), rel=0.03)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 5000),
    load=st.floats(0.1, 1.5),
    counts=st.lists(st.integers(0, 6), min_size=1, max_size=8),
)
def test_lanes_side_by_side_are_the_one_long_loop(seed, count, load, counts):
    random = np.random.default_rng(seed)
    part = -(-count // len(counts))
    present = np.repeat(counts, part)[:count]
    coming = np.maximum(1, np.maximum(present, np.repeat([*counts[1:], 1], part)[:count]))
    arrivals = np.cumsum(random.exponential(1 / (load * coming.mean()), count))
    last = np.minimum((np.arange(count) // part + 1) * part, count - 1)
    fleet = Fleet.of(present, coming, arrivals[last])
    services = random.exponential(1, count)
    expected = one_after_the_other(
        arrivals.tolist(), services.tolist(), [values.tolist() for values in fleet], counts[0]
    )
    assert waits(arrivals, services, fleet, counts[0]).tolist() == expected


def test_an_overload_of_hours_is_exact_too():
    random = np.random.default_rng(3)
    count = 40_000
    arrivals, services = np.cumsum(random.exponential(1 / 5, count)), random.exponential(1, count)
    fleet = always(4, count)
    expected = one_after_the_other(
        arrivals.tolist(), services.tolist(), [values.tolist() for values in fleet], 4
    )
    assert waits(arrivals, services, fleet, 4).tolist() == expected


def test_who_waits_is_served_by_a_server_that_comes_meanwhile():
    arrivals, services = np.array([0.0, 1.0, 2.0, 3.0]), np.full(4, 100.0)
    fleet = Fleet.of(np.ones(4, int), np.full(4, 2), np.full(4, 50.0))
    assert waits(arrivals, services, fleet, 1).tolist() == [0, 49, 98, 147]


def test_no_request_is_no_wait():
    assert waits(np.zeros(0), np.zeros(0), always(1, 0), 1).tolist() == []
