"""What Batch keeps under a name: compute environments and queues, and what it shows of them."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.local.overlay.faults import Fault

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def refused(message: str) -> Fault:
    """Batch's one error for whatever a client did wrong."""
    return Fault(400, "ClientException", message)


@dataclass
class Record:
    """A compute environment or a queue; `content` is what Batch shows of it.

    `left` are the ARNs of the environments that a queue no longer has, and since when.
    """

    name: str
    arn: str
    content: dict[str, Any]
    left: dict[str, datetime] = field(default_factory=dict)

    @property
    def is_enabled(self) -> bool:
        """Whether jobs may use it."""
        return bool(self.content["state"] == "ENABLED" and self.content["status"] == "VALID")

    @property
    def environments(self) -> set[str]:
        """The ARNs of those of a queue."""
        return {one["computeEnvironment"] for one in self.content["computeEnvironmentOrder"]}


def check_name(name: str) -> None:
    """Raise where Batch takes no such name."""
    if NAME.fullmatch(name) is None:
        raise refused(
            f"{name!r} is no valid name: letters, digits, hyphens and underscores, at most 128, a letter or digit first"
        )


def found(records: Mapping[str, Record], identifier: str) -> Record:
    """By name or ARN."""
    name = identifier.rpartition("/")[2]
    if name not in records or identifier not in (name, records[name].arn):
        raise refused(f"{identifier} does not exist")
    return records[name]


def environment(
    request: Mapping[str, Any], arn: str, cluster: str, service_role: str, finding: str | None
) -> Record:
    """A new compute environment, as it was sent and with what Batch adds; `finding` is why it is INVALID."""
    resources = dict(request.get("computeResources", {}))
    if resources:
        image = {"imageType": "ECS_AL2023"}  # what Batch chooses, and then shows
        resources = {"desiredvCpus": resources.get("minvCpus", 0), "ec2Configuration": [image], **resources}
    identity = str(uuid.uuid4())
    content = {
        "state": "ENABLED",
        **{key: value for key, value in request.items() if key != "tags"},
        "computeResources": resources,
        "serviceRole": service_role,
        "tags": dict(request.get("tags", {})),
        "status": "VALID" if finding is None else "INVALID",
        "statusReason": "ComputeEnvironment Healthy" if finding is None else f"CLIENT_ERROR - {finding}",
        "uuid": identity,
        "containerOrchestrationType": "ECS",
        "ecsClusterArn": f"{cluster}-{identity}",
    }
    return Record(request["computeEnvironmentName"], arn, content)
