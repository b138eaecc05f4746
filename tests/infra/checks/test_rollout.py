"""Roll-outs that could not be done, or not be rolled back, with the line that a user sees."""

import dataclasses

import pytest

from infra import Alarms, AllAtOnce, Canary, Linear, Rolling, checks
from infra.errors import InvalidStack
from infra.settings import SECONDS_TO_ALARM
from tests.infra.conftest import function, realtime


@pytest.fixture
def rolled(make_stack):
    """A stack in an environment with alarms, and with that roll-out."""

    def make(rollout, workload, alarms=None):
        stack = make_stack(workload)
        update = {"rollout": rollout, "alarms": alarms or Alarms()}
        return dataclasses.replace(stack, environment=stack.environment.model_copy(update=update))

    return make


@pytest.mark.parametrize("rollout", [AllAtOnce(), Canary(), Linear(), Rolling()])
def test_every_strategy_passes_as_it_comes(rolled, rollout):
    checks.check(rolled(rollout, realtime(instance_count=2)))


@pytest.mark.parametrize("instances", [2, 3, 4, 40])
def test_a_rolling_update_has_no_more_parts_than_instances(rolled, instances):
    checks.check(rolled(Rolling(), realtime(instance_count=instances, autoscaling=None)))
    if instances < 4:
        checks.check(rolled(Rolling(percent=5, wait_seconds=300), realtime(instance_count=instances)))


def test_functions_have_no_rollout(rolled):
    checks.check(rolled(Canary(wait_seconds=0), function()))


def test_a_workload_may_go_its_own_way(rolled):
    checks.check(rolled(Canary(), realtime(rollout=AllAtOnce())))
    checks.check(rolled(Canary(), realtime(rollout=False)))


@pytest.mark.parametrize(
    ("rollout", "workload", "line"),
    [
        (
            Canary(),
            realtime(instance_count=2, alarms=False),
            "rank: the rollout canary has no alarm to watch, and nothing would be rolled back; write "
            "server_error_rate = 0.05 under [alarms] in stacks/environments/dev.toml, alarms=Alarms() here, or "
            "rollout=False.",
        ),
        *(
            (
                rollout,
                realtime(),
                f"rank: the rollout {rollout.strategy} goes by parts of at most half of the instances, and there is 1; "
                "write instance_count=2, or rollout=AllAtOnce().",
            )
            for rollout in (Canary(), Linear(), Rolling())
        ),
        (
            AllAtOnce(),
            realtime(
                instance_type="ml.inf1.xlarge", image="111122223333.dkr.ecr.us-east-1.amazonaws.com/a:1"
            ),
            "rank: SageMaker has no rollout all-at-once on ml.inf1.xlarge, and would update all at once and watch no "
            "alarm; write rollout=False, or an ml.inf2 type.",
        ),
        (
            Linear(percent=10, wait_seconds=300),
            realtime(instance_count=2),
            "rank: the rollout linear waits 3000 s in all, and instances may take 600 s to start; the provider waits an "
            "hour for an update, which leaves 3000 s before a roll-back: write a shorter wait_seconds, or fewer parts.",
        ),
        (
            AllAtOnce(),
            realtime(startup_timeout_seconds=3600),
            "rank: the rollout all-at-once waits 300 s in all, and instances may take 3600 s to start; the provider "
            "waits an hour for an update, which leaves 3000 s before a roll-back: write a shorter wait_seconds, or "
            "fewer parts.",
        ),
        (
            Rolling(percent=10, wait_seconds=180),
            realtime(instance_count=10, autoscaling=None),
            "rank: the rollout rolling waits 1800 s in all, and instances may take 3300 s to start, part by part, 10 times; "
            "the provider waits an hour for an update, which leaves 3000 s before a roll-back: write a shorter wait_seconds, "
            "or fewer parts.",
        ),
        (
            Canary(wait_seconds=120),
            realtime(instance_count=2),
            "rank: the rollout canary watches its alarms for 120 s, and they take 180 s to go off: a bad version would be "
            "through by then; write wait_seconds = 180 or more.",
        ),
    ],
)
def test_what_could_not_be_rolled_out_or_back_is_refused(rolled, rollout, workload, line):
    with pytest.raises(InvalidStack) as caught:
        checks.check(rolled(rollout, workload))
    assert str(caught.value) == line


def test_of_many_parts_the_later_ones_are_watched_too(rolled):
    checks.check(rolled(Linear(percent=25, wait_seconds=SECONDS_TO_ALARM // 4), realtime(instance_count=2)))
