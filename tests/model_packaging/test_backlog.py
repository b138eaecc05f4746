"""The queue: bounded, in batches of what is alike, and nobody is lost."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.hosts.backlog import Backlog, Busy, Job
from model_packaging.hosts.pace import Pace
from model_packaging.hosts.settings import Settings


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def job(size=10, streamed=False):
    return Job(b"x" * size, None, None, future=None, is_streamed=streamed)


def backlog(clock=None, batches=None, is_batched=True, **settings):
    said = Settings(**settings)
    return Backlog(said, Pace(said, batches or {}, is_batched), clock or Clock())


def test_what_waits_is_one_batch():
    line = backlog(max_batch_size=3)
    jobs = [job() for _ in range(4)]
    for one in jobs:
        line.enter(one)
    assert line.take() == jobs[:3] and line.take() == jobs[3:]
    assert [one.batch_size for one in jobs] == [3, 3, 3, 1]
    assert (line.size, line.held_bytes, line.working) == (0, 0, 4)


def test_what_is_alike_in_size_goes_together_and_the_oldest_first():
    line = backlog(max_batch_size=8)
    short, long, small = job(600), job(5000), job(700)
    for one in (long, short, small):
        line.enter(one)
    assert line.take() == [long] and line.take() == [short, small]


def test_a_stream_goes_alone():
    line = backlog(max_batch_size=8)
    jobs = [job(), job(streamed=True), job(), job()]
    for one in jobs:
        line.enter(one)
    assert [line.take() for _ in range(3)] == [jobs[:1], jobs[1:2], jobs[2:]]


def test_who_is_gone_is_left_out():
    line = backlog(max_batch_size=8)
    jobs = [job(), job(), job()]
    for one in jobs:
        line.enter(one)
    line.leave(jobs[0])
    line.leave(jobs[0])
    assert line.size == 2
    assert line.take() == jobs[1:]
    line.leave(jobs[1])  # is being answered: nothing changes
    assert (line.size, line.working) == (0, 2)


def test_a_full_queue_refuses_and_says_when_to_come_again():
    line = backlog(queue_size=2, batches={1: 1500.0}, is_batched=False)
    line.enter(job())
    line.enter(job())
    with pytest.raises(Busy, match="2 requests wait already; try again later") as caught:
        line.enter(job())
    assert (caught.value.status, caught.value.retry_after_seconds) == (503, 3)
    with pytest.raises(Busy):
        line.check()
    line.take()
    line.enter(job())


def test_who_would_wait_too_long_is_refused():
    line = backlog(queue_seconds=1, batches={1: 400.0}, is_batched=False)
    for _ in range(3):
        line.enter(job())
    with pytest.raises(Busy) as caught:
        line.enter(job())
    assert caught.value.retry_after_seconds == 2


def test_one_may_always_wait():
    line = backlog(queue_seconds=1, batches={1: 60_000.0}, is_batched=False, body_limit_bytes=10**9)
    line.enter(job(1))
    assert line.take()
    line.enter(job(1))
    with pytest.raises(Busy):
        line.enter(job(1))


def test_bodies_are_bounded_too():
    line = backlog()
    line.enter(job(200 * 1024 * 1024))
    with pytest.raises(Busy):
        line.enter(job(100 * 1024 * 1024))


def test_the_first_of_a_batch_waits_for_others_where_that_was_said():
    clock = Clock()
    line = backlog(clock, max_batch_size=2, max_wait_ms=10_000)
    taken = []
    thread = threading.Thread(target=lambda: taken.append(line.take()))
    thread.start()
    first, second = job(), job()
    line.enter(first)
    thread.join(0.05)
    assert thread.is_alive() and not taken
    line.enter(second)
    thread.join(10)
    assert taken == [[first, second]]
    third = job()
    line.enter(third)
    clock.now += 10
    assert line.take() == [third]


def test_where_the_wait_is_learnt_as_many_are_waited_for_as_there_were():
    clock = Clock()
    line = backlog(clock, batches={1: 50.0, 8: 50.0})
    first = [job(), job(), job()]
    line.enter(first[0])
    assert line.take() == first[:1]  # a lone client waits for nobody
    for one in first[1:]:
        line.enter(one)
    line.finish(first[:1])  # three were there: the one that was answered, and two that wait
    taken = []
    thread = threading.Thread(target=lambda: taken.append(line.take()))
    thread.start()
    thread.join(0.01)
    assert thread.is_alive()
    again = job()
    line.enter(again)
    thread.join(10)
    assert taken == [[*first[1:], again]]
    line.finish(taken[0])
    line.enter(job())
    clock.now += 0.05  # nobody else comes
    assert len(line.take()) == 1


def test_the_pace_is_learnt_from_what_was_answered():
    clock = Clock()
    line = backlog(clock, max_batch_size=2, queue_seconds=1)
    for one in (job(), job()):
        line.enter(one)
    batch = line.take()
    clock.now += 1.0
    for one in batch:
        one.done = clock.now
    line.finish(batch)
    assert line.working == 0
    for _ in range(3):
        line.enter(job())
    with pytest.raises(Busy) as caught:
        line.enter(job())
    assert caught.value.retry_after_seconds == 2


def test_a_closed_backlog_lets_its_threads_end():
    line = backlog()
    threads = [threading.Thread(target=line.take) for _ in range(3)]
    for thread in threads:
        thread.start()
    line.close()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


STEPS = st.lists(
    st.tuples(st.just("enter"), st.integers(0, 3000), st.booleans())
    | st.tuples(st.just("leave"), st.integers(0, 30), st.none())
    | st.tuples(st.just("take"), st.none(), st.none()),
    max_size=60,
)


@given(STEPS, st.integers(1, 5), st.integers(1, 12))
def test_nobody_is_lost_or_answered_twice(steps, most, places):
    line = backlog(max_batch_size=most, queue_size=places)
    entered, gone, answered = [], set(), []

    def waiting():
        return [one for one in entered if one not in gone and one not in answered]

    def take():
        oldest = waiting()[0]
        batch = line.take()
        assert batch[0] is oldest and len(batch) <= most
        assert len(batch) == 1 or not any(one.is_streamed for one in batch)
        assert len({max(9, len(one.body).bit_length()) for one in batch}) == 1
        answered.extend(batch)

    for step, number, flag in steps:
        if step == "enter":
            one = job(number, flag)
            if len(waiting()) < places:
                line.enter(one)
                entered.append(one)
            else:
                with pytest.raises(Busy):
                    line.enter(one)
        elif step == "leave" and number < len(entered):
            line.leave(entered[number])
            if entered[number] not in answered:
                gone.add(entered[number])
        elif step == "take" and waiting():
            take()
        assert line.size == len(waiting())
        assert line.held_bytes == sum(len(one.body) for one in waiting())
    while waiting():
        take()
    assert len(answered) == len(set(map(id, answered))) == len(entered) - len(gone)
