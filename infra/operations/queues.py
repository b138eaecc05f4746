"""A deployed Batch job's queue, and the jobs that were in it."""

import collections
import datetime
from typing import Any

from infra.aws import Aws

ENDED = frozenset({"SUCCEEDED", "FAILED"})
STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
RUNNING = "RUNNING"


def under_way(name: str, batch: Any) -> int:
    """How many jobs of a queue have not ended."""
    return sum(
        len(page["jobSummaryList"])
        for state in STATES
        if state not in ENDED
        for page in batch.get_paginator("list_jobs").paginate(jobQueue=name, jobStatus=state)
    )


def look(name: str, aws: Aws, now: datetime.datetime) -> tuple[str, int, datetime.datetime | None] | None:
    """State, the jobs of the last hour, and when the last of them came; None where there is no queue."""
    batch = aws.client("batch")
    queues = batch.describe_job_queues(jobQueues=[name])["jobQueues"]
    if not queues:
        return None
    hour = (now - datetime.timedelta(hours=1)).timestamp() * 1000
    states: collections.Counter[str] = collections.Counter()
    created = []
    for state in STATES:
        for page in batch.get_paginator("list_jobs").paginate(jobQueue=name, jobStatus=state):
            states[state] += len(page["jobSummaryList"])
            created += [one["createdAt"] for one in page["jobSummaryList"]]
    under_way = sum(count for state, count in states.items() if state not in ENDED)
    last = datetime.datetime.fromtimestamp(max(created) / 1000, datetime.UTC) if created else None
    queue = queues[0]
    state = queue["status"] if queue["status"] != "VALID" else RUNNING if under_way else queue["state"]
    return state, sum(one >= hour for one in created), last
