"""AWS Batch in one account and region: environments, queues and definitions as they were sent, and their jobs."""

import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from infra.local.machine import Machine
from infra.local.overlay import batch_checks, batch_records
from infra.local.overlay.batch_jobs import Definition, Job
from infra.local.overlay.batch_records import Record, check_name, found, refused
from infra.local.overlay.batch_runs import Runs
from infra.local.overlay.faults import Fault, NotModelled

LINGERS = timedelta(seconds=45)
"""How long an environment that a queue has left is still held for its own: UpdateJobQueue returns before Batch has done
it everywhere (hashicorp/terraform-provider-aws #46925). How long is not documented; the provider looks at the queue for
half a minute, and meets it."""

NOT_RUN = ("dependsOn", "nodeOverrides", "eksPropertiesOverride", "ecsPropertiesOverride", "shareIdentifier")
"""What a job can be submitted with that the embedded AWS would not do."""


class BatchBackend(BaseBackend):
    """`machine` is set once, when the server starts."""

    machine: Machine

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.lock = threading.RLock()
        self.environments: dict[str, Record] = {}
        self.queues: dict[str, Record] = {}
        self.definitions: dict[str, list[Definition]] = {}
        self.jobs: dict[str, Job] = {}
        self.runs = Runs(self)

    # compute environments

    def create_environment(self, request: Mapping[str, Any]) -> Record:
        name = request["computeEnvironmentName"]
        check_name(name)
        batch_checks.check_environment(request)
        role = request.get("serviceRole")  # the provider sends an empty one for none
        if role:
            batch_checks.check_service_role(self.account_id, self.partition, role)
        record = batch_records.environment(
            request,
            self._arn("compute-environment", name),
            self._arn("cluster", f"AWSBatch-{name}", service="ecs"),
            role or self._service_linked_role(),
            batch_checks.unhealthy(
                self.account_id, self.partition, self.region_name, request.get("computeResources", {})
            ),
        )
        with self.lock:
            if name in self.environments:
                raise refused("Object already exists")
            self.environments[name] = record
        return record

    def update_environment(self, request: Mapping[str, Any]) -> Record:
        with self.lock:
            record = self.environment(request["computeEnvironment"])
            changed = {
                key: value
                for key, value in request.items()
                if key not in ("computeEnvironment", "computeResources")
            }
            record.content.update(changed)
            record.content["computeResources"].update(request.get("computeResources", {}))
        self.runs.dispatch()
        return record

    def delete_environment(self, identifier: str) -> None:
        with self.lock:
            try:
                record = self.environment(identifier)
            except Fault:
                return  # Batch says nothing of what is not there
            if record.content["state"] != "DISABLED":
                raise refused("Cannot delete, resource must be in DISABLED state")
            if any(self._relates(queue, record) for queue in self.queues.values()):
                raise refused("Cannot delete, found existing JobQueue relationship")
            del self.environments[record.name]

    def _relates(self, queue: Record, environment: Record) -> bool:
        left = queue.left.get(environment.arn)
        lingers = left is not None and self.machine.clock() - left < LINGERS
        return environment.arn in queue.environments or lingers

    def environment(self, identifier: str) -> Record:
        """By name or ARN."""
        return found(self.environments, identifier)

    # queues

    def create_queue(self, request: Mapping[str, Any]) -> Record:
        name = request["jobQueueName"]
        check_name(name)
        with self.lock:
            if name in self.queues:
                raise refused("Object already exists")
            content = {
                "state": "ENABLED",
                "jobStateTimeLimitActions": [],
                **{key: value for key, value in request.items() if key != "tags"},
                "computeEnvironmentOrder": self._order(request.get("computeEnvironmentOrder", [])),
                "tags": dict(request.get("tags", {})),
                "status": "VALID",
                "statusReason": "JobQueue Healthy",
                "jobQueueType": "ECS",
            }
            self.queues[name] = Record(name, self._arn("job-queue", name), content)
            return self.queues[name]

    def update_queue(self, request: Mapping[str, Any]) -> Record:
        with self.lock:
            record = self.queue(request["jobQueue"])
            changed = {key: value for key, value in request.items() if key != "jobQueue"}
            if "computeEnvironmentOrder" in changed:
                changed["computeEnvironmentOrder"] = self._order(changed["computeEnvironmentOrder"])
            before = record.environments
            record.content.update(changed)
            record.left.update(dict.fromkeys(before - record.environments, self.machine.clock()))
        self.runs.dispatch()
        return record

    def delete_queue(self, identifier: str) -> None:
        """Its jobs that wait are cancelled, those that run are ended, as Batch does."""
        with self.lock:
            try:
                record = self.queue(identifier)
            except Fault:
                return
            if record.content["state"] != "DISABLED":
                raise refused("Cannot delete, resource must be in DISABLED state")
            del self.queues[record.name]
            left = [job for job in self.jobs.values() if job.queue == record.name and not job.ended]
        for job in left:
            self.runs.terminate(job, "JobQueue was deleted")

    def queue(self, identifier: str) -> Record:
        """By name or ARN."""
        return found(self.queues, identifier)

    def _order(self, sent: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        order = [
            {"order": one["order"], "computeEnvironment": self.environment(one["computeEnvironment"]).arn}
            for one in sent
        ]
        if not order:
            raise refused("computeEnvironmentOrder must not be empty")
        return sorted(order, key=lambda one: one["order"])

    # definitions

    def register_definition(self, request: Mapping[str, Any]) -> Definition:
        name = request["jobDefinitionName"]
        check_name(name)
        batch_checks.check_definition(request)
        with self.lock:
            revisions = self.definitions.setdefault(name, [])
            revision = len(revisions) + 1
            arn = self._arn("job-definition", f"{name}:{revision}")
            revisions.append(Definition(name, revision, arn, request))
            return revisions[-1]

    def deregister_definition(self, identifier: str) -> None:
        with self.lock:
            one = self.definition(identifier)
            self.definitions[one.name][one.revision - 1] = replace(one, status="INACTIVE")

    def definition(self, identifier: str) -> Definition:
        """By ARN, `name:revision`, or name: then the newest active revision."""
        name, _, revision = identifier.rpartition("/")[2].partition(":")
        revisions = self.definitions.get(name, [])
        fitting = [
            one
            for one in revisions
            if (str(one.revision) == revision if revision else one.status == "ACTIVE")
        ]
        if not fitting:
            raise refused(f"JobDefinition {identifier} not found.")
        return fitting[-1]

    # jobs

    def submit(self, request: Mapping[str, Any]) -> Job:
        check_name(request["jobName"])
        for key in NOT_RUN:
            if request.get(key):
                raise NotModelled("batch", "SubmitJob", f"with {key}")
        with self.lock:
            queue = self.queue(request["jobQueue"])
            if queue.content["state"] != "ENABLED":
                raise refused(f"JobQueue {queue.arn} is not ENABLED")
            definition = self.definition(request["jobDefinition"])
            if definition.status != "ACTIVE":
                raise refused(f"JobDefinition {definition.arn} is not ACTIVE.")
            size = request.get("arrayProperties", {}).get("size")
            if size is not None and not 2 <= size <= 10_000:
                raise refused("Array size must be between 2 and 10000.")
            job = self._job(str(uuid.uuid4()), queue, definition, request)
            job.children = [
                self._job(f"{job.id}:{index}", queue, definition, request, index, size)
                for index in range(size or 0)
            ]
            self.jobs.update({one.id: one for one in (job, *job.children)})
        self.runs.enter(job)
        return job

    def job(self, identifier: str) -> Job:
        """By id."""
        if identifier not in self.jobs:
            raise refused(f"Job {identifier} not found.")
        return self.jobs[identifier]

    def running(self, identifier: str) -> Job | None:
        """By id, by name, or by queue: then the newest that has not ended; None where there is none."""
        with self.lock:
            if identifier in self.jobs:
                return self.jobs[identifier]
            named = [
                job
                for job in self.jobs.values()
                if identifier in (job.name, job.queue) and job.index is None and not job.ended
            ]
        return named[-1] if named else None

    def _job(
        self,
        identifier: str,
        queue: Record,
        definition: Definition,
        request: Mapping[str, Any],
        index: int | None = None,
        size: int = 0,
    ) -> Job:
        return Job(
            identifier,
            self._arn("job", identifier),
            queue.name,
            queue.arn,
            definition,
            request,
            self.machine.clock(),
            dict(request.get("tags", {})),
            index,
            array_size=size,
        )

    # tags

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of what `arn` names, to read and to change."""
        with self.lock:
            for record in (*self.environments.values(), *self.queues.values()):
                if record.arn == arn:
                    kept: dict[str, str] = record.content["tags"]
                    return kept
            for revisions in self.definitions.values():
                for definition in revisions:
                    if definition.arn == arn:
                        kept = definition.request["tags"]
                        return kept
            for job in self.jobs.values():
                if job.arn == arn:
                    return job.tags
        raise refused(f"Resource {arn} not found.")

    def _arn(self, kind: str, name: str, service: str = "batch") -> str:
        return f"arn:{self.partition}:{service}:{self.region_name}:{self.account_id}:{kind}/{name}"

    def _service_linked_role(self) -> str:
        path = "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch"
        return f"arn:{self.partition}:iam::{self.account_id}:role/{path}"


batch_backends = BackendDict(BatchBackend, "batch")
