"""Scaling that is taken off an endpoint for as long as SageMaker wants it so, and put back as it was."""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from infra.connection import Connection
from infra.naming import VARIANT

Say = Callable[[str], None]
Description = Mapping[str, Any]

_SET = re.compile(r"^Setting desired instance count to (\d+)\.")
"""What an activity says that it did: it has no field for it."""

_NAMESPACE = {"ServiceNamespace": "sagemaker"}
_TARGET = ("ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity", "SuspendedState", "Tags")
_POLICY = (
    "PolicyName",
    "ResourceId",
    "ScalableDimension",
    "PolicyType",
    "StepScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration",
)
_ACTION = (
    "ScheduledActionName",
    "ResourceId",
    "ScalableDimension",
    "Schedule",
    "Timezone",
    "StartTime",
    "EndTime",
    "ScalableTargetAction",
)
"""What the requests that make them take of what the answers say of them."""


def targets(endpoint: str, connection: Connection) -> list[Description]:
    """What is registered of an endpoint's variant; none where it is not scaled."""
    client = connection.client("application-autoscaling")
    resource = f"endpoint/{endpoint}/variant/{VARIANT}"
    found: list[Description] = client.describe_scalable_targets(**_NAMESPACE, ResourceIds=[resource])[
        "ScalableTargets"
    ]
    return found


def changes(endpoint: str, connection: Connection) -> list[tuple[datetime.datetime, int]]:
    """When its scaling gave an endpoint how many instances, in their order; AWS remembers six weeks of it."""
    pages = connection.client("application-autoscaling").get_paginator("describe_scaling_activities")
    found = []
    for page in pages.paginate(**_NAMESPACE, ResourceId=f"endpoint/{endpoint}/variant/{VARIANT}"):
        for activity in page["ScalingActivities"]:
            wanted = _SET.search(activity["Description"])
            if wanted is not None and activity["StatusCode"] == "Successful":
                found.append((activity.get("EndTime", activity["StartTime"]), int(wanted[1])))
    return sorted(found)


@contextmanager
def suspended(endpoints: Iterable[str], connection: Connection, say: Say) -> Iterator[None]:
    """Have these endpoints not registered as scalable for the length of a `with`, whatever becomes of it.

    Killed in between, it is the next deploy that finds the targets gone and makes them again.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    client = connection.client("application-autoscaling")
    kept = [one for endpoint in endpoints for one in _read(endpoint, connection)]
    for target, _, _ in kept:
        say(
            f"{_name(target)}: SageMaker changes the type of instances only while they are not scaled: deregistering"
        )
        client.deregister_scalable_target(**_NAMESPACE, **_some(target, ("ResourceId", "ScalableDimension")))
    try:
        yield
    finally:
        for target, policies, actions in kept:
            try:
                _put_back(target, policies, actions, connection)
            except (BotoCoreError, ClientError) as error:
                say(f"{_name(target)} could not be registered as scalable again: {error}. Deploy once more.")
            else:
                say(f"{_name(target)}: scaled again as before")


def _put_back(
    target: Description,
    policies: Iterable[Description],
    actions: Iterable[Description],
    connection: Connection,
) -> None:
    client = connection.client("application-autoscaling")
    client.register_scalable_target(**_NAMESPACE, **_some(target, _TARGET))
    for policy in policies:
        arn = client.put_scaling_policy(**_NAMESPACE, **_some(policy, _POLICY))["PolicyARN"]
        # A step policy's alarms are ours, and name it by an ARN that is another each time; AWS makes the others itself.
        if policy["PolicyType"] == "StepScaling":
            _point(policy, arn, connection)
    for action in actions:
        client.put_scheduled_action(**_NAMESPACE, **_some(action, _ACTION))


def _point(policy: Description, arn: str, connection: Connection) -> None:
    """Have the alarms that called the policy under its old ARN call it under the new one."""
    cloudwatch = connection.client("cloudwatch")
    takes = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    for page in cloudwatch.get_paginator("describe_alarms").paginate():
        for alarm in page["MetricAlarms"]:
            if policy["PolicyARN"] in alarm.get("AlarmActions", ()):
                actions = [arn if one == policy["PolicyARN"] else one for one in alarm["AlarmActions"]]
                cloudwatch.put_metric_alarm(**_some({**alarm, "AlarmActions": actions}, takes))


def _read(
    endpoint: str, connection: Connection
) -> Iterator[tuple[Description, list[Description], list[Description]]]:
    client = connection.client("application-autoscaling")
    for target in targets(endpoint, connection):
        here = {**_NAMESPACE, **_some(target, ("ResourceId", "ScalableDimension"))}
        # A target that is gone has no tags left.
        tags = client.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"]
        yield (
            {**target, "Tags": tags},
            client.describe_scaling_policies(**here)["ScalingPolicies"],
            client.describe_scheduled_actions(**here)["ScheduledActions"],
        )


def _name(target: Description) -> str:
    return str(target["ResourceId"]).split("/")[1]


def _some(description: Description, keys: Iterable[str]) -> dict[str, Any]:
    return {key: description[key] for key in keys if description.get(key) is not None}
