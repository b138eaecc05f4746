"""What Application Auto Scaling keeps: scalable targets, their policies, timetables and activities."""

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.sagemaker.exceptions import ValidationError

MOST_ACTIVITIES = 1000
"""Of one target; AWS keeps those of six weeks."""


@dataclass(frozen=True, order=True)
class Place:
    """What is scaled: a dimension of a resource."""

    namespace: str
    resource_id: str
    dimension: str

    def shown(self) -> dict[str, str]:
        """As every answer has it."""
        return {
            "ServiceNamespace": self.namespace,
            "ResourceId": self.resource_id,
            "ScalableDimension": self.dimension,
        }

    def __str__(self) -> str:
        return (
            f"service namespace: {self.namespace}, resource ID: {self.resource_id}, "
            f"scalable dimension: {self.dimension}"
        )


@dataclass
class Activity:
    """One change of a capacity, or why there was none."""

    place: Place
    description: str
    cause: str
    started: datetime
    wanted: int | None = None
    status: str = "InProgress"
    message: str = ""
    ended: datetime | None = None
    not_scaled: dict[str, Any] | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def end(self, status: str, message: str, now: datetime) -> None:
        """It is over."""
        self.status, self.message, self.ended = status, message, now

    def shown(self) -> dict[str, Any]:
        """As DescribeScalingActivities has it."""
        return {
            "ActivityId": self.id,
            **self.place.shown(),
            "Description": self.description,
            "Cause": self.cause,
            "StartTime": self.started,
            "StatusCode": self.status,
            **({"StatusMessage": self.message} if self.message else {}),
            **({"EndTime": self.ended} if self.ended else {}),
            **({"NotScaledReasons": [self.not_scaled]} if self.not_scaled else {}),
        }


@dataclass(frozen=True)
class Cooldown:
    """What goes on after a change until `until`: outwards, the capacity that it began with still counts."""

    until: datetime
    began_with: int


@dataclass
class Policy:
    """A scaling policy: its configuration as sent, and the names of the alarms that AWS made for it."""

    name: str
    arn: str
    place: Place
    kind: str
    configuration: dict[str, Any]
    created: datetime
    alarms: list[str] = field(default_factory=list)


@dataclass
class Timetable:
    """A scheduled action: the request as sent, and when it is due next."""

    name: str
    arn: str
    place: Place
    request: dict[str, Any]
    created: datetime
    due: datetime | None


@dataclass
class Target:
    """What may be scaled between which bounds, and how it goes."""

    place: Place
    arn: str
    role_arn: str
    minimum: int
    maximum: int
    created: datetime
    suspended: dict[str, bool] = field(
        default_factory=lambda: {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        }
    )
    tags: dict[str, str] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)
    under_way: tuple[Activity, int, int] | None = None
    """The change that goes on, the capacity that it began with, and its cooldown in seconds."""
    grown: float = 0.0
    """When the last change outwards was done, in seconds since the epoch."""
    out: Cooldown | None = None
    into: Cooldown | None = None
    moved: str | None = None
    """Why the capacity has to come within the bounds, until it has."""

    def remember(self, activity: Activity) -> Activity:
        """Keep it, and forget the oldest."""
        self.activities.append(activity)
        del self.activities[:-MOST_ACTIVITIES]
        return activity

    def clamp(self, capacity: int) -> int:
        """The nearest within the bounds."""
        return min(self.maximum, max(self.minimum, capacity))


class ScalingBackend(BaseBackend):
    """What is scaled in one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.lock = threading.RLock()
        self.targets: dict[Place, Target] = {}
        self.policies: dict[tuple[Place, str], Policy] = {}
        self.timetables: dict[tuple[Place, str], Timetable] = {}
        self.past: list[Activity] = []
        """The activities of targets that are gone."""

    def forget(self, target: Target) -> None:
        """Deregister a target; its policies, their alarms and its timetables go with it."""
        from infra.local.overlay.scaling_metrics import delete_alarms

        for policy in self.policies_of(target.place):
            delete_alarms(self.account_id, self.region_name, policy)
            del self.policies[target.place, policy.name]
        for timetable in [one for one in self.timetables.values() if one.place == target.place]:
            del self.timetables[target.place, timetable.name]
        del self.targets[target.place]
        self.past = [*self.past, *target.activities][-MOST_ACTIVITIES:]

    def policies_of(self, place: Place) -> list[Policy]:
        """The policies of one target."""
        return [policy for policy in self.policies.values() if policy.place == place]

    def policy_of_action(self, action: str) -> Policy | None:
        """The policy that an alarm's action names; the alarms that AWS makes name themselves, too."""
        arn = action.partition(":createdBy/")[0]
        return next((policy for policy in self.policies.values() if policy.arn == arn), None)

    def arn_of(self, kind: str, place: Place, name: str) -> str:
        """A new ARN of a policy or a scheduled action."""
        return (
            f"arn:{self.partition}:autoscaling:{self.region_name}:{self.account_id}:{kind}:{uuid.uuid4()}"
            f":resource/{place.namespace}/{place.resource_id}:{name}"
        )


scaling_backends: BackendDict[ScalingBackend] = BackendDict(ScalingBackend, "application-autoscaling")


def check_update(
    account_id: str, region: str, endpoint: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
    """Raise AWS's error where an update removes a variant that is scaled, or gives it another instance type."""
    backend: ScalingBackend = scaling_backends[account_id][region]
    after = {one["VariantName"]: one.get("InstanceType") for one in new["ProductionVariants"]}
    with backend.lock:
        refused = [
            one["VariantName"]
            for one in old["ProductionVariants"]
            if any(
                place.resource_id == f"endpoint/{endpoint}/variant/{one['VariantName']}"
                for place in backend.targets
            )
            and (one["VariantName"] not in after or after[one["VariantName"]] != one.get("InstanceType"))
        ]
    if refused:
        raise ValidationError(
            f'The variant(s) "{", ".join(refused)}" must be deregistered as scalable targets with AutoScaling before '
            "they can be removed or have their instance type updated."
        )
