"""What an interrupted deploy has begun and AWS has finished since: it is kept, and not made a second time.

Terraform calls whatever it stopped waiting for tainted, and replaces it: an endpoint that is InService would be taken
down, and a compute environment made anew under its own name, which Batch refuses ('Object already exists').
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from infra.aws import Aws
from infra.blueprint import Blueprint
from infra.connection import Connection
from infra.engines.plan import PlanSummary
from infra.engines.workspace import Workspace
from infra.operations import endpoints

TAINTED = "tainted"
"""Terraform's reason for such a replacement; Pulumi has none, and looks at what is pending by itself."""

POLL_SECONDS, POLLS = 2.0, 150

Say = Callable[[str], None]
Sleep = Callable[[float], None]


def kept(
    plan: PlanSummary,
    content: Blueprint,
    workspace: Workspace,
    connection: Connection,
    say: Say,
    sleep: Sleep = time.sleep,
) -> PlanSummary:
    """`plan`, or another one that keeps what it would replace only because an earlier deploy was cut short.

    Waits for what AWS is still making.
    """
    names = {one.address: one.arguments for one in content.resources}
    whole = [
        change.address
        for change in plan.changes
        if change.reason == TAINTED
        and change.type in WHOLE
        and change.address in names
        and WHOLE[change.type](connection, names[change.address], say, sleep)
    ]
    if not whole:
        return plan
    say(f"An earlier deploy was cut short; keeping what AWS has made since: {', '.join(whole)}")
    workspace.untaint(whole)
    return workspace.plan()


def _endpoint(aws: Aws, arguments: Mapping[str, Any], say: Say, sleep: Sleep) -> bool:
    found = endpoints.settled(arguments["name"], aws.client("sagemaker"), say, sleep)
    return found is not None and found["EndpointStatus"] == "InService"


def _function(aws: Aws, arguments: Mapping[str, Any], _say: Say, sleep: Sleep) -> bool:
    from botocore.exceptions import ClientError

    def state() -> str:
        try:
            answer = aws.client("lambda").get_function(FunctionName=arguments["function_name"])
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return "gone"
            raise
        return str(answer["Configuration"].get("State", "Active"))

    return _done(state, "Pending", sleep) == "Active"


def _environment(aws: Aws, arguments: Mapping[str, Any], _say: Say, sleep: Sleep) -> bool:
    def status() -> str:
        answer = aws.client("batch").describe_compute_environments(computeEnvironments=[arguments["name"]])
        return next((str(one["status"]) for one in answer["computeEnvironments"]), "gone")

    return _done(status, "CREATING", sleep) == "VALID"


def _queue(aws: Aws, arguments: Mapping[str, Any], _say: Say, sleep: Sleep) -> bool:
    def status() -> str:
        answer = aws.client("batch").describe_job_queues(jobQueues=[arguments["name"]])
        return next((str(one["status"]) for one in answer["jobQueues"]), "gone")

    return _done(status, "CREATING", sleep) == "VALID"


def _done(look: Callable[[], str], under_way: str, sleep: Sleep) -> str:
    """What `look` says once it no longer is `under_way`."""
    for _ in range(POLLS):
        if (found := look()) != under_way:
            break
        sleep(POLL_SECONDS)
    return found


WHOLE: Mapping[str, Callable[[Aws, Mapping[str, Any], Say, Sleep], bool]] = {
    "aws_batch_compute_environment": _environment,
    "aws_batch_job_queue": _queue,
    "aws_lambda_function": _function,
    "aws_sagemaker_endpoint": _endpoint,
}
"""Whether it has become what it was to be, by type: those whose making the provider waits for."""
