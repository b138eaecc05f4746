"""A queue takes no jobs while its machines are replaced, and is waited for; whatever comes of it, it takes jobs again."""

from types import SimpleNamespace
from typing import Any

import pytest

from infra import Network
from infra.engines.plan import Change, PlanSummary
from infra.errors import DeployFailed
from infra.operations import draining
from infra.workloads import BatchJob
from tests.infra.conftest import MODEL, realtime

VPC = Network(subnet_ids=["subnet-0123456789abcdef0"], security_group_ids=["sg-0123456789abcdef0"])
NIGHTLY = BatchJob("nightly", model=MODEL, instance_types=["m5.large"], network=VPC)
MACHINES, QUEUE = "aws_batch_compute_environment", "aws_batch_job_queue"


def plan(*changes: tuple[str, str, str]) -> PlanSummary:
    """A plan of changes, each an action, a type and a name."""
    made = tuple(Change(f"{type}.{name}", type, name, action, None) for action, type, name in changes)
    return PlanSummary(made, 0, len(made), 0, empty=not made)


@pytest.mark.parametrize(
    "changes, queues",
    [
        ([("replace", MACHINES, "nightly-spot")], ["dev-shop-nightly"]),
        ([("delete", MACHINES, "nightly-spot")], ["dev-shop-nightly"]),
        ([("update", MACHINES, "nightly-spot")], []),
        ([("replace", MACHINES, "other-spot")], []),
        ([("replace", MACHINES, "nightly-large-spot")], []),
        ([("replace", "aws_batch_job_definition", "nightly")], []),
        ([("delete", MACHINES, "nightly-spot"), ("delete", QUEUE, "nightly")], []),
    ],
    ids=[
        "replaced",
        "one of two goes",
        "changed in place",
        "another's",
        "one's whose name begins alike",
        "the definition",
        "all of it goes",
    ],
)
def test_only_where_machines_go_and_the_queue_stays(make_stack, changes, queues):
    assert draining.queues(make_stack(realtime(), NIGHTLY), plan(*changes)) == queues


class Batch:
    """One queue, with so many jobs in it at each look."""

    def __init__(self, *left: int, status: tuple[str, ...] = ()) -> None:
        self._left, self._status, self.states = list(left), list(status), []

    def client(self, _service: str) -> "Batch":
        return self

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_jobs"
        return SimpleNamespace(paginate=self._jobs)

    def _jobs(self, jobQueue: str, jobStatus: str) -> Any:
        assert jobQueue == "dev-shop-nightly"
        count = 0
        if jobStatus == "RUNNING":
            count = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        yield {"jobSummaryList": [{"jobId": str(one)} for one in range(count)]}

    def describe_job_queues(self, jobQueues: list[str]) -> dict[str, Any]:
        if self._left == [None]:
            return {"jobQueues": []}
        return {"jobQueues": [{"status": self._status.pop(0) if self._status else "VALID"}]}

    def update_job_queue(self, jobQueue: str, state: str) -> None:
        self.states.append(state)


def drained(batch: Batch, **given: Any) -> Any:
    pauses: list[float] = []
    said: list[str] = []
    context = draining.drained(["dev-shop-nightly"], batch, said.append, pauses.append, **given)
    return context, said, pauses


def test_without_jobs_nothing_is_done():
    batch = Batch(0)
    context, said, pauses = drained(batch)
    with context:
        pass
    assert (batch.states, said, pauses) == ([], [], [])


def test_a_queue_that_is_not_there_yet_is_not_asked():
    batch = Batch(None)
    context, said, _ = drained(batch)
    with context:
        pass
    assert (batch.states, said) == ([], [])


def test_it_waits_until_the_last_job_is_done_and_takes_jobs_again():
    batch = Batch(3, 3, 1, 0, status=("VALID", "UPDATING", "VALID"))
    context, said, pauses = drained(batch)
    with context:
        assert batch.states == ["DISABLED"]
    assert batch.states == ["DISABLED", "ENABLED"]
    assert len(pauses) == 3
    assert said == [
        "dev-shop-nightly: takes no jobs until those in it are done, for its machines are about to change",
        "Waiting for Batch: 3 jobs of dev-shop-nightly are under way",
        "dev-shop-nightly: takes jobs again",
    ]


def test_an_apply_that_fails_leaves_no_queue_disabled():
    batch = Batch(1, 0)
    context, _, _ = drained(batch)
    with pytest.raises(ZeroDivisionError), context:
        raise ZeroDivisionError
    assert batch.states == ["DISABLED", "ENABLED"]


def test_jobs_without_an_end_are_told_and_nothing_is_changed():
    batch, times = Batch(2), iter([0.0, 10.0, draining.DEADLINE_SECONDS + 1])
    context, _, _ = drained(batch, clock=lambda: next(times))
    with pytest.raises(DeployFailed, match="2 jobs of dev-shop-nightly are still under way after 60 minutes"):
        context.__enter__()
    assert batch.states == ["DISABLED", "ENABLED"]
