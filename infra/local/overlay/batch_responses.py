"""The requests and answers of AWS Batch, in the shape of moto's response methods.

Each function takes moto's `BatchResponse` as `self`; the name is the operation's.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from moto.batch.responses import BatchResponse
from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from infra.local.overlay import constraints
from infra.local.overlay.batch import BatchBackend, batch_backends
from infra.local.overlay.batch_jobs import Definition
from infra.local.overlay.batch_records import Record, refused
from infra.local.overlay.batch_views import detail, summary

PAGE = 100


def backend_of(response: BaseResponse) -> BatchBackend:
    """The caller's Batch."""
    return batch_backends[response.current_account][response.region]


def _request(response: BatchResponse) -> dict[str, Any]:
    """The request's parameters, checked against botocore's model."""
    parameters: dict[str, Any] = json.loads(response.body or "{}")
    findings = constraints.violations("batch", response._get_action(), _spelt(parameters))
    if findings:
        raise refused(f"Error executing request, Exception : {constraints.message(findings)}")
    return parameters


def _spelt(parameters: dict[str, Any]) -> dict[str, Any]:
    """The request as botocore's model spells it: what to do on exit is not case sensitive."""
    strategy = parameters.get("retryStrategy")
    if not isinstance(strategy, dict) or not strategy.get("evaluateOnExit"):
        return parameters
    rules = [{**rule, "action": str(rule.get("action")).upper()} for rule in strategy["evaluateOnExit"]]
    return {**parameters, "retryStrategy": {**strategy, "evaluateOnExit": rules}}


def create_compute_environment(self: BatchResponse) -> ActionResult:
    return _named("computeEnvironment", backend_of(self).create_environment(_request(self)))


def update_compute_environment(self: BatchResponse) -> ActionResult:
    return _named("computeEnvironment", backend_of(self).update_environment(_request(self)))


def delete_compute_environment(self: BatchResponse) -> ActionResult:
    backend_of(self).delete_environment(_request(self)["computeEnvironment"])
    return EmptyResult()


def describe_compute_environments(self: BatchResponse) -> ActionResult:
    request = _request(self)
    records = backend_of(self).environments
    shown = [
        {**record.content, "computeEnvironmentArn": record.arn}
        for record in _chosen(records, request.get("computeEnvironments"))
    ]
    return _page(request, "computeEnvironments", shown)


def create_job_queue(self: BatchResponse) -> ActionResult:
    return _named("jobQueue", backend_of(self).create_queue(_request(self)))


def update_job_queue(self: BatchResponse) -> ActionResult:
    return _named("jobQueue", backend_of(self).update_queue(_request(self)))


def delete_job_queue(self: BatchResponse) -> ActionResult:
    backend_of(self).delete_queue(_request(self)["jobQueue"])
    return EmptyResult()


def describe_job_queues(self: BatchResponse) -> ActionResult:
    request = _request(self)
    records = _chosen(backend_of(self).queues, request.get("jobQueues"))
    return _page(request, "jobQueues", [{**record.content, "jobQueueArn": record.arn} for record in records])


def register_job_definition(self: BatchResponse) -> ActionResult:
    request = _request(self)
    made = backend_of(self).register_definition({**request, "tags": dict(request.get("tags", {}))})
    return ActionResult(
        {"jobDefinitionName": made.name, "jobDefinitionArn": made.arn, "revision": made.revision}
    )


def deregister_job_definition(self: BatchResponse) -> ActionResult:
    backend_of(self).deregister_definition(_request(self)["jobDefinition"])
    return EmptyResult()


def describe_job_definitions(self: BatchResponse) -> ActionResult:
    request = _request(self)
    wanted = request.get("jobDefinitions")
    shown = [
        _definition(one)
        for revisions in list(backend_of(self).definitions.values())
        for one in reversed(revisions)
        if request.get("status") in (None, one.status)
        and request.get("jobDefinitionName") in (None, one.name)
        and (not wanted or {one.arn, f"{one.name}:{one.revision}", one.name} & set(wanted))
    ]
    return _page(request, "jobDefinitions", shown)


def submit_job(self: BatchResponse) -> ActionResult:
    job = backend_of(self).submit(_request(self))
    return ActionResult({"jobArn": job.arn, "jobName": job.name, "jobId": job.id})


