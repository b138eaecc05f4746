"""The requests and answers of Application Auto Scaling, in the shape of moto's response methods."""

import uuid
from datetime import UTC, datetime
from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import ActionResult, EmptyResult

from infra.local import schedules
from infra.local.overlay import scaling_metrics, scaling_timetables
from infra.local.overlay.alarms import Watch
from infra.local.overlay.capacities import CAPACITIES
from infra.local.overlay.faults import NotModelled
from infra.local.overlay.scaling_engine import TRACKING
from infra.local.overlay.scaling_policies import check_policy
from infra.local.overlay.scaling_registry import Place, Policy, ScalingBackend, Target, Timetable
from infra.local.overlay.scaling_requests import (
    ScalingError,
    absent,
    backend_of,
    invalid,
    matches,
    page,
    place_of,
    request_of,
)

CONFIGURATIONS = {
    TRACKING: "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}


def register_scalable_target(self: ApplicationAutoScalingResponse) -> ActionResult:
    request = request_of(self)
    place, backend = place_of(request), backend_of(self)
    with backend.lock:
        target = backend.targets.get(place)
        minimum = request.get("MinCapacity", target.minimum if target else None)
        maximum = request.get("MaxCapacity", target.maximum if target else None)
        if minimum is None or maximum is None:
            raise invalid(
                "Both MinCapacity and MaxCapacity must be specified when a target is registered first."
            )
        if minimum > maximum:
            raise invalid("Maximum capacity cannot be less than minimum capacity.")
        refusal = CAPACITIES[place.dimension].refusal(backend.account_id, backend.region_name, place, minimum)
        if refusal is not None:
            raise invalid(refusal)
        if target is None:
            target = backend.targets[place] = Target(
                place,
                f"arn:{backend.partition}:application-autoscaling:{backend.region_name}:{backend.account_id}"
                f":scalable-target/{uuid.uuid4()}",
                request.get("RoleARN") or _role(backend, place),
                minimum,
                maximum,
                Watch.machine.clock(),
            )
        target.minimum, target.maximum = minimum, maximum
        target.suspended.update(request.get("SuspendedState") or {})
        target.tags.update(request.get("Tags") or {})
        target.moved = "RegisterScalableTarget"
        return ActionResult({"ScalableTargetARN": target.arn})


def deregister_scalable_target(self: ApplicationAutoScalingResponse) -> ActionResult:
    """With AWS's class of error: else a destroy fails on a target that is gone."""
    backend, place = backend_of(self), place_of(request_of(self))
    with backend.lock:
        if place not in backend.targets:
            raise absent(f"No scalable target found for {place}")
        backend.forget(backend.targets[place])
    return EmptyResult()


def describe_scalable_targets(self: ApplicationAutoScalingResponse) -> ActionResult:
    request = request_of(self)
    found = [
        {
            **target.place.shown(),
            "MinCapacity": target.minimum,
            "MaxCapacity": target.maximum,
            "RoleARN": target.role_arn,
            "CreationTime": target.created,
            "SuspendedState": target.suspended,
            "ScalableTargetARN": target.arn,
        }
        for target in backend_of(self).targets.values()
        if matches(target.place, request)
        and target.place.resource_id in (request.get("ResourceIds") or [target.place.resource_id])
    ]
    return page(request, "ScalableTargets", found)


def put_scaling_policy(self: ApplicationAutoScalingResponse) -> ActionResult:
    request = request_of(self)
    place, backend, name = place_of(request), backend_of(self), request["PolicyName"]
    with backend.lock:
        if place not in backend.targets:
            raise absent(f"No scalable target registered for {place}")
        before = backend.policies.get((place, name))
        kind = request.get("PolicyType") or (before.kind if before else "StepScaling")
        if kind not in CONFIGURATIONS:
            raise NotModelled("application-autoscaling", "PutScalingPolicy", f"of type {kind}")
        configuration = request.get(CONFIGURATIONS[kind])
        if configuration is None:
            raise invalid(f"{CONFIGURATIONS[kind]} is required for a policy of type {kind}.")
        others = [policy for policy in backend.policies_of(place) if policy.name != name]
        if (refusal := check_policy(kind, configuration, place, others)) is not None:
            raise invalid(refusal)
        if before is not None:
            scaling_metrics.delete_alarms(backend.account_id, backend.region_name, before)
        arn = before.arn if before else backend.arn_of("scalingPolicy", place, f"policyName/{name}")
        created = before.created if before else Watch.machine.clock()
        policy = backend.policies[place, name] = Policy(name, arn, place, kind, configuration, created)
        if kind == TRACKING:
            scaling_metrics.make_alarms(backend.account_id, backend.region_name, policy)
        return ActionResult({"PolicyARN": policy.arn, "Alarms": _alarms(backend, policy)})


def delete_scaling_policy(self: ApplicationAutoScalingResponse) -> ActionResult:
    request = request_of(self)
    backend, place, name = backend_of(self), place_of(request), request["PolicyName"]
    with backend.lock:
        if (place, name) not in backend.policies:
            raise absent(f"No scaling policy found for {place}, policy name: {name}")
        scaling_metrics.delete_alarms(
            backend.account_id, backend.region_name, backend.policies.pop((place, name))
        )
    return EmptyResult()


def describe_scaling_policies(self: ApplicationAutoScalingResponse) -> ActionResult:
    request, backend = request_of(self), backend_of(self)
    found = [
        {
            "PolicyARN": policy.arn,
            "PolicyName": policy.name,
            **policy.place.shown(),
            "PolicyType": policy.kind,
            CONFIGURATIONS[policy.kind]: policy.configuration,
            "Alarms": _alarms(backend, policy),
            "CreationTime": policy.created,
        }
        for policy in backend.policies.values()
        if matches(policy.place, request) and policy.name in (request.get("PolicyNames") or [policy.name])
    ]
    return page(request, "ScalingPolicies", found)


def put_scheduled_action(self: ApplicationAutoScalingResponse) -> ActionResult:
    request = request_of(self)
    place, backend, name = place_of(request), backend_of(self), request["ScheduledActionName"]
    for key in ("StartTime", "EndTime"):
        if request.get(key) is not None:
            request[key] = _moment(request[key])
    with backend.lock:
        if place not in backend.targets:
            raise absent(f"No scalable target registered for {place}")
        before = backend.timetables.get((place, name))
        kept = {**(before.request if before else {}), **request}
        action = kept.get("ScalableTargetAction") or {}
        if "Schedule" not in kept or not action:
            raise invalid("Schedule and ScalableTargetAction are required for a new scheduled action.")
        if action.get("MinCapacity", 0) > action.get("MaxCapacity", 2**31):
            raise invalid("Maximum capacity cannot be less than minimum capacity.")
        now = Watch.machine.clock()
        arn = (
            before.arn if before else backend.arn_of("scheduledAction", place, f"scheduledActionName/{name}")
        )
        timetable = Timetable(name, arn, place, kept, before.created if before else now, None)
        try:
            timetable.due = scaling_timetables.next_due(timetable, now)
        except schedules.InvalidSchedule as error:
            raise invalid(f"Invalid schedule: {error}.") from None
        backend.timetables[place, name] = timetable
    return EmptyResult()


def delete_scheduled_action(self: ApplicationAutoScalingResponse) -> ActionResult:
    request = request_of(self)
    backend, place, name = backend_of(self), place_of(request), request["ScheduledActionName"]
    with backend.lock:
        if backend.timetables.pop((place, name), None) is None:
            raise absent(f"No scheduled action found for {place}, scheduled action name: {name}")
    return EmptyResult()


def describe_scheduled_actions(self: ApplicationAutoScalingResponse) -> ActionResult:
    request = request_of(self)
    found = [
        {
            **timetable.request,
            "ScheduledActionARN": timetable.arn,
            "CreationTime": timetable.created,
        }
        for timetable in backend_of(self).timetables.values()
        if matches(timetable.place, request)
        and timetable.name in (request.get("ScheduledActionNames") or [timetable.name])
    ]
    return page(request, "ScheduledActions", found)


def describe_scaling_activities(self: ApplicationAutoScalingResponse) -> ActionResult:
    """The newest first, as on AWS."""
    request, backend = request_of(self), backend_of(self)
    with backend.lock:
        everything = [
            *backend.past,
            *(activity for target in backend.targets.values() for activity in target.activities),
        ]
    wanted = [
        activity
        for activity in everything
        if matches(activity.place, request)
        and (activity.not_scaled is None or request.get("IncludeNotScaledActivities"))
    ]
    wanted.reverse()  # of two at one time the later is the newer
    wanted.sort(key=lambda activity: activity.started, reverse=True)
    return page(request, "ScalingActivities", [activity.shown() for activity in wanted])


def list_tags_for_resource(self: ApplicationAutoScalingResponse) -> ActionResult:
    return ActionResult({"Tags": _tags(self)})


def tag_resource(self: ApplicationAutoScalingResponse) -> ActionResult:
    _tags(self).update(request_of(self)["Tags"])
    return EmptyResult()


def untag_resource(self: ApplicationAutoScalingResponse) -> ActionResult:
    tags = _tags(self)
    for key in request_of(self)["TagKeys"]:
        tags.pop(key, None)
    return EmptyResult()


def _alarms(backend: ScalingBackend, policy: Policy) -> list[dict[str, str]]:
    known = cloudwatch_backends[backend.account_id][backend.region_name].alarms
    return [{"AlarmName": name, "AlarmARN": known[name].alarm_arn} for name in policy.alarms if name in known]


def _tags(self: ApplicationAutoScalingResponse) -> dict[str, str]:
    arn = request_of(self)["ResourceARN"]
    for target in backend_of(self).targets.values():
        if target.arn == arn:
            return target.tags
    raise ScalingError("ResourceNotFoundException", f"No scalable target found for ARN {arn}.")


def _role(backend: ScalingBackend, place: Place) -> str:
    """The service-linked role that AWS makes."""
    return (
        f"arn:{backend.partition}:iam::{backend.account_id}:role/aws-service-role/"
        f"{place.namespace}.application-autoscaling.amazonaws.com/"
        f"AWSServiceRoleForApplicationAutoScaling_{CAPACITIES[place.dimension].role}"
    )


def _moment(value: Any) -> datetime:
    return (
        datetime.fromtimestamp(value, UTC)
        if isinstance(value, int | float)
        else datetime.fromisoformat(value).astimezone(UTC)
    )


OPERATIONS = {
    function.__name__: function
    for function in (
        register_scalable_target,
        deregister_scalable_target,
        describe_scalable_targets,
        put_scaling_policy,
        delete_scaling_policy,
        describe_scaling_policies,
        put_scheduled_action,
        delete_scheduled_action,
        describe_scheduled_actions,
        describe_scaling_activities,
        list_tags_for_resource,
        tag_resource,
        untag_resource,
    )
}
