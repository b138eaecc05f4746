"""modelyard sleep and wake: the last line of each."""

from infra.cli.sleep import asleep
from infra.cli.wake import awake


def test_one_workload_sleeps_and_is_woken_by_its_name():
    assert asleep("mut", "local", ["c"]) == (
        "c of mut sleeps on local; to wake it: modelyard wake mut c --env local"
    )


def test_several_sleep_and_are_woken_together():
    assert asleep("mut", "local", ["b", "c"]) == (
        "b, c of mut sleep on local; to wake them: modelyard wake mut --env local"
    )


def test_what_still_sleeps_is_told_in_its_number():
    assert awake("a", "local", ["b"]) == "a is awake on local; b still sleeps."
    assert awake("a", "local", ["b", "c"]) == "a is awake on local; b, c still sleep."
    assert awake("mut", "local", []) == "mut is awake on local."
