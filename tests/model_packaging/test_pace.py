"""How fast the model is: from its profile, and as it serves."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.hosts.pace import DEFAULT_BATCH, Pace, best_batch, fixed_cost, measured
from model_packaging.hosts.settings import Settings


@pytest.mark.parametrize(
    "text, batches",
    [
        ('{"batches": {"8": 5.0, "1": 1, "32": 18}, "more": {}}', {1: 1.0, 8: 5.0, 32: 18.0}),
        (
            '{"batches": {"1": 1.5, "0": 1, "-2": 1, "x": 1, "4": "1", "8": null, "16": -1, "2": true}}',
            {1: 1.5},
        ),
        ('{"batches": {"1": NaN, "2": Infinity, "\\u00b2": 1, "999999999999": 1}}', {}),
        ('{"batches": [1]}', {}),
        ('{"latency": 1}', {}),
        ("[]", {}),
        ("[" * 100_000, {}),
        ('{"batches": {"1":', {}),
        ("", {}),
    ],
)
def test_a_profile_is_read_as_far_as_it_goes(tmp_path, text, batches):
    (tmp_path / "profile.json").write_text(text)
    assert measured(tmp_path) == batches


def test_there_need_be_no_profile(tmp_path):
    assert measured(tmp_path) == {}


@given(
    st.dictionaries(st.sampled_from(["1", "2", "4", "x", ""]), st.floats() | st.text(max_size=3) | st.none())
)
def test_any_profile_is_read(tmp_path_factory, batches):
    folder = tmp_path_factory.mktemp("model")
    (folder / "profile.json").write_text(json.dumps({"batches": batches}))
    assert all(size > 0 and ms > 0 for size, ms in measured(folder).items())


@pytest.mark.parametrize(
    "batches, best",
    [
        ({1: 10.0, 2: 11.0, 4: 12.0, 8: 20.0, 16: 40.0, 32: 80.0}, 8),  # beyond 8 an item takes as long
        ({1: 1.0, 2: 2.0, 32: 32.0}, 1),  # a batch gains nothing
        ({1: 1.0, 8: 4.0, 32: 12.9}, 32),
        ({4: 3.0}, 4),
    ],
)
def test_the_smallest_batch_that_is_as_good_as_the_best(batches, best):
    assert best_batch(batches) == best
    assert Pace(Settings(), batches, is_batched=True).max_batch == best


def test_what_the_environment_says_comes_first():
    pace = Pace(Settings(max_batch_size=4, max_wait_ms=2), {1: 10.0, 8: 20.0}, is_batched=True)
    assert (pace.max_batch, pace.max_wait_seconds) == (4, 0.002)
    assert pace.seconds in (10.0 / 1000, 20.0 / 8 / 1000)  # of the size that is nearest


def test_without_predict_batch_fn_there_are_no_batches():
    pace = Pace(Settings(max_batch_size=4, max_wait_ms=2), {1: 10.0, 8: 20.0}, is_batched=False)
    assert (pace.max_batch, pace.max_wait_seconds, pace.seconds) == (1, 0.0, 0.01)


def test_where_nothing_was_measured_it_is_learnt():
    pace = Pace(Settings(), {}, is_batched=True)
    assert pace.max_batch == DEFAULT_BATCH and pace.seconds_for(100) == 0
    pace.learn(1, 0.4)
    assert pace.max_batch == 2 and pace.seconds_for(10) == pytest.approx(4)
    for _ in range(100):
        pace.learn(2, 0.1)
    assert pace.max_batch == 19 and pace.seconds_for(10) == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize(
    "batches, ms",
    [
        ({1: 8.0, 33: 40.0}, 7.0),  # a GPU that starts slowly
        ({1: 1.0, 32: 32.0}, 0.0),  # a CPU that gains nothing
        ({1: 1.0, 2: 3.0}, 0.0),
        ({1: 900.0, 2: 901.0}, 50.0),
        ({4: 3.0}, 0.0),
        ({}, 0.0),
    ],
)
def test_a_wait_is_worth_what_a_batch_costs_besides_its_items(batches, ms):
    assert fixed_cost(batches) == ms
    pace = Pace(Settings(), batches, is_batched=True)
    assert (pace.max_wait_seconds, pace.is_wait_learnt) == (ms / 1000, True)


def test_several_threads_are_as_many_times_as_fast():
    pace = Pace(Settings(), {1: 100.0}, is_batched=False, threads=4)
    assert pace.seconds_for(8) == pytest.approx(0.2)
