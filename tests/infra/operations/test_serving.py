"""What somebody uses and a plan takes away is told; what nobody uses, or stays, is not."""

import datetime
import io
import json
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from infra import Network
from infra.engines.plan import Change, PlanSummary
from infra.ledger import records
from infra.operations import serving
from infra.workloads import BatchJob
from tests.infra.conftest import MODEL, asynchronous, function, realtime

NOW = datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.UTC)
VPC = Network(subnet_ids=["subnet-0123456789abcdef0"], security_group_ids=["sg-0123456789abcdef0"])
JOB = BatchJob("nightly", model=MODEL, instance_types=["m5.large"], network=VPC)


class Account:
    """A ledger with a stack on record, CloudWatch with requests of the last minutes, and Batch with jobs."""

    def __init__(self, stack: Any, used: bool, jobs: int) -> None:
        self.environment = stack.environment
        self._stack, self._used, self._jobs = stack, used, jobs

    def client(self, _service: str) -> "Account":
        return self

    def now(self) -> datetime.datetime:
        return NOW

    def head_bucket(self, Bucket: str) -> None:
        pass

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        assert Key == "stacks/shop.json"
        keys = {workload.name: "models/tiny/0/model.tar.gz" for workload in self._stack.workloads}
        told = [asdict(record) for record in records(self._stack, keys)]
        return {"Body": io.BytesIO(json.dumps(told).encode())}

    def get_metric_statistics(self, Statistics: list[str], **_named: Any) -> dict[str, Any]:
        point = {"Timestamp": NOW - datetime.timedelta(minutes=5), Statistics[0]: 7.0}
        return {"Datapoints": [point] if self._used else []}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_jobs"
        jobs = [{"jobId": str(one)} for one in range(self._jobs)]
        return SimpleNamespace(
            paginate=lambda jobQueue, jobStatus: [
                {"jobSummaryList": jobs if (jobQueue, jobStatus) == ("dev-shop-nightly", "RUNNING") else []}
            ]
        )


def plan(*changes: tuple[str, str, str]) -> PlanSummary:
    """A plan of changes, each an action, a type and a name."""
    made = tuple(Change(f"{type}.{name}", type, name, action, None) for action, type, name in changes)
    return PlanSummary(made, 0, 0, len(made), empty=not made)


ENDPOINT, FUNCTION, QUEUE = "aws_sagemaker_endpoint", "aws_lambda_function", "aws_batch_job_queue"
ALL = plan(
    ("delete", ENDPOINT, "rank"),
    ("replace", ENDPOINT, "queue"),
    ("delete", FUNCTION, "rank-small"),
    ("delete", QUEUE, "nightly"),
)


def leaving(make_stack, change: PlanSummary, used: bool = True, jobs: int = 2) -> list[str]:
    stack = make_stack(realtime(), asynchronous(), function(), JOB)
    return serving.leaving("shop", change, Account(stack, used, jobs))


def test_whatever_is_used_and_goes_is_told_by_name(make_stack):
    assert leaving(make_stack, ALL) == [
        "rank (dev-shop-rank) was last used about 11:56 UTC, and goes",
        "queue (dev-shop-queue) was last used about 11:56 UTC, and goes",
        "rank-small (dev-shop-rank-small) was last used about 11:56 UTC, and goes",
        "nightly (dev-shop-nightly) has 2 jobs under way, and goes",
    ]


@pytest.mark.parametrize(
    "change, used, jobs",
    [
        (ALL, False, 0),
        (plan(("update", ENDPOINT, "rank"), ("create", FUNCTION, "rank-small")), True, 2),
        (plan(("delete", "aws_appautoscaling_target", "rank")), True, 2),
        (plan(), True, 2),
    ],
    ids=["nobody uses it", "it stays", "something of it goes", "nothing"],
)
def test_all_else_is_not(make_stack, change, used, jobs):
    assert leaving(make_stack, change, used, jobs) == []
