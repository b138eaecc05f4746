"""How AWS Batch describes a job."""

import collections
from datetime import datetime
from typing import Any

from infra.local.overlay.batch_jobs import STATES, Attempt, Job


def attempt_of(attempt: Attempt, exit_code: int | None, reason: str, stopped: datetime) -> dict[str, Any]:
    """An attempt that ended."""
    return {
        "container": {
            "containerInstanceArn": attempt.placement.cluster_arn.replace(":cluster/", ":container-instance/")
            + f"/{attempt.placement.instance_id.removeprefix('i-')}",
            "taskArn": attempt.task_arn,
            "logStreamName": attempt.stream,
            "networkInterfaces": [],
            **({} if exit_code is None else {"exitCode": exit_code}),
        },
        "startedAt": _milliseconds(attempt.started),
        "stoppedAt": _milliseconds(stopped),
        "statusReason": reason,
    }


def summary(job: Job) -> dict[str, Any]:
    """One job of a list."""
    last = job.attempts[-1]["container"] if job.attempts else {}
    shown: dict[str, Any] = {
        "jobArn": job.arn,
        "jobId": job.id,
        "jobName": job.name,
        "createdAt": _milliseconds(job.created),
        "status": job.status,
        "jobDefinition": job.definition.arn,
        "isCancelled": job.cancelled,
        "isTerminated": job.terminated,
        **_times(job),
    }
    if "exitCode" in last:
        shown["container"] = {"exitCode": last["exitCode"]}
    if job.children:
        shown["arrayProperties"] = {"size": len(job.children)}
    elif job.index is not None:
        shown["arrayProperties"] = {"index": job.index}
    return shown


def detail(job: Job) -> dict[str, Any]:
    """One job, with all that there is to say of it."""
    shown = {
        **summary(job),
        "jobQueue": job.queue_arn,
        "attempts": job.attempts,
        "retryStrategy": {"evaluateOnExit": [], **job.retry_strategy},
        "dependsOn": [],
        "parameters": {**job.definition.request.get("parameters", {}), **job.request.get("parameters", {})},
        "tags": job.tags,
        "propagateTags": bool(job.request.get("propagateTags", job.definition.request.get("propagateTags"))),
        "platformCapabilities": job.definition.request.get("platformCapabilities", ["EC2"]),
        "container": _container(job),
    }
    shown.setdefault("startedAt", 0)  # AWS leaves it out of a summary only
    if job.timeout_seconds is not None:
        shown["timeout"] = {"attemptDurationSeconds": job.timeout_seconds}
    if job.children:
        states = collections.Counter(child.status for child in job.children)
        shown["arrayProperties"] = {
            "size": len(job.children),
            "statusSummary": {state: states[state] for state in STATES},
        }
    return shown


def _container(job: Job) -> dict[str, Any]:
    overrides = job.request.get("containerOverrides", {})
    environment = {
        one["name"]: one
        for one in [*job.definition.container.get("environment", []), *overrides.get("environment", [])]
    }
    shown = {
        "mountPoints": [],
        "volumes": [],
        "ulimits": [],
        "secrets": [],
        "networkInterfaces": [],
        **job.definition.container,
        "command": job.command,
        "environment": list(environment.values()),
        "resourceRequirements": [
            {"type": kind, "value": f"{amount:g}"} for kind, amount in job.resources.items()
        ],
    }
    last = dict(job.attempts[-1]["container"]) if job.attempts else {}
    if job.attempt is not None:
        last = {"logStreamName": job.attempt.stream, "taskArn": job.attempt.task_arn}
    return {**shown, **last}


def _times(job: Job) -> dict[str, Any]:
    shown: dict[str, Any] = {} if job.reason is None else {"statusReason": job.reason}
    for key, time in (("startedAt", job.started), ("stoppedAt", job.stopped)):
        if time is not None:
            shown[key] = _milliseconds(time)
    return shown


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
