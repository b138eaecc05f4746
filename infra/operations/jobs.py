"""A deployed Batch job: submitted and waited for, looked at, and compared with what was planned."""

import json
from collections.abc import Iterator
from typing import Any

from infra.blueprint import Blueprint, batch_machines
from infra.blueprint.batch import ARRAY_TAG
from infra.connection import Connection
from infra.errors import InvocationFailed
from infra.operations import logs
from infra.operations.attempts import Patience, until_answered
from infra.operations.queues import ENDED
from infra.stack import Stack
from infra.workloads import BatchJob
from model_packaging.keys import model_key

POLL_SECONDS = 2.0
LAST_LINES = 15

Description = dict[str, Any]


def run(name: str, connection: Connection, patience: Patience) -> bytes:
    """Submit the job that is deployed as `name`, wait for its end, and say as JSON what became of it.

    Raises `InvocationFailed` with AWS's reason and the last lines of the log where it failed.
    """
    batch, began = connection.client("batch"), patience.clock()
    job = submit(name, connection, patience)
    found = describe(job, batch)
    while found["status"] not in ENDED:
        if patience.clock() - began > patience.deadline_seconds:
            raise InvocationFailed(
                f"Job {name} ({job}) is {found['status']} after {patience.deadline_seconds:g} s, and goes on; look at "
                f"its state: modelyard status --env {connection.environment.name}"
            )
        patience.sleep(POLL_SECONDS)
        found = describe(job, batch)
    if found["status"] == "FAILED":
        raise InvocationFailed("\n".join(_reasons(name, found, connection)))
    return json.dumps(summary(found)).encode()


def submit(name: str, connection: Connection, patience: Patience) -> str:
    """The id of a new job, with the newest definition, as large as that says."""
    definition = _definition(name, connection.client("batch"))
    if definition is None:
        raise InvocationFailed(f"Job {name} has no active definition; deploy its stack again.")
    size = int(definition.get("tags", {}).get(ARRAY_TAG, 1))
    # SubmitJob takes no token to tell a repeated call by: sent again after a lost answer, it is a second job.
    answer, _ = until_answered(
        f"Job queue {name}",
        lambda: connection.once("batch").submit_job(
            jobName=name,
            jobQueue=name,
            jobDefinition=definition["jobDefinitionArn"],
            **({"arrayProperties": {"size": size}} if size > 1 else {}),
        ),
        patience,
    )
    return str(answer["jobId"])


def describe(job: str, batch: Any) -> Description:
    """What AWS says of a job."""
    [found] = batch.describe_jobs(jobs=[job])["jobs"]
    description: Description = found
    return description


def summary(job: Description) -> Description:
    """What became of a job that ended; children by state, for an array."""
    children = job.get("arrayProperties", {}).get("statusSummary", {})
    return {
        "job": job["jobId"],
        "name": job["jobName"],
        "status": job["status"],
        "seconds": round((job["stoppedAt"] - job["createdAt"]) / 1000, 1),
        **({"children": {state: count for state, count in children.items() if count}} if children else {}),
        **({} if children else {"attempts": len(job.get("attempts", ()))}),
    }


def _reasons(name: str, job: Description, connection: Connection) -> Iterator[str]:
    failed = _failed(job, connection.client("batch"))
    counted = job.get("arrayProperties", {}).get("statusSummary", {}).get("FAILED")
    children = f", {counted} of its children" if counted else ""
    yield f"Job {name} ({job['jobId']}) failed{children}: {failed.get('statusReason', 'AWS gives no reason')}"
    stream = failed.get("container", {}).get("logStreamName")
    group = logs.GROUPS["BatchJob"].format(name=name)
    lines = logs.of_stream(connection.client("logs"), group, stream, LAST_LINES) if stream else []
    if lines:
        yield f"The last lines of {failed['jobId']} ({group}):"
        yield from (f"  {line}" for line in lines)


def _failed(job: Description, batch: Any) -> Description:
    """The job itself, or the first of an array's children that failed."""
    if not job.get("arrayProperties", {}).get("size"):
        return job
    found = batch.list_jobs(arrayJobId=job["jobId"], jobStatus="FAILED")["jobSummaryList"]
    return describe(found[0]["jobId"], batch) if found else job


def _definition(name: str, batch: Any) -> Description | None:
    pages = batch.get_paginator("describe_job_definitions").paginate(jobDefinitionName=name, status="ACTIVE")
    found = [one for page in pages for one in page["jobDefinitions"]]
    return max(found, key=lambda one: one["revision"], default=None)


def verify(
    stack: Stack, workload: BatchJob, blueprint: Blueprint, artifact: Any, connection: Connection
) -> Iterator[str]:
    """One line for each way in which what went live is not what was planned."""
    name, batch = stack.deployed_name(workload), connection.client("batch")
    queues = batch.describe_job_queues(jobQueues=[name])["jobQueues"]
    if not queues:
        yield f"Job queue {name} does not exist; run the deploy again."
        return
    planned = [
        resource.arguments["name"]
        for resource in blueprint.of_type("aws_batch_compute_environment")
        if resource.name in batch_machines.names(workload.name)
    ]
    order = sorted(queues[0]["computeEnvironmentOrder"], key=lambda one: one["order"])
    found = [one["computeEnvironment"].rpartition("/")[2] for one in order]
    if found != planned:
        yield f"Job queue {name} has the environments {', '.join(found)}, planned were {', '.join(planned)}."
    for one in batch.describe_compute_environments(computeEnvironments=planned)["computeEnvironments"]:
        if one["status"] != "VALID" or one["state"] != "ENABLED":
            reason = one.get("statusReason", "AWS gives no reason")
            yield (
                f"Compute environment {one['computeEnvironmentName']} is {one['status']} and {one['state']}: "
                f"{reason}"
            )
    definition = _definition(name, batch)
    key = model_key(artifact.key)
    if definition is None or key not in json.dumps(definition):
        yield f"Job definition {name} runs another artifact than {key}; run the deploy again."
