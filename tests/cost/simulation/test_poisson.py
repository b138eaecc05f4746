import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cost.simulation.poisson import LARGE, counts


@pytest.mark.parametrize("rate", [0.02, 1.0, 7.5, 29.9, LARGE, 400.0])
def test_counts_are_poissons(rate):
    drawn = counts(np.full(400_000, rate), seed=3)
    assert drawn.mean() == pytest.approx(rate, rel=0.02) and drawn.var() == pytest.approx(rate, rel=0.02)
    for count in range(max(0, round(rate - 2 * math.sqrt(rate))), round(rate + 2 * math.sqrt(rate)) + 1):
        chance = math.exp(count * math.log(rate) - rate - math.lgamma(count + 1))
        assert (drawn == count).mean() == pytest.approx(chance, rel=0.02, abs=0.0012)


@given(
    rates=st.lists(st.floats(0, 200), min_size=1, max_size=50),
    rise=st.floats(1, 3),
    seed=st.integers(0, 2**32),
)
def test_more_are_never_fewer_in_any_minute(rates, rise, seed):
    expected = np.array(rates)
    assert (counts(expected, seed) <= counts(expected * rise, seed)).all()


def test_nothing_expected_is_nothing():
    assert counts(np.zeros(1000), seed=1).sum() == 0
    assert counts(np.zeros(0), seed=1).tolist() == []
