"""Which variant wins."""

from hypothesis import given
from hypothesis import strategies as some

from model_packaging.optimize.choice import choose
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
        assert all(round(choice.row.p50_ms, 2) <= round(row.p50_ms, 2) for row in kept)
    else:
        assert choice.row.variant == "original"
    assert choose([found[place] for place in order], NAMES, 0.99) == choice


def test_of_two_that_are_equally_fast_the_smaller_wins():
    found = [Row("original", 9, p50_ms=1, agreement=1), Row("b", 3, p50_ms=1.004, agreement=1)]
    assert choose(found, NAMES, 1).row.variant == "b"


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
