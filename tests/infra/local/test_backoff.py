"""The pauses before what died is started again."""

from infra.local.backoff import Backoff


def test_twice_as_long_each_time_that_it_dies_at_once():
    backoff = Backoff()
    assert [backoff.after(0.1) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_from_the_start_again_when_it_had_lived():
    backoff = Backoff()
    assert [backoff.after(lived) for lived in (0, 0, 0, 3600, 0)] == [1, 2, 4, 1, 2]
