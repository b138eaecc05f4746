"""What a plan takes away although somebody uses it: that is asked by its name, and not with a yes by habit."""

import datetime
from collections.abc import Mapping

from infra.connection import Connection
from infra.engines.plan import PlanSummary
from infra.ledger import Deployed, Ledger
from infra.operations import activity
from infra.operations.queues import under_way

WINDOW = datetime.timedelta(hours=1)

ANSWERED_BY: Mapping[str, str] = {
    "RealtimeEndpoint": "aws_sagemaker_endpoint",
    "AsyncEndpoint": "aws_sagemaker_endpoint",
    "ServerlessEndpoint": "aws_sagemaker_endpoint",
    "MultiModelEndpoint": "aws_sagemaker_endpoint",
    "LambdaEndpoint": "aws_lambda_function",
    "BatchJob": "aws_batch_job_queue",
}
"""The resource without which nobody is answered, by kind."""


def leaving(stack: str, plan: PlanSummary, connection: Connection) -> list[str]:
    """A line for each workload of `stack` that `plan` takes away, and that somebody used within the last hour."""
    gone = {change.address for change in plan.changes if change.action in ("delete", "replace")}
    if not gone:
        return []
    ledger = Ledger.on(connection)
    records = ledger.of(stack) if ledger.exists() else []
    return [
        f"{record.workload} ({record.name}) {use}, and goes"
        for record in records
        if f"{ANSWERED_BY[record.kind]}.{record.workload}" in gone and (use := _use(record, connection))
    ]


def _use(record: Deployed, connection: Connection) -> str:
    if record.kind not in activity.METERED:
        left = under_way(record.name, connection.client("batch"))
        return f"has {left} jobs under way" if left else ""
    used = activity.last_used(record, connection, connection.now(), WINDOW)
    return f"was last used about {used:%H:%M} UTC" if used is not None else ""
