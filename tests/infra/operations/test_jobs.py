"""A job over boto3: what it is submitted with, what its end says, and what is wrong with what went live."""

import json
from types import SimpleNamespace

import pytest

from infra.blueprint.resource import Blueprint, Resource
from infra.errors import InvocationFailed
from infra.operations import jobs
from infra.operations.attempts import Patience

DEFINITION = {
    "jobDefinitionName": "embed",
    "jobDefinitionArn": "arn:definition:2",
    "revision": 2,
    "tags": {"modelyard:array-size": "4"},
    "containerProperties": {
        "environment": [{"name": "MODELYARD_ARTIFACT", "value": "s3://b/models/m/d/job.tar.gz"}]
    },
}
ENDED = {"jobId": "j", "jobName": "embed", "createdAt": 1000, "stoppedAt": 9500}
ENVIRONMENT = {"computeEnvironmentName": "embed-spot-1", "status": "VALID", "state": "ENABLED"}


class Batch:
    """Answers with what it is given; remembers what was submitted."""

    def __init__(self, states=(), definitions=(DEFINITION,), queues=(), environments=()) -> None:
        self._states, self.definitions = list(states), list(definitions)
        self.queues, self.environments, self.submitted = list(queues), list(environments), []

    def get_paginator(self, operation):
        found = {"describe_job_definitions": {"jobDefinitions": self.definitions}}[operation]
        return SimpleNamespace(paginate=lambda **_: [found])

    def submit_job(self, **request):
        self.submitted.append(request)
        return {"jobId": "j"}

    def describe_jobs(self, jobs):
        if jobs != ["j"]:
            return {"jobs": [self.children[jobs[0]]]}
        return {"jobs": [self._states.pop(0) if len(self._states) > 1 else self._states[0]]}

    def list_jobs(self, arrayJobId, jobStatus):
        assert (arrayJobId, jobStatus) == ("j", "FAILED")
        return {"jobSummaryList": [{"jobId": "j:2"}]}

    def describe_job_queues(self, jobQueues):
        return {"jobQueues": self.queues}

    def describe_compute_environments(self, computeEnvironments):
        return {"computeEnvironments": self.environments}


class Logs:
    def get_log_events(self, logGroupName, logStreamName, limit, startFromHead):
        assert (logGroupName, logStreamName) == ("/aws/batch/embed", "embed/default/1")
        return {"events": [{"message": "002.txt: There is no text in it; send at least one word.\n"}]}


def connection(batch: Batch):
    return SimpleNamespace(
        client={"batch": batch, "logs": Logs()}.get,
        once={"batch": batch}.get,
        environment=SimpleNamespace(name="dev"),
    )


def patience(slept: list[float], deadline_seconds: float = 60) -> Patience:
    return Patience(deadline_seconds, clock=lambda: sum(slept), sleep=slept.append)


def test_a_job_is_submitted_as_large_as_its_definition_says_and_waited_for():
    parent = {**ENDED, "arrayProperties": {"size": 4, "statusSummary": {"SUCCEEDED": 4, "FAILED": 0}}}
    batch, slept = Batch([{**parent, "status": "PENDING"}, {**parent, "status": "SUCCEEDED"}]), []
    answer = json.loads(jobs.run("embed", connection(batch), patience(slept)))
    assert answer == {
        "job": "j",
        "name": "embed",
        "status": "SUCCEEDED",
        "seconds": 8.5,
        "children": {"SUCCEEDED": 4},
    }
    assert batch.submitted == [
        {
            "jobName": "embed",
            "jobQueue": "embed",
            "jobDefinition": "arn:definition:2",
            "arrayProperties": {"size": 4},
        }
    ]
    assert slept == [jobs.POLL_SECONDS]


def test_one_child_is_no_array():
    batch = Batch([{**ENDED, "status": "SUCCEEDED", "attempts": [{}, {}]}], [{**DEFINITION, "tags": {}}])
    assert json.loads(jobs.run("embed", connection(batch), patience([])))["attempts"] == 2
    assert "arrayProperties" not in batch.submitted[0]


def test_a_failed_array_says_why_its_child_failed_with_its_last_lines():
    parent = {**ENDED, "status": "FAILED", "arrayProperties": {"size": 4, "statusSummary": {"FAILED": 1}}}
    batch = Batch([parent])
    batch.children = {
        "j:2": {
            "jobId": "j:2",
            "statusReason": "Essential container in task exited",
            "container": {"logStreamName": "embed/default/1"},
        }
    }
    with pytest.raises(InvocationFailed) as error:
        jobs.run("embed", connection(batch), patience([]))
    assert str(error.value).splitlines() == [
        "Job embed (j) failed, 1 of its children: Essential container in task exited",
        "The last lines of j:2 (/aws/batch/embed):",
        "  002.txt: There is no text in it; send at least one word.",
    ]


def test_without_a_definition_it_says_what_to_do():
    with pytest.raises(InvocationFailed, match="deploy its stack again"):
        jobs.submit("embed", connection(Batch(definitions=[])), patience([]))


def test_waiting_for_a_job_ends_and_says_that_the_job_goes_on():
    slept: list[float] = []
    with pytest.raises(
        InvocationFailed, match=r"^Job embed \(j\) is RUNNING after 5 s, and goes on; look at"
    ):
        jobs.run("embed", connection(Batch([{**ENDED, "status": "RUNNING"}])), patience(slept, 5))
    assert sum(slept) == 6


def queue(*names: str) -> dict:
    return {
        "computeEnvironmentOrder": [
            {"order": order, "computeEnvironment": f"arn:aws:batch:r:1:compute-environment/{name}"}
            for order, name in enumerate(names)
        ]
    }


PLANNED = Blueprint(
    (
        Resource("aws_batch_compute_environment", "embed-spot", {"name": "embed-spot-1"}),
        Resource("aws_batch_compute_environment", "embed-nightly-spot", {"name": "another job's"}),
    )
)


@pytest.mark.parametrize(
    ("batch", "findings"),
    [
        (Batch(queues=[queue("embed-spot-1")], environments=[ENVIRONMENT]), []),
        (Batch(), ["Job queue embed does not exist; run the deploy again."]),
        (
            Batch(queues=[queue("embed-spot-0")], environments=[ENVIRONMENT]),
            ["Job queue embed has the environments embed-spot-0, planned were embed-spot-1."],
        ),
        (
            Batch(
                queues=[queue("embed-spot-1")],
                environments=[{**ENVIRONMENT, "status": "INVALID", "statusReason": "no subnet"}],
            ),
            ["Compute environment embed-spot-1 is INVALID and ENABLED: no subnet"],
        ),
        (
            Batch(queues=[queue("embed-spot-1")], environments=[ENVIRONMENT], definitions=[]),
            ["Job definition embed runs another artifact than models/m/d/job.tar.gz; run the deploy again."],
        ),
    ],
)
def test_what_went_live_is_compared_with_what_was_planned(batch, findings):
    stack = SimpleNamespace(deployed_name=lambda workload: "embed")
    workload, artifact = SimpleNamespace(name="embed"), SimpleNamespace(key="models/m/d/job.tar.gz")
    assert list(jobs.verify(stack, workload, PLANNED, artifact, connection(batch))) == findings
