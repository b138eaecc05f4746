"""What a job that ended did with its items, and where they lie: as its host wrote it into its log."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.connection import Connection
from infra.operations import logs

MOST_CHILDREN = 20
"""Of more, whose logs are a call of AWS each, the items are not counted."""

_LAST_LINES = 5
_DONE = re.compile(r"done: \d+ items: (\d+) written, (\d+) were there, (\d+) failed")
"""The last line of our host (model_packaging/hosts/batch.py)."""


def told(name: str, job: str, connection: Connection) -> Iterator[str]:
    """Lines about the items of the job with id `job`, of what is deployed as `name`; none of an image of one's own."""
    batch = connection.client("batch")
    [found] = batch.describe_jobs(jobs=[job])["jobs"]
    given = {one["name"]: one["value"] for one in found.get("container", {}).get("environment", ())}
    if "MODELYARD_INPUT" not in given:
        return
    source, target = given["MODELYARD_INPUT"], given["MODELYARD_OUTPUT"]
    counts = _counts(name, found, connection)
    if counts is None:
        yield f"{name}: it read {source}, and wrote to {target}"
        return
    written, there, failed = counts
    yield (
        f"{name}: {written + there + failed} items: {written} written, {there} were there, {failed} failed; it read "
        f"{source}, and wrote to {target}"
    )
    if not any(counts):
        yield f"{name} had nothing to do: no object lies below {source}; put its inputs there, and run it again."


def _counts(name: str, job: Mapping[str, Any], connection: Connection) -> tuple[int, int, int] | None:
    """How many were written, were there, and failed, over all children; None where a log does not say it."""
    from botocore.exceptions import ClientError

    total = (0, 0, 0)
    try:
        for one in _processes(job, connection.client("batch")):
            said = _said(name, one, connection)
            if said is None:
                return None
            total = (total[0] + said[0], total[1] + said[1], total[2] + said[2])
    except ClientError:
        return None  # who may run a job need not have the right to read its log
    return total


def _processes(job: Mapping[str, Any], batch: Any) -> list[Mapping[str, Any]]:
    """The job itself, or an array's children."""
    size = job.get("arrayProperties", {}).get("size", 0)
    if not size:
        return [job]
    if size > MOST_CHILDREN:
        return [{}]
    children: list[Mapping[str, Any]] = batch.describe_jobs(
        jobs=[f"{job['jobId']}:{index}" for index in range(size)]
    )["jobs"]
    return children


def _said(name: str, job: Mapping[str, Any], connection: Connection) -> tuple[int, int, int] | None:
    stream = job.get("container", {}).get("logStreamName")
    group = logs.GROUPS["BatchJob"].format(name=name)
    lines = logs.of_stream(connection.client("logs"), group, stream, _LAST_LINES) if stream else []
    found = next((match for line in reversed(lines) if (match := _DONE.fullmatch(line))), None)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))
