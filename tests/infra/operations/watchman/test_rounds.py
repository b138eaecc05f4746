"""One round on made-up histories: what goes, what stays and why; and that an error is nobody else's."""

import datetime
import random
from dataclasses import dataclass, field, replace

import pytest

from infra.ledger import Deployed
from infra.operations.idle import KEEP, History, IdleRule
from infra.operations.watchman import rounds, settings
from infra.operations.watchman.rounds import ASLEEP, FAILED, KEPT, LEFT, SAVED, SLEPT, WOULD, World, go
from infra.operations.watchman.settings import Settings
from tests.infra.operations.test_idle import NOW, TEN, ago, history

RULE = IdleRule(hours=48, grace_hours=24)
SECOND = datetime.timedelta(seconds=1)
IDLE = {name for name, (_, kept) in TEN.items() if not kept}
GOES = [("aws_sagemaker_endpoint", "any")]


@dataclass
class Account:
    """Endpoints by name, each a workload of the stack `shop`; a look takes a second."""

    histories: dict[str, History | None]
    hourly: dict | None = None
    asleep: set[str] = field(default_factory=set)
    requests: dict[str, datetime.datetime] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    remains: bool = True
    now: datetime.datetime = NOW
    slept: dict[str, datetime.datetime] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)

    def look(self, record: Deployed) -> History | None:
        self.looks.append(record.workload)
        if record.workload in self.broken:
            raise RuntimeError("CloudWatch does not answer")
        found = self.histories[record.workload]
        self.now += SECOND
        moment = self.requests.get(record.workload)
        if found is not None and moment is not None and moment <= self.now:
            found = replace(found, last_used=moment)
        return found

    def put_to_sleep(self, record: Deployed, resources) -> None:
        if record.workload in self.stuck:
            raise RuntimeError("it is being updated")
        assert list(resources) == GOES
        self.slept[record.workload] = self.now

    def run(self, most: int = 99, armed: bool = True):
        recorded = {name: GOES for name in self.histories} if self.hourly is None else self.hourly
        world = World(
            lambda: self.now,
            self.look,
            lambda _: recorded,
            lambda _: frozenset(self.asleep),
            lambda _: self.remains,
            self.put_to_sleep,
        )
        records = [
            Deployed("shop", name, "RealtimeEndpoint", f"dev-shop-{name}", "any") for name in self.histories
        ]
        return {one.deployed.workload: one for one in go(records, RULE, most, armed, world)}


def ten(**changes) -> Account:
    return Account(
        {name: replace(one, deployed=replace(one.deployed, workload=name)) for name, (one, _) in TEN.items()},
        **changes,
    )


def test_exactly_what_is_idle_is_put_to_sleep_and_the_rest_says_why_not():
    account = ten()
    found = account.run()
    assert {name for name, one in found.items() if one.outcome == SLEPT} == IDLE == set(account.slept)
    assert {name: one.reason for name, one in found.items() if one.outcome == KEPT} == {
        name: kept for name, (_, kept) in TEN.items() if kept
    }
    assert found["never"].to_json() == {
        "stack": "shop",
        "workload": "never",
        "kind": "RealtimeEndpoint",
        "name": "dev-shop-never",
        "outcome": "put to sleep",
        "reason": "not used for 48 h",
        "idle_hours": pytest.approx(720, abs=0.1),
    }


def test_what_is_not_armed_tells_the_same_and_does_nothing():
    account = ten()
    found = account.run(armed=False)
    assert {name for name, one in found.items() if one.outcome == WOULD} == IDLE
    assert account.slept == {} and len(account.looks) == len(TEN)


@pytest.mark.parametrize("armed", [True, False])
@pytest.mark.parametrize("most", range(1, 6))
def test_it_stops_at_the_most_and_takes_first_what_was_not_used_for_longest(most, armed):
    account = ten()
    found = account.run(most, armed)
    dealt = [name for name, one in found.items() if one.outcome in (SLEPT, WOULD)]
    longest = sorted(IDLE, key=lambda name: (-found[name].idle_hours, name))
    assert set(dealt) == set(longest[:most])
    assert {name for name, one in found.items() if one.outcome == LEFT} == set(longest[most:])
    assert set(account.slept) == (set(dealt) if armed else set())


@pytest.mark.parametrize("seed", range(30))
def test_a_request_before_the_last_look_saves_it(seed):
    chance = random.Random(seed)
    moments = {name: NOW + chance.uniform(0, 20) * SECOND for name in TEN if chance.random() < 0.7}
    account = ten(requests=moments)
    found = account.run()
    for name, when in account.slept.items():
        assert name in IDLE and not (name in moments and moments[name] <= when)
    for name in IDLE - set(account.slept):
        assert found[name].outcome in (SAVED, KEPT) and found[name].reason.startswith("it was used 0.0 h ago")


def test_what_is_saved_takes_nobodys_place():
    account = ten(requests={"no-longer-kept": NOW + 11 * SECOND})
    found = account.run(most=1)
    assert found["no-longer-kept"].outcome == SAVED and set(account.slept) == {"never"}


def test_an_error_is_of_its_own_workload_and_is_told():
    account = ten(broken={"never", "now"}, stuck={"long-ago"})
    found = account.run()
    failed = {name: one.reason for name, one in found.items() if one.outcome == FAILED}
    assert failed == {
        "never": "RuntimeError: CloudWatch does not answer",
        "now": "RuntimeError: CloudWatch does not answer",
        "long-ago": "RuntimeError: it is being updated",
    }
    assert set(account.slept) == IDLE - set(failed)
    lines = rounds.failures([one.to_json() for one in found.values()])
    assert "dev-shop-long-ago: RuntimeError: it is being updated" in lines and len(lines) == 3


def test_a_tag_that_keeps_is_never_passed_over():
    account = Account({"a": history("a", tags={KEEP: ""})})
    assert account.run()["a"].outcome == KEPT and account.slept == {}


def test_what_is_billed_by_use_alone_and_what_is_not_recorded_is_left():
    account = ten(hourly={"never": []})
    found = account.run()
    assert found["never"].reason == "nothing of it is billed by the hour"
    assert found["long-ago"].reason.endswith("run once more: modelyard deploy shop")
    assert {one.outcome for one in found.values()} == {LEFT} and account.looks == []


def test_what_sleeps_is_told_and_what_was_cut_short_is_finished():
    gone, begun = Account({"a": history("a")}, asleep={"a"}), Account({"a": history("a")}, asleep={"a"})
    gone.remains = False
    assert gone.run()["a"].outcome == ASLEEP and gone.looks == []
    assert begun.run()["a"].outcome == SLEPT
    used = Account({"a": history("a", last_used=ago(1))}, asleep={"a"})
    assert used.run()["a"].outcome == KEPT
    assert Account({"a": None}).run() == {}


def test_its_settings_are_read_as_they_were_written():
    for armed in (True, False):
        given = Settings("dev", "bucket", IdleRule(0.0001, 24.0), 3, armed)
        assert settings.read(given.variables()) == given
    with pytest.raises(KeyError):
        settings.read({})
    assert not settings.read({**given.variables(), "MODELYARD_ARMED": "True"}).armed
