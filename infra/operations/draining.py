"""A Batch queue whose machines a plan takes away is drained first: what runs on them would be killed half-way.

Batch deletes a compute environment with its instances, whatever runs there ('Delete a compute environment': 'terminate
the jobs first').
"""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from infra.blueprint import batch_machines
from infra.connection import Connection
from infra.engines.plan import PlanSummary
from infra.errors import DeployFailed
from infra.operations.queues import under_way
from infra.stack import Stack
from infra.workloads import BatchJob

Say = Callable[[str], None]

POLL_SECONDS, TOLD_POLLS, SETTLING_POLLS = 5.0, 12, 60
DEADLINE_SECONDS = 3600.0
"""For how long a deploy waits for jobs; longer ones are for somebody to decide about."""


def queues(stack: Stack, plan: PlanSummary) -> list[str]:
    """The queues of `stack` that stay, and whose machines `plan` takes away."""
    gone = {change.address for change in plan.changes if change.action == "delete"}
    leaving = {
        change.name
        for change in plan.changes
        if change.type == "aws_batch_compute_environment" and change.action in ("replace", "delete")
    }
    return [
        stack.deployed_name(workload)
        for workload in stack.workloads
        if isinstance(workload, BatchJob)
        and f"aws_batch_job_queue.{workload.name}" not in gone
        and not leaving.isdisjoint(batch_machines.names(workload.name))
    ]


@contextmanager
def drained(
    names: Iterable[str],
    connection: Connection,
    say: Say,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Have no job in the queues `names` for the length of a `with`; they take none meanwhile, and do again after it.

    Raises `DeployFailed` where jobs still run after `DEADLINE_SECONDS`; nothing is changed then. Killed in between, it
    is the next deploy that finds the queue disabled and enables it.
    """
    batch = connection.client("batch")
    # Of a first deploy that failed half-way there may be machines and no queue yet.
    there = [name for name in names if batch.describe_job_queues(jobQueues=[name])["jobQueues"]]
    closed = [name for name in there if under_way(name, batch)]
    try:
        for name in closed:
            say(f"{name}: takes no jobs until those in it are done, for its machines are about to change")
            _switch(name, "DISABLED", batch, sleep)
        for name in closed:
            _wait(name, batch, say, sleep, clock)
        yield
    finally:
        for name in closed:
            _switch(name, "ENABLED", batch, sleep)
            say(f"{name}: takes jobs again")


def _wait(
    name: str, batch: Any, say: Say, sleep: Callable[[float], None], clock: Callable[[], float]
) -> None:
    began = clock()
    for poll in itertools.count():
        left = under_way(name, batch)
        if not left:
            return
        if clock() - began > DEADLINE_SECONDS:
            raise DeployFailed(
                f"{left} jobs of {name} are still under way after {DEADLINE_SECONDS / 60:.0f} minutes, and nothing was "
                "changed; deploy again when they are done, or end them: aws batch terminate-job --reason deploy "
                "--job-id ID"
            )
        if poll % TOLD_POLLS == 0:
            say(f"Waiting for Batch: {left} jobs of {name} are under way")
        sleep(POLL_SECONDS)


def _switch(name: str, state: str, batch: Any, sleep: Callable[[float], None]) -> None:
    """Batch refuses to change a queue while it is still changing it."""
    for _ in range(SETTLING_POLLS):
        found = batch.describe_job_queues(jobQueues=[name])["jobQueues"]
        if not found:
            return
        if found[0]["status"] != "UPDATING":
            break
        sleep(POLL_SECONDS)
    batch.update_job_queue(jobQueue=name, state=state)
