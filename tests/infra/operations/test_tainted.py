"""What an interrupted deploy had begun is kept where AWS has finished it, and replaced where it has not."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.blueprint import Blueprint
from infra.blueprint.resource import Resource
from infra.engines.plan import Change, PlanSummary
from infra.operations import tainted

NAMES = {
    "aws_sagemaker_endpoint": {"name": "dev-shop-rank"},
    "aws_lambda_function": {"function_name": "dev-shop-rank"},
    "aws_batch_compute_environment": {"name": "dev-shop-rank"},
    "aws_batch_job_queue": {"name": "dev-shop-rank"},
    "aws_iam_role": {"name": "dev-shop-rank"},
}
CONTENT = Blueprint(tuple(Resource(type, "rank", arguments) for type, arguments in NAMES.items()))
AFTER = PlanSummary((), 0, 0, 0, empty=True)


@dataclass
class Aws:
    """Every service says of the one thing what is in `said`, the last of it for good; an empty text is that it is gone."""

    said: list[str]
    asked: int = 0

    def client(self, _service: str) -> "Aws":
        return self

    def _next(self) -> str:
        self.asked += 1
        return self.said.pop(0) if len(self.said) > 1 else self.said[0]

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if not (status := self._next()):
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        return {"EndpointStatus": status}

    def get_function(self, FunctionName: str) -> dict[str, Any]:
        if not (state := self._next()):
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "GetFunction")
        return {"Configuration": {"State": state}}

    def describe_compute_environments(self, computeEnvironments: list[str]) -> dict[str, Any]:
        status = self._next()
        return {"computeEnvironments": [{"status": status}] if status else []}

    def describe_job_queues(self, jobQueues: list[str]) -> dict[str, Any]:
        status = self._next()
        return {"jobQueues": [{"status": status}] if status else []}


@dataclass
class Workspace:
    kept: list[str] = field(default_factory=list)

    def untaint(self, addresses: list[str]) -> None:
        self.kept += addresses

    def plan(self) -> PlanSummary:
        return AFTER


def kept(type: str, aws: Aws, reason: str | None = "tainted") -> tuple[PlanSummary, PlanSummary, list[str]]:
    """The plan before and after, and what was kept."""
    change = Change(f"{type}.rank", type, "rank", "replace", reason)
    before, workspace = PlanSummary((change,), 1, 0, 1, empty=False), Workspace()
    after = tainted.kept(before, CONTENT, workspace, aws, lambda _: None, lambda _: None)
    return before, after, workspace.kept


WHOLE = [
    ("aws_sagemaker_endpoint", ["InService"]),
    ("aws_sagemaker_endpoint", ["Creating", "Creating", "InService"]),
    ("aws_lambda_function", ["Pending", "Active"]),
    ("aws_batch_compute_environment", ["CREATING", "VALID"]),
    ("aws_batch_job_queue", ["CREATING", "VALID"]),
]
BROKEN = [
    ("aws_sagemaker_endpoint", ["Creating", "Failed"]),
    ("aws_sagemaker_endpoint", [""]),
    ("aws_lambda_function", ["Failed"]),
    ("aws_lambda_function", [""]),
    ("aws_batch_compute_environment", ["INVALID"]),
    ("aws_batch_compute_environment", [""]),
    ("aws_batch_job_queue", ["INVALID"]),
    ("aws_batch_job_queue", [""]),
]


def test_each_type_is_tried():
    assert {type for type, _ in WHOLE} == {type for type, _ in BROKEN} == tainted.WHOLE.keys()


@pytest.mark.parametrize(("type", "said"), WHOLE)
def test_what_is_whole_is_kept(type, said):
    _, after, addresses = kept(type, Aws(said))
    assert (after, addresses) == (AFTER, [f"{type}.rank"])


@pytest.mark.parametrize(("type", "said"), [*BROKEN, ("aws_iam_role", ["any"])])
def test_what_is_not_is_replaced(type, said):
    before, after, addresses = kept(type, Aws(said))
    assert after is before and addresses == []


def test_what_is_replaced_for_another_reason_is_not_looked_at():
    aws = Aws(["InService"])
    before, after, addresses = kept("aws_sagemaker_endpoint", aws, "cannot_update")
    assert after is before and addresses == [] and aws.asked == 0


def test_what_never_ends_is_given_up():
    before, after, _ = kept("aws_lambda_function", aws := Aws(["Pending"]))
    assert after is before and aws.asked == tainted.POLLS
