"""AWS's time: how fast it runs, and what is done on it."""

import threading
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.clock import RunningClock
from infra.local.telemetry import LogStream
from tests.infra.local.hand_clock import START, HandClock


@given(st.floats(0.01, 1000), st.floats(0, 1e6))
def test_it_starts_now_and_runs_as_many_times_as_fast(speed, seconds):
    real = [START.timestamp()]
    clock = RunningClock(speed, lambda: real[0])
    assert clock.now() == START
    real[0] += seconds
    assert (clock.now() - START).total_seconds() == pytest.approx(seconds * speed, abs=1e-3, rel=1e-6)


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_a_speed_is_above_zero(speed):
    with pytest.raises(ValueError, match="write a number above 0"):
        RunningClock(speed)


def test_a_pause_is_shorter_the_faster_it_runs():
    clock = RunningClock(600)
    before, started = clock.now(), time.monotonic()
    assert clock.pause(60)
    assert (clock.now() - before).total_seconds() >= 60
    assert time.monotonic() - started < 5


def test_the_end_interrupts_a_pause():
    clock = RunningClock()
    threading.Timer(0.05, clock.stop).start()
    started = time.monotonic()
    assert clock.pause(60) is False
    assert time.monotonic() - started < 5


def test_work_is_done_at_multiples_until_the_end_and_a_failure_is_no_end():
    clock = RunningClock(100)
    times, enough = [], threading.Event()

    def work(now):
        times.append(now)
        if len(times) == 3:
            enough.set()
        raise RuntimeError("once more")

    clock.every(10, work)
    assert enough.wait(10)
    clock.stop()
    assert all(one.timestamp() % 10 < 9 for one in times)
    assert times == sorted(set(times))
    done = len(times)
    time.sleep(0.3)
    assert len(times) <= done + 1


def test_what_was_missed_is_caught_up_with_one_run():
    clock = RunningClock(100)
    times, enough = [], threading.Event()

    def work(now):
        times.append(now)
        if len(times) == 1:
            time.sleep(0.55)  # 55 seconds of its time: five runs are missed
        if len(times) == 3:
            enough.set()

    clock.every(10, work)
    assert enough.wait(10)
    clock.stop()
    first, second, third = times[:3]
    assert (second - first).total_seconds() >= 50
    assert (third - second).total_seconds() <= 15


def test_the_clock_of_the_other_tests_runs_what_is_due_in_order():
    clock, seen = HandClock(), []
    clock.every(60, lambda now: seen.append((60, (now - START).total_seconds())))
    clock.every(90, lambda now: seen.append((90, (now - START).total_seconds())))
    clock.advance(200)
    assert seen == [(60, 60), (90, 90), (60, 120), (60, 180), (90, 180)]
    assert (clock.now() - START).total_seconds() == 200


def test_a_log_is_kept_however_far_its_time_is_from_ours(by_hand):
    clock = HandClock(datetime(2099, 1, 1, tzinfo=UTC))
    LogStream("123456789012", "us-east-1", "/ahead", "stream", clock.now).write("hello")
    events = by_hand.client("logs").get_log_events(logGroupName="/ahead", logStreamName="stream")["events"]
    assert [event["message"] for event in events] == ["hello"]
