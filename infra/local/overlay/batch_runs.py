"""What goes on in a Batch queue: jobs find room in its environments, run as processes, and are tried again."""

import logging
import secrets
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, cast

from infra.local.job_container import JobContainer
from infra.local.overlay import batch_events
from infra.local.overlay.batch_jobs import EXITED, TIMED_OUT, Attempt, Job, Placement, is_followed
from infra.local.overlay.batch_views import attempt_of
from infra.local.telemetry import LogStream

if TYPE_CHECKING:
    from infra.local.overlay.batch import BatchBackend
    from infra.local.overlay.batch_records import Record

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
SECONDS = 60
"""How often a queue looks for jobs that wait in vain."""
TOO_LARGE = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
"""Batch's word for a job that asks for more than the environments of its queue may ever have."""


class Runs:
    """The jobs of one backend that wait and run."""

    def __init__(self, backend: "BatchBackend") -> None:
        self._backend = backend
        self._used: dict[str, float] = {}

    def enter(self, job: Job) -> None:
        """A job was submitted: it, or each of its children, may run as soon as there is room."""
        with self._backend.lock:
            for one in job.children or [job]:
                self._become(one, "RUNNABLE")
            if job.children:
                self._become(job, "PENDING")
        self.dispatch()

    def dispatch(self) -> None:
        """Start what there is room for, the oldest first."""
        with self._backend.lock:
            for job in list(self._backend.jobs.values()):
                if job.status != "RUNNABLE" or job.children or job.attempt is not None:
                    continue
                place = self._place(job)
                if place is not None:
                    self._begin(job, place)

    def terminate(self, job: Job, reason: str, only_waiting: bool = False) -> None:
        """End a job, and its children; with `only_waiting` only what has not started."""
        for one in job.children or [job]:
            with self._backend.lock:
                if one.attempt is None and not one.ended:
                    one.cancelled, one.terminated = only_waiting, not only_waiting
                    self._end(one, "FAILED", reason)
                    continue
                attempt = one.attempt
                if attempt is None or only_waiting:
                    continue
                one.terminated = True
                attempt.ended_by, attempt.final = reason, True
            if attempt.container is not None:
                threading.Thread(target=attempt.container.stop, daemon=True).start()

    def interrupt(self, jobs: Iterable[Job]) -> list[str]:
        """Take away the instances that `jobs` run on, as AWS reclaims a spot instance; whose they were."""
        taken = []
        for job in jobs:
            attempt = job.attempt
            if attempt is not None and attempt.container is not None and attempt.ended_by is None:
                attempt.ended_by = f"Host EC2 (instance {attempt.placement.instance_id}) terminated."
                attempt.container.kill()
                taken.append(job.id)
        return taken

    def watch(self, now: datetime) -> None:
        """Do what the queues say of jobs that wait in vain."""
        with self._backend.lock:
            for job in list(self._backend.jobs.values()):
                queue = self._backend.queues.get(job.queue)
                if job.status != "RUNNABLE" or job.children or queue is None or self._ever_fits(job, queue):
                    continue
                job.reason = f"{TOO_LARGE} - the job asks for more vCPUs than its environments may have."
                for action in queue.content["jobStateTimeLimitActions"]:
                    waited = (now - (job.since or now)).total_seconds()
                    if action["reason"] == TOO_LARGE and waited >= action["maxTimeSeconds"]:
                        job.cancelled = True
                        self._end(job, "FAILED", TOO_LARGE)
                        break

    # where a job runs

    def _environments(self, queue: "Record") -> Iterator["Record"]:
        for one in queue.content["computeEnvironmentOrder"]:
            record = self._backend.environments.get(one["computeEnvironment"].rpartition("/")[2])
            if record is not None and record.is_enabled:
                yield record

    def _ever_fits(self, job: Job, queue: "Record") -> bool:
        return any(
            job.resources["VCPU"] <= one.content["computeResources"]["maxvCpus"]
            for one in self._environments(queue)
        )

    def _place(self, job: Job) -> Placement | None:
        queue = self._backend.queues.get(job.queue)
        for one in self._environments(queue) if queue is not None else ():
            room = one.content["computeResources"]["maxvCpus"] - self._used.get(one.name, 0)
            if job.resources["VCPU"] <= room:
                instance = f"i-{secrets.token_hex(9)[:17]}"
                return Placement(one.name, one.content["ecsClusterArn"], instance)
        return None

    # one attempt

    def _begin(self, job: Job, place: Placement) -> None:
        self._used[place.environment] = self._used.get(place.environment, 0) + job.resources["VCPU"]
        attempt = job.attempt = job.new_attempt(place, self._backend.machine.clock())
        self._become(job, "STARTING")
        threading.Thread(target=self._run, args=(job, attempt), daemon=True).start()

    def _run(self, job: Job, attempt: Attempt) -> None:
        exit_code, reason = None, ""
        try:
            exit_code = self._work(job, attempt)
            reason = attempt.ended_by or EXITED
        except OSError as error:
            reason = f"CannotStartContainerError: {error}"
        except Exception:
            log.exception("job %s", job.id)
            reason = "CannotStartContainerError: see `modelyard local logs`"
        with self._backend.lock:
            environment = attempt.placement.environment
            self._used[environment] -= job.resources["VCPU"]
            now = self._backend.machine.clock()
            lost = attempt.ended_by is not None and attempt.ended_by.startswith("Host EC2")
            job.attempts.append(attempt_of(attempt, None if lost else exit_code, reason, now))
            job.attempt = None
            self._conclude(job, attempt, None if lost else exit_code, reason)
        self.dispatch()

    def _work(self, job: Job, attempt: Attempt) -> int | None:
        backend = self._backend
        stream = LogStream(
            backend.account_id, backend.region_name, job.log_group, attempt.stream, backend.machine.clock
        )
        container = JobContainer(
            backend.machine,
            job.command,
            job.variables(attempt.placement),
            backend.region_name,
            stream.write,
        )
        try:
            with backend.lock:
                attempt.container = container
                job.started = attempt.started
                self._become(job, "RUNNING")
                ended = attempt.ended_by is not None
            if ended:  # it was terminated while it was starting
                container.stop()
            return self._await(job, attempt, container)
        finally:
            container.remove()

    def _await(self, job: Job, attempt: Attempt, container: JobContainer) -> int | None:
        limit, waited = job.timeout_seconds, 0.0
        while (code := container.wait(POLL_SECONDS)) is None:
            waited += POLL_SECONDS
            if limit is not None and waited >= limit and attempt.ended_by is None:
                attempt.ended_by, attempt.final = TIMED_OUT, True
                container.stop()
        return code

    def _conclude(self, job: Job, attempt: Attempt, exit_code: int | None, reason: str) -> None:
        if exit_code == 0 and attempt.ended_by is None:
            self._end(job, "SUCCEEDED", reason)
        elif not attempt.final and is_followed(job.retry_strategy, len(job.attempts), reason, exit_code):
            job.reason = reason
            self._become(job, "RUNNABLE")
        else:
            self._end(job, "FAILED", reason)

    # states

    def _end(self, job: Job, status: str, reason: str) -> None:
        job.reason, job.stopped = reason, self._backend.machine.clock()
        self._become(job, status)
        if job.index is None:
            return
        parent = self._backend.jobs[job.id.rpartition(":")[0]]
        if all(child.ended for child in parent.children) and not parent.ended:
            failed = any(child.status == "FAILED" for child in parent.children)
            parent.stopped = job.stopped
            parent.reason = "Array Child Job failed" if failed else "Array Child Job finished"
            self._become(parent, "FAILED" if failed else "SUCCEEDED")

    def _become(self, job: Job, status: str) -> None:
        backend = self._backend
        job.status, job.since = status, backend.machine.clock()
        batch_events.tell(backend.account_id, backend.region_name, job, job.since)


def watch(now: datetime) -> None:
    """What every queue has to do as time goes by."""
    from infra.local.overlay.batch import batch_backends

    for _, _, backend in list(batch_backends.iter_backends()):
        cast("BatchBackend", backend).runs.watch(now)
