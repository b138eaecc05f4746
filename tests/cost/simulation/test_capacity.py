import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost.simulation.capacity import Backlog, Fixed, Tracking

TRACKING = Tracking(minimum=1, maximum=4, per_instance=100)
BACKLOG = Backlog(maximum=3, per_instance=5, served_per_instance=60)


def minutes(*parts: tuple[int, int]) -> np.ndarray:
    """Requests per minute from (requests, minutes)."""
    return np.concatenate([np.full(length, count) for count, length in parts])


def test_a_fixed_count_is_billed_for_every_minute():
    capacity = Fixed(2).over(minutes((5, 60)))
    assert capacity.billed.sum() == 120 and (capacity.serving == 2).all()


def test_three_minutes_above_the_target_bring_what_the_load_needs():
    capacity = TRACKING.over(minutes((50, 10), (350, 30)))
    # Minutes 10, 11 and 12 are above; the new instances are billed from then on, and serve 5 minutes later.
    assert capacity.billed[11] == 1 and capacity.billed[13] == 4
    assert capacity.serving[17] == 1 and capacity.serving[18] == 4


def test_quiet_minutes_take_them_away_again():
    capacity = TRACKING.over(minutes((380, 30), (50, 60)))
    assert capacity.serving[29] == 4
    assert capacity.serving[30 + 14] == 4 and capacity.serving[30 + 15] == 1


def test_two_minutes_above_are_nothing():
    assert (TRACKING.over(minutes((50, 10), (350, 2), (50, 30))).serving == 1).all()


@pytest.mark.parametrize("policy", [TRACKING, BACKLOG])
@given(requests=st.lists(st.integers(0, 2000), min_size=1, max_size=300))
def test_the_count_stays_within_its_bounds_and_what_serves_is_billed(policy, requests):
    capacity = policy.over(np.array(requests))
    assert policy.minimum <= capacity.serving.min() and capacity.billed.max() <= policy.maximum
    assert (capacity.billed >= capacity.serving).all()


@pytest.mark.parametrize("policy", [TRACKING, BACKLOG])
@given(requests=st.lists(st.integers(0, 2000), max_size=200))
def test_after_quiet_hours_it_is_at_the_minimum(policy, requests):
    capacity = policy.over(np.array([*requests, *[0] * 600]))
    assert capacity.serving[-1] == policy.minimum


def test_an_asynchronous_endpoint_sleeps_wakes_and_sleeps_again():
    capacity = BACKLOG.over(minutes((0, 30), (3, 5), (0, 90)))
    assert (capacity.serving[:30] == 0).all() and capacity.serving.max() == 1
    # Two minutes with a backlog, then the start.
    assert (
        capacity.billed[31] == 0 and capacity.billed[32] == 1 and capacity.serving[37:39].tolist() == [0, 1]
    )
    assert capacity.serving[-1] == 0
