"""The race between a removal and the requests: a request before the last look saves its stack, in every order."""

import datetime
import random
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from infra.ledger import Deployed
from infra.operations.idle import KEEP, History, IdleRule, judge, whole_stacks
from infra.operations.removal import LEFT, REMOVED, SAVED, World, remove
from tests.infra.operations.test_idle import NOW, TEN

RULE = IdleRule(hours=48, grace_hours=24)
SECOND = datetime.timedelta(seconds=1)


@dataclass
class Account:
    """Ten endpoints, each a stack of its own, with made-up histories; requests come in when their moment is there.

    Planning takes eight seconds and a look one, in which time passes.
    """

    histories: dict[str, History]
    requests: dict[str, datetime.datetime] = field(default_factory=dict)
    tagged: dict[str, datetime.datetime] = field(default_factory=dict)
    data: int = 0
    now: datetime.datetime = NOW
    removed: dict[str, datetime.datetime] = field(default_factory=dict)
    looked: dict[str, datetime.datetime] = field(default_factory=dict)
    planned: list[str] = field(default_factory=list)

    def world(self) -> World:
        return World(lambda: self.now, self.look, self.prepare)

    def look(self, record: Deployed) -> History | None:
        self.looked[record.stack] = self.now
        found = self.histories[record.stack]
        if (moment := self.requests.get(record.stack)) and moment <= self.now:
            found = replace(found, last_used=moment)
        if (moment := self.tagged.get(record.stack)) and moment <= self.now:
            found = replace(found, tags={KEEP: "true"})
        self.now += SECOND
        return found

    def prepare(self, stack: str) -> "Plan":
        self.planned.append(stack)
        self.now += 8 * SECOND
        return Plan(self, stack)

    def run(self, most: int = 99):
        verdicts = judge([self.look(one.deployed) for one in self.histories.values()], RULE, self.now)
        prices = {stack: Decimal(10 + number) for number, stack in enumerate(sorted(self.histories))}
        return list(remove(verdicts, prices, RULE, most, self.world()))


@dataclass
class Plan:
    """A tear-down that takes half a minute."""

    account: Account
    stack: str

    def refusal(self) -> str:
        return f"{self.account.data} objects would go" if self.account.data else ""

    def carry_out(self) -> None:
        self.account.removed[self.stack] = self.account.now
        self.account.now += 30 * SECOND


def account(**changes) -> Account:
    """The ten endpoints of the rule's test."""
    named = {name: replace(one, deployed=replace(one.deployed, stack=name)) for name, (one, _) in TEN.items()}
    return Account(named, **changes)


IDLE = {name for name, (_, kept) in TEN.items() if not kept}


def test_exactly_what_is_idle_goes_the_dearest_first():
    ten = account()
    outcomes = ten.run()
    assert [one.outcome for one in outcomes] == [REMOVED] * len(IDLE)
    assert list(ten.removed) == sorted(IDLE, reverse=True)
    assert outcomes[0].to_json() == {
        "stack": "no-longer-kept",
        "workloads": ("rank",),
        "outcome": "removed",
        "reason": "not used for 48 h",
        "usd_per_month": "16",
        "at": (ten.removed["no-longer-kept"] + 30 * SECOND).isoformat(),
    }


@pytest.mark.parametrize("seed", range(50))
def test_a_request_between_listing_and_removal_saves_its_endpoint(seed):
    chance = random.Random(seed)
    moments = {name: NOW + chance.uniform(0, 240) * SECOND for name in TEN if chance.random() < 0.7}
    ten = account(requests=moments)
    outcomes = {one.stack: one.outcome for one in ten.run()}
    for name in IDLE:
        asked, looked = moments.get(name), ten.looked[name]
        # What came in before the last look was seen; nothing lies between that look and the removal but its second.
        if asked is not None and asked <= looked:
            assert name not in ten.removed
            assert outcomes.get(name) in (SAVED, None)
        else:
            assert outcomes[name] == REMOVED and ten.removed[name] == looked + SECOND
    assert set(ten.removed) <= IDLE


@pytest.mark.parametrize("seed", range(10))
def test_a_tag_that_is_set_meanwhile_saves_it_and_a_kept_one_is_never_planned(seed):
    chance = random.Random(seed)
    (one,) = chance.sample(sorted(IDLE), 1)
    ten = account(tagged={one: NOW + 12 * SECOND})
    outcomes = {outcome.stack: outcome for outcome in ten.run()}
    assert one not in ten.removed and "kept" not in ten.planned
    assert outcomes[one].reason == f"rank: it is tagged {KEEP}"


@pytest.mark.parametrize("most", range(1, 6))
def test_it_stops_at_the_most_that_may_go(most):
    ten = account()
    outcomes = ten.run(most)
    assert len(ten.removed) == min(most, len(IDLE))
    assert len(ten.planned) == len(ten.removed)
    if most < len(IDLE):
        assert outcomes[-1].outcome == LEFT
        assert outcomes[-1].reason.startswith(f"{most} of at most {most} workloads are removed; left are ")


def test_a_stack_of_more_workloads_than_may_go_is_not_begun():
    base = TEN["never"][0]
    members = [replace(base, deployed=replace(base.deployed, workload=name, stack="shop")) for name in "abc"]
    verdicts = judge(members, RULE, NOW)
    assert whole_stacks(verdicts) == ["shop"]
    ten = account()
    (outcome,) = remove(verdicts, {}, RULE, 2, ten.world())
    assert (outcome.outcome, outcome.workloads, ten.planned) == (LEFT, ("a", "b", "c"), [])


def test_what_would_take_data_with_it_is_left():
    ten = account(data=3)
    outcomes = ten.run()
    assert {one.outcome for one in outcomes} == {LEFT} and not ten.removed
    assert outcomes[0].reason == "3 objects would go"