def describe_jobs(self: BatchResponse) -> ActionResult:
    backend, wanted = backend_of(self), _request(self)["jobs"]
    with backend.lock:
        return ActionResult({"jobs": [detail(backend.jobs[one]) for one in wanted if one in backend.jobs]})


def list_jobs(self: BatchResponse) -> ActionResult:
    request, backend = _request(self), backend_of(self)
    if request.get("multiNodeJobId") or request.get("filters"):
        raise refused("The embedded AWS lists jobs by queue or array, and by state.")
    with backend.lock:
        if request.get("arrayJobId"):
            found = backend.job(request["arrayJobId"]).children
        elif request.get("jobQueue"):
            name = backend.queue(request["jobQueue"]).name
            found = [job for job in backend.jobs.values() if job.queue == name and job.index is None]
        else:
            raise refused("Either jobQueue or arrayJobId is required.")
        state = request.get("jobStatus", "RUNNING")
        shown = [summary(job) for job in found if job.status == state]
    return _page(request, "jobSummaryList", shown)


def terminate_job(self: BatchResponse) -> ActionResult:
    request, backend = _request(self), backend_of(self)
    backend.runs.terminate(backend.job(request["jobId"]), request["reason"])
    return EmptyResult()


def cancel_job(self: BatchResponse) -> ActionResult:
    """Only what has not started: a job that runs goes on."""
    request, backend = _request(self), backend_of(self)
    backend.runs.terminate(backend.job(request["jobId"]), request["reason"], only_waiting=True)
    return EmptyResult()


def list_tags_for_resource(self: BatchResponse) -> ActionResult:
    return ActionResult({"tags": backend_of(self).tags(_tagged(self))})


def tag_resource(self: BatchResponse) -> ActionResult:
    backend_of(self).tags(_tagged(self)).update(json.loads(self.body)["tags"])
    return EmptyResult()


def untag_resource(self: BatchResponse) -> ActionResult:
    tags = backend_of(self).tags(_tagged(self))
    for key in self.querystring.get("tagKeys", []):
        tags.pop(key, None)
    return EmptyResult()


def _tagged(self: BatchResponse) -> str:
    return unquote(self.path).split("/v1/tags/")[-1]


def _named(kind: str, record: Record) -> ActionResult:
    return ActionResult({f"{kind}Name": record.name, f"{kind}Arn": record.arn})


def _chosen(records: Mapping[str, Record], wanted: Iterable[str] | None) -> list[Record]:
    chosen = set(wanted or ())
    return [one for one in list(records.values()) if not chosen or {one.name, one.arn} & chosen]


def _definition(definition: Definition) -> dict[str, Any]:
    request = dict(definition.request)
    defaults: dict[str, Any] = {
        "mountPoints": [],
        "volumes": [],
        "ulimits": [],
        "secrets": [],
        "environment": [],
        "command": [],
    }
    return {
        "parameters": {},
        **request,
        "containerProperties": {**defaults, "resourceRequirements": [], **definition.container},
        "jobDefinitionArn": definition.arn,
        "revision": definition.revision,
        "status": definition.status,
        "containerOrchestrationType": "ECS",
    }


def _page(request: Mapping[str, Any], key: str, found: list[dict[str, Any]]) -> ActionResult:
    token = str(request.get("nextToken") or "0")
    if not token.isdecimal():
        raise refused("nextToken is not one of an earlier answer")
    start, size = int(token), request.get("maxResults") or PAGE
    following = {"nextToken": str(start + size)} if start + size < len(found) else {}
    return ActionResult({key: found[start : start + size], **following})


OPERATIONS = {
    function.__name__: function
    for function in (
        create_compute_environment,
        update_compute_environment,
        delete_compute_environment,
        describe_compute_environments,
        create_job_queue,
        update_job_queue,
        delete_job_queue,
        describe_job_queues,
        register_job_definition,
        deregister_job_definition,
        describe_job_definitions,
        submit_job,
        describe_jobs,
        list_jobs,
        terminate_job,
        cancel_job,
        list_tags_for_resource,
        tag_resource,
        untag_resource,
    )
}

PLUMBING = {"_get_action": BaseResponse._get_action}
"""moto takes the path for the operation's name; the others are then not modelled, and say so."""
