import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost.simulation.capacity import Backlog, Fixed, Tracking, Utilization

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


READY = Utilization(minimum=1, maximum=10, target=0.7)


def test_provisioned_concurrency_grows_by_what_its_utilization_can_tell():
    """All of one is busy, which asks for 1 / 0.7 of it: two; all of two ask for three, although ten are asked for."""
    capacity = READY.over(minutes((600, 60)), 1.0)
    assert (capacity.billed[2], capacity.billed[3], capacity.serving[4], capacity.serving[5]) == (1, 2, 1, 2)
    assert sorted(set(capacity.serving.tolist())) == [1, 2, 3, 5, 8, 10]


def test_provisioned_concurrency_is_given_back_after_quiet_minutes_and_not_while_nobody_calls():
    quiet, silent = (READY.over(minutes((600, 60), (count, 60)), 1.0) for count in (6, 0))
    assert quiet.serving[60 + 14] == 10 and quiet.serving[60 + 15] == 1
    assert silent.serving[-1] == 10


@given(requests=st.lists(st.integers(0, 2000), min_size=1, max_size=300), seconds=st.floats(0, 900))
def test_provisioned_concurrency_stays_within_its_bounds(requests, seconds):
    capacity = READY.over(np.array(requests), seconds)
    assert capacity.serving.min() >= 1 and capacity.billed.max() <= 10
    assert (capacity.billed >= capacity.serving).all()
