"""What Lambda runs: one round, written to the environment's bucket, and returned."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.aws import time_of
from infra.ledger import Deployed, Ledger
from infra.operations import activity
from infra.operations.watchman import rounds, settings
from infra.operations.watchman.deletions import BILLED, PROBES, remove
from infra.operations.watchman.settings import Settings


class RoundFailed(Exception):
    """Something went wrong with some workloads; each is named with why. The others were dealt with."""


@dataclass(frozen=True)
class Bucket:
    """Of the environment, only its bucket is known here."""

    artifact_bucket: str


@dataclass
class Clients:
    """AWS with the rights of the function's role."""

    environment: Bucket
    _made: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The boto3 client of `service`, retrying as botocore's standard mode does."""
        if service not in self._made:
            import boto3
            from botocore.config import Config

            self._made[service] = boto3.client(service, config=Config(retries={"mode": "standard"}))
        return self._made[service]


def handler(_event: object, context: Any) -> dict[str, Any]:
    """Go one round; what it did, as JSON has it. Raises `RoundFailed` after it was written."""
    given = settings.read(os.environ)
    aws = Clients(Bucket(given.bucket))
    key = f"{settings.LOG}{context.aws_request_id}.json"
    if not _begins(aws, given.bucket, key):
        # Lambda runs what failed twice more, under the same id; then `--max` would hold for each time anew.
        return {"repeated": key}
    did = _round(given, aws)
    aws.client("s3").put_object(Bucket=given.bucket, Key=key, Body=_text(did), ContentType="application/json")
    if failed := rounds.failures(did["workloads"]):
        raise RoundFailed("; ".join(failed))
    return did


def _begins(aws: Clients, bucket: str, key: str) -> bool:
    """Whether this is the first time that this invocation runs; from then on it is not."""
    from botocore.exceptions import ClientError

    try:
        aws.client("s3").put_object(Bucket=bucket, Key=key, Body=_text({"begun": True}), IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict"):
            return False
        raise
    return True


def _round(given: Settings, aws: Clients) -> dict[str, Any]:
    ledger = Ledger(aws.client("s3"), given.bucket)

    def put_to_sleep(record: Deployed, resources: Sequence[tuple[str, str]]) -> None:
        # Recorded first: where the rest is cut short, a plan says that it sleeps, and the next round goes on.
        ledger.write_asleep(record.stack, ledger.asleep(record.stack) | {record.workload})
        for type, name in resources:
            remove(aws, type, name)

    world = rounds.World(
        lambda: time_of(aws),
        lambda record: activity.history(record, aws, time_of(aws), given.rule.window),
        ledger.hourly,
        ledger.asleep,
        lambda resources: any(PROBES[type](aws, name) for type, name in resources if type in BILLED),
        put_to_sleep,
    )
    began = time_of(aws)
    # Of a job nothing is billed by the hour.
    records = [record for record in ledger.deployed() if record.kind in activity.METERED]
    workloads = []
    for outcome in rounds.go(records, given.rule, given.most, given.armed, world):
        workloads.append(outcome.to_json())
        print(json.dumps(workloads[-1]))
    return {
        "environment": given.environment,
        "armed": given.armed,
        "began": began.isoformat(timespec="seconds"),
        "hours": given.rule.hours,
        "grace_hours": given.rule.grace_hours,
        "max": given.most,
        "workloads": workloads,
    }


def _text(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=2).encode()
