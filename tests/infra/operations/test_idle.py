"""The rule on made-up histories: exactly what nobody uses is idle, and what is not known for sure is kept."""

import datetime
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.ledger import Deployed
from infra.operations.idle import KEEP, History, IdleRule, judge, whole_stacks

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
RULE = IdleRule(hours=48, grace_hours=24)


def ago(hours: float) -> datetime.datetime:
    return NOW - datetime.timedelta(hours=hours)


def history(name: str = "rank", stack: str = "shop", **changes) -> History:
    """Of an endpoint that was made a month ago and never asked."""
    record = Deployed(stack, name, "RealtimeEndpoint", f"dev-{stack}-{name}", "any")
    return replace(History(record, "InService", ago(720)), **changes)


TEN = {
    "never": (history(), ""),
    "long-ago": (history(last_used=ago(49)), ""),
    "just-at": (history(last_used=ago(48)), ""),
    "yesterday": (history(last_used=ago(24)), "it was used 24.0 h ago"),
    "now": (history(last_used=NOW), "it was used 0.0 h ago"),
    "new": (history(since=ago(2)), "it was made or changed 2.0 h ago"),
    "changed": (history(since=ago(30), last_used=ago(200)), "it was used 30.0 h ago"),
    "kept": (history(tags={KEEP: ""}), f"it is tagged {KEEP}"),
    "no-longer-kept": (history(tags={KEEP: "False", "team": "search"}), ""),
    "queue": (history(waiting=3), "3 wait or run"),
}


def test_of_ten_endpoints_exactly_the_right_ones_are_idle():
    verdicts = judge([one for one, _ in TEN.values()], RULE, NOW)
    assert {name: verdict.kept for name, verdict in zip(TEN, verdicts, strict=True)} == {
        name: kept for name, (_, kept) in TEN.items()
    }
    assert [name for name, verdict in zip(TEN, verdicts, strict=True) if verdict.is_idle] == [
        "never",
        "long-ago",
        "just-at",
        "no-longer-kept",
    ]


def test_what_is_being_changed_is_kept():
    (verdict,) = judge([history(state="Updating", changing=True)], RULE, NOW)
    assert verdict.kept == "it is Updating"


def test_a_job_of_which_batch_has_forgotten_is_not_known_to_be_idle():
    unused = history(remembers_hours=168)
    assert judge([unused], IdleRule(168), NOW)[0].is_idle
    assert judge([unused], IdleRule(169), NOW)[0].kept == "it is known for 168.0 h"
    # One that it remembers is told by when it ran.
    assert judge([replace(unused, last_used=ago(400))], IdleRule(300), NOW)[0].is_idle


MOMENTS = st.floats(0, 2000).map(ago)
HISTORIES = st.builds(
    history,
    name=st.sampled_from(["one", "two", "three"]),
    stack=st.sampled_from(["shop", "desk"]),
    since=MOMENTS,
    last_used=st.none() | MOMENTS,
    waiting=st.sampled_from([0, 0, 0, 1]),
    changing=st.sampled_from([False, False, True]),
    tags=st.sampled_from([{}, {}, {KEEP: "true"}]),
)
RULES = st.builds(IdleRule, st.floats(0, 1000), st.floats(0, 1000))


@given(HISTORIES, RULES)
def test_idle_is_only_what_nothing_speaks_for(one, rule):
    (verdict,) = judge([one], rule, NOW)
    if verdict.is_idle:
        assert not one.changing and not one.waiting and KEEP not in one.tags
        assert one.since <= ago(rule.grace_hours) + datetime.timedelta(seconds=1)
        assert verdict.idle_hours >= rule.hours
        for moment in filter(None, (one.since, one.last_used)):
            assert (NOW - moment).total_seconds() / 3600 >= verdict.idle_hours - 1e-9
    else:
        assert verdict.kept


@given(HISTORIES, RULES, st.floats(0, 2000))
def test_a_request_never_makes_idle_and_patience_never_either(one, rule, hours):
    before, used = judge([one, replace(one, last_used=NOW)], rule, NOW)
    if not before.is_idle:
        assert rule.hours == 0 or not used.is_idle
        (longer,) = judge([one], replace(rule, hours=rule.hours + hours), NOW)
        assert not longer.is_idle
    if rule.hours > 0:
        assert not used.is_idle


@given(st.lists(HISTORIES, max_size=8), RULES)
def test_a_stack_is_idle_when_all_of_it_is(found, rule):
    verdicts = judge(found, rule, NOW)
    whole = whole_stacks(verdicts)
    for stack in {one.deployed.stack for one in found}:
        members = [one.is_idle for one in verdicts if one.history.deployed.stack == stack]
        assert (stack in whole) is all(members)


@pytest.mark.parametrize("state", [[], [history(last_used=NOW)]])
def test_nothing_is_no_idle_stack(state):
    assert whole_stacks(judge(state, RULE, NOW)) == []
