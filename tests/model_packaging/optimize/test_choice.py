"""Which variant wins."""

from hypothesis import given
from hypothesis import strategies as some

from model_packaging.optimize.choice import SAME_SPEED, choose, finalists
from model_packaging.optimize.judge import Verdict
from model_packaging.optimize.sensitivity import fewest
from model_packaging.profile import Row

NAMES = ["original", "b", "c", "d"]
rows = some.builds(
    Row,
    variant=some.just(""),
    size_bytes=some.integers(1, 3),
    p50_ms=some.sampled_from([1.0, 1.001, 2.0, 3.0]),
    agreement=some.sampled_from([0.9, 0.99, 1.0]),
    failed=some.sampled_from([None, None, "could not"]),
)


def named(rows):
    return [Row(**{**vars(row), "variant": name}) for name, row in zip(NAMES, rows, strict=True)]


@given(some.lists(rows, min_size=4, max_size=4).map(named), some.permutations(range(4)))
def test_the_fastest_within_the_budget_in_any_order(found, order):
    choice = choose(found, NAMES, 0.99)
    kept = [row for row in found if row.failed is None and row.agreement >= 0.99]
    assert choice.met == bool(kept)
    if kept:
        assert choice.row in kept
        assert all(choice.row.p50_ms <= row.p50_ms * SAME_SPEED for row in kept)
        equal = [row for row in kept if row.p50_ms <= min(row.p50_ms for row in kept) * SAME_SPEED]
        assert choice.row.size_bytes == min(row.size_bytes for row in equal)
    else:
        assert choice.row.variant == "original"
    assert choose([found[place] for place in order], NAMES, 0.99) == choice


def test_of_two_that_are_equally_fast_the_smaller_wins():
    found = [Row("original", 9, p50_ms=1, agreement=1), Row("b", 3, p50_ms=1.04, agreement=1)]
    assert choose(found, NAMES, 1).row.variant == "b"


def test_those_in_reach_of_the_fastest_are_looked_at_again():
    def row(name, ms, agreement=1.0):
        return Row(name, 9, p50_ms=ms, agreement=agreement)

    assert finalists([row("original", 4), row("b", 1.9), row("c", 1)], NAMES, 1) == ["c", "b"]
    assert finalists([row("original", 4), row("b", 1.9, 0.5), row("c", 1)], NAMES, 1) == []
    assert finalists([row(name, 1 + place) for place, name in enumerate("abcd")], "abcd", 1) == ["a", "b"]
    assert len(finalists([row(name, 1) for name in NAMES], NAMES, 1)) == 3
    assert finalists([], NAMES, 1) == []


def test_what_runs_in_its_own_framework_is_shown_and_not_chosen():
    found = [Row("pytorch", p50_ms=0.1, agreement=1), Row("original", 9, p50_ms=1, agreement=1)]
    assert choose(found, NAMES, 1).row.variant == "original"


def test_as_few_nodes_as_the_budget_lets_be_are_left_in_float():
    def judged(kept):
        return Verdict(0.9 + 0.03 * len(kept), 0)

    names = list("abcdefghi")
    assert fewest(names, 0.95, judged) == (["a", "b"], Verdict(0.96, 0))
    assert len(fewest(names, 2, judged)[0]) == 6
    assert fewest(["a"], 2, judged)[0] == ["a"]
