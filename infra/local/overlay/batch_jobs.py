"""Jobs of AWS Batch: what they are, what they look like, and whether a failed attempt is followed by another."""

import itertools
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.local.job_container import JobContainer

STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
ENDED = frozenset({"SUCCEEDED", "FAILED"})
GROUP = "/aws/batch/job"
"""Where AWS writes the output of jobs whose definition names no group."""

EXITED = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"


@dataclass(frozen=True)
class Definition:
    """One revision of a job definition, as it was registered."""

    name: str
    revision: int
    arn: str
    request: Mapping[str, Any]
    status: str = "ACTIVE"

    @property
    def container(self) -> Mapping[str, Any]:
        """Its containerProperties."""
        properties: Mapping[str, Any] = self.request["containerProperties"]
        return properties


@dataclass(frozen=True)
class Placement:
    """Where an attempt runs: the compute environment, and the instance that is there for it."""

    environment: str
    cluster_arn: str
    instance_id: str


@dataclass
class Attempt:
    """One try of a job; `ended_by` is why somebody else ended it, and `final` that no other shall follow."""

    placement: Placement
    stream: str
    task_arn: str
    started: datetime
    container: JobContainer | None = None
    ended_by: str | None = None
    final: bool = False


@dataclass(eq=False)
class Job:
    """A job, the parent of an array, or one of its children."""

    id: str
    arn: str
    queue: str
    queue_arn: str
    definition: Definition
    request: Mapping[str, Any]
    created: datetime
    tags: dict[str, str]
    index: int | None = None
    children: list["Job"] = field(default_factory=list)
    status: str = "SUBMITTED"
    reason: str | None = None
    since: datetime | None = None
    started: datetime | None = None
    stopped: datetime | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)
    attempt: Attempt | None = None
    cancelled: bool = False
    terminated: bool = False
    array_size: int = 0

    @property
    def name(self) -> str:
        """The job's name, which its children have too."""
        return str(self.request["jobName"])

    @property
    def ended(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.status in ENDED

    @property
    def retry_strategy(self) -> Mapping[str, Any]:
        """The job's own, or its definition's."""
        own = self.request.get("retryStrategy") or self.definition.request.get("retryStrategy")
        return own or {"attempts": 1}

    @property
    def timeout_seconds(self) -> int | None:
        """How long an attempt may take."""
        own = self.request.get("timeout") or self.definition.request.get("timeout") or {}
        return own.get("attemptDurationSeconds")

    @property
    def resources(self) -> dict[str, float]:
        """vCPUs, memory in MiB and GPUs that it asks for, by Batch's names."""
        asked = self.definition.container.get("resourceRequirements", [])
        own = self.request.get("containerOverrides", {}).get("resourceRequirements", [])
        return {one["type"]: float(one["value"]) for one in [*asked, *own]}

    @property
    def command(self) -> list[str]:
        """The words of its command, its parameters filled in."""
        words = self.request.get("containerOverrides", {}).get("command")
        parameters = {**self.definition.request.get("parameters", {}), **self.request.get("parameters", {})}
        return [
            str(parameters.get(word.removeprefix("Ref::"), word)) if word.startswith("Ref::") else word
            for word in (words or self.definition.container.get("command", []))
        ]

    def variables(self, placement: Placement) -> dict[str, str]:
        """What its container finds in its environment."""
        given = itertools.chain(
            self.definition.container.get("environment", []),
            self.request.get("containerOverrides", {}).get("environment", []),
        )
        array = (
            {"AWS_BATCH_JOB_ARRAY_INDEX": str(self.index), "AWS_BATCH_JOB_ARRAY_SIZE": str(self.array_size)}
            if self.index is not None
            else {}
        )
        return {
            **{one["name"]: one["value"] for one in given},
            "AWS_BATCH_JOB_ID": self.id,
            "AWS_BATCH_JOB_ATTEMPT": str(len(self.attempts) + 1),
            "AWS_BATCH_CE_NAME": placement.environment,
            "AWS_BATCH_JQ_NAME": self.queue,
            **array,
        }

    def new_attempt(self, placement: Placement, now: datetime) -> Attempt:
        """The next attempt, not started."""
        task = uuid.uuid4().hex
        options = self.definition.container.get("logConfiguration", {}).get("options", {})
        prefix = options.get("awslogs-stream-prefix", self.definition.name)
        arn = placement.cluster_arn.replace(":cluster/", ":task/")
        return Attempt(placement, f"{prefix}/default/{task}", f"{arn}/{task}", now)

    @property
    def log_group(self) -> str:
        """Where its output goes."""
        options = self.definition.container.get("logConfiguration", {}).get("options", {})
        return str(options.get("awslogs-group", GROUP))


def is_followed(strategy: Mapping[str, Any], tried: int, status_reason: str, exit_code: int | None) -> bool:
    """Whether Batch tries again after `tried` attempts, the last of which failed so.

    The first rule decides that fits in all that it names; where none fits, it is tried again.
    """
    if tried >= strategy.get("attempts", 1):
        return False
    found = {
        "onStatusReason": status_reason,
        "onReason": "",
        "onExitCode": "" if exit_code is None else str(exit_code),
    }
    for rule in strategy.get("evaluateOnExit", []):
        if all(_fits(rule[key], found[key]) for key in found if key in rule):
            return bool(rule["action"].upper() == "RETRY")
    return True


def _fits(pattern: str, text: str) -> bool:
    """Whether a glob with at most one asterisk, at its end, fits."""
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
