"""Agreement, the calibration set and the judge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.optimize import Calibration
from model_packaging.optimize.agreement import cosine, measure_of, top1
from model_packaging.optimize.judge import Judge
from model_packaging.optimize.measurement import BATCHES, in_turn, measure

vectors = arrays(
    np.float64, (3, 4), elements=some.floats(-100, 100).filter(lambda x: x == 0 or abs(x) > 1e-3)
)


@given(vectors, some.floats(0.01, 100))
def test_a_vector_agrees_with_its_multiples(values, factor):
    np.testing.assert_allclose(cosine(values, values * factor)[np.any(values, axis=1)], 1)
    assert cosine(values, values).tolist() == pytest.approx([1, 1, 1])


@given(vectors, vectors)
def test_a_cosine_is_symmetric_and_bounded(one, other):
    np.testing.assert_allclose(cosine(one, other), cosine(other, one))
    assert np.all(np.abs(cosine(one, other)) <= 1 + 1e-9)


def test_the_likeliest_of_each_item():
    original = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
    assert top1(original, original[:, ::-1]).tolist() == [0, 0, 0]
    assert top1(original, np.array([[1, 2], [1, 2], [1, 2]])).tolist() == [1, 0, 1]


def test_the_judge_takes_the_mean_over_items_and_the_worst():
    calibration = Calibration([{"x": np.array([[1.0, 0.0]])}, {"x": np.array([[0.0, 1.0], [1.0, 0.0]])}])
    judge = Judge(calibration, lambda feed: feed["x"], cosine)
    assert judge.verdict(lambda feed: feed["x"]).mean == 1
    found = judge.verdict(lambda feed: np.tile([[1.0, 0.0]], (len(feed["x"]), 1)))
    assert (found.mean, found.worst) == (0.666667, 0)
    assert judge.verdict(lambda feed: feed["x"] * np.nan).mean == -1


def asked(agreement, count=2):
    """A judge of `count` items by a user's function."""
    return Judge(Calibration([{"x": np.eye(count)}]), lambda feed: feed["x"], measure_of(agreement)[1])


def broken(one, other):
    raise KeyError("labels")


@pytest.mark.parametrize(
    "agreement, told",
    [
        (lambda one, other: 1.0, "<lambda> returned 1.0; it gets two arrays"),
        (lambda one, other: None, "returned None; "),
        (lambda one, other: ["a"] * len(one), r"returned \['a', 'a'\]; "),
        (lambda one, other: [[1], [1, 2]], r"returned \[\[1\], \[1, 2\]\]; "),
        (lambda one, other: "same " * 50, r"returned 'same same .*\.\.\. \(str\); "),
        (lambda one, other: np.ones(len(one) + 1), r"returned an array of shape \(3,\); "),
        (lambda one, other: np.ones((len(one), 1)), r"returned an array of shape \(2, 1\); "),
        (lambda one, other: np.full(len(one), 2.0), "returned 2, and 1, for the same, is the most"),
        (lambda one, other: np.full(len(one), np.inf), "returned inf, and 1"),
        (lambda one: np.ones(len(one)), "raised TypeError: .* takes 1 positional argument"),
        (broken, "The agreement broken raised KeyError: 'labels'; it gets two arrays"),
    ],
)
def test_a_function_that_gives_no_number_an_item_is_told(agreement, told):
    with pytest.raises(InvalidModel, match=told) as raised:
        asked(agreement)
    assert "has to return a number for each item (2 here), 1 for the same" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "agreement, worst",
    [
        (lambda one, other: np.abs(one - other).mean(axis=1), "0"),
        (lambda one, other: np.full(len(one), np.nan), "-1"),
    ],
)
def test_a_function_by_which_the_original_is_not_like_itself_is_told(agreement, worst):
    with pytest.raises(InvalidModel, match=f"original with itself is {worst} for the worst item, and has"):
        asked(agreement)


def test_what_a_function_gives_for_a_variant():
    judge = asked(
        lambda one, other: [1 if (a == b).all() else np.nan for a, b in zip(one, other, strict=True)]
    )
    assert judge.verdict(lambda feed: feed["x"]).mean == 1
    found = judge.verdict(lambda feed: feed["x"] * [[1], [2]])
    assert (found.mean, found.worst) == (0, -1)
    exact = asked(lambda one, other: (one == other).all(axis=1))
    assert exact.verdict(lambda feed: feed["x"] * [[1], [np.nan]]).mean == 0
    with pytest.raises(BuildFailed, match=r"answers \(2, 1\) numbers, and the original \(2, 2\)"):
        exact.verdict(lambda feed: feed["x"][:, :1])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_original_that_answers_nan_is_refused(value):
    requests = [{"x": np.ones((1, 2))}, {"x": np.array([[1.0, 2.0], [value, 1.0], [value, value]])}]
    with pytest.raises(InvalidModel, match=r"NaN or infinity for 2 of the 4 items .* first in request 1,"):
        Judge(Calibration(requests), lambda feed: feed["x"], cosine)


@pytest.mark.parametrize(
    "requests, told",
    [
        ([], "is empty"),
        (
            [{"x": np.zeros((1, 2))}, {"y": np.zeros((1, 2))}],
            "Request 1 of the calibration set has the inputs y",
        ),
        ([{"x": np.zeros((2, 2)), "y": np.zeros((1, 2))}], "needs the same number"),
        ([{"x": np.zeros(())}], "at least one"),
        ([{"x": np.zeros((0, 2))}], "at least one"),
    ],
)
def test_a_set_that_cannot_be_used_is_told(requests, told):
    with pytest.raises(InvalidModel, match=told):
        Calibration(requests)


def test_speed_is_that_of_single_items_and_batches_by_their_number():
    """On a clock that moves a millisecond for each item, whoever runs it."""
    now, loaded = [0.0], []

    def load(threads):
        loaded.append(threads)
        now[0] += 0.5

        def run(feed):
            now[0] += len(feed["x"]) / 1000

        return run

    speed = measure(load, {"x": np.zeros((1, 2))}, lambda: now[0], peak=False)
    assert loaded == [0, 1, 2] and speed.load_ms == 500 and speed.peak_mb is None
    assert (speed.p50_ms, speed.p99_ms, speed.per_second) == (1.0, 1.0, {"1": 1000.0, "2": 1000.0})
    assert speed.batches == {str(items): float(items) for items in BATCHES}


def test_what_is_measured_in_turn_shares_the_ups_and_downs_of_the_machine():
    now, calls = [0.0], []

    def taking(name, ms):
        def run(feed):
            calls.append(name)
            # A machine that becomes slower and slower: whoever came second would seem the slower one.
            now[0] += ms / 1000 * (1 + len(calls) / 10000)

        return run

    (fast, _), (slow, last) = in_turn([taking("a", 2.0), taking("b", 1.9)], {}, lambda: now[0])
    assert slow < fast and last > slow
    assert calls[:31] == ["a"] * 30 + ["b"] and len(calls) == 2 * 12 * 30
