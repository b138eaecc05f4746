"""Application Auto Scaling at work: alarms and timetables move capacities between their bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from moto.cloudwatch.models import Alarm, cloudwatch_backends

from infra.local.overlay import alarms, scaling_timetables
from infra.local.overlay.alarm_requests import period_of
from infra.local.overlay.alarm_states import ALARM
from infra.local.overlay.alarms import Firing, request_of
from infra.local.overlay.capacities import CAPACITIES
from infra.local.overlay.scaling_arithmetic import AGGREGATIONS, stepped, tracked
from infra.local.overlay.scaling_registry import (
    Activity,
    Cooldown,
    Place,
    Policy,
    ScalingBackend,
    Target,
    scaling_backends,
)

TRACKING = "TargetTrackingScaling"

Trigger = tuple[Policy, Alarm, Firing | None]
"""A policy and the alarm that it goes by; None where that alarm was on before."""


@dataclass(frozen=True)
class Proposal:
    """What one policy wants, because of one alarm."""

    wanted: int
    policy: Policy
    alarm: Alarm
    firing: Firing | None

    @property
    def cause(self) -> str:
        """In AWS's words."""
        return f"monitor alarm {self.alarm.name} in state ALARM triggered policy {self.policy.name}"


def answer(firings: Sequence[Firing], now: datetime) -> None:
    """Scale by all alarms that go off at one time: per target only the largest wish counts."""
    wishes: dict[tuple[str, str, Place], tuple[ScalingBackend, Target, list[Trigger]]] = {}
    for firing in firings:
        account_id, region = firing.backend.account_id, firing.backend.region_name
        backend = scaling_backends[account_id][region]
        policy = backend.policy_of_action(firing.action)
        target = backend.targets.get(policy.place) if policy is not None else None
        if policy is None or target is None:
            alarms.remember_action(firing, now, f"The scaling policy {firing.action} does not exist.")
            continue
        if firing.changed:
            alarms.remember_action(firing, now, None)
        _, _, triggers = wishes.setdefault((account_id, region, policy.place), (backend, target, []))
        triggers.append((policy, firing.alarm, firing))
    for backend, target, triggered in wishes.values():
        with backend.lock:
            _scale(backend, target, triggered, now)


def beat(now: datetime) -> None:
    """What goes on without alarms: changes that are done, timetables, and bounds that were moved."""
    for _, _, found in list(scaling_backends.iter_backends()):
        backend = cast(ScalingBackend, found)
        with backend.lock:
            for timetable in list(backend.timetables.values()):
                scaling_timetables.follow(backend, timetable, now)
            for target in list(backend.targets.values()):
                if not CAPACITIES[target.place.dimension].exists(*_where(backend), target.place):
                    backend.forget(target)  # as SageMaker does with the endpoint, and Lambda with the alias
                    continue
                _settle(backend, target, now)
                _come_within_bounds(backend, target, now)


def _scale(backend: ScalingBackend, target: Target, triggered: Sequence[Trigger], now: datetime) -> None:
    _settle(backend, target, now)
    if target.under_way is not None:
        return
    try:
        capacity = CAPACITIES[target.place.dimension].read(*_where(backend), target.place)
    except LookupError:
        return
    proposals = []
    for policy, alarm, firing in [*triggered, *_quiet(backend, target, triggered)]:
        wanted = _wish(target, policy, alarm, capacity, now)
        if wanted is not None:
            proposals.append(Proposal(wanted, policy, alarm, firing))
    if not proposals:
        return
    best = max(proposals, key=lambda one: one.wanted)
    if best.wanted == capacity or (best.wanted < capacity and _is_held(backend, target, best, now)):
        _note_unscaled(target, proposals, capacity, now)
    elif not target.suspended[
        "DynamicScalingOutSuspended" if best.wanted > capacity else "DynamicScalingInSuspended"
    ]:
        _go(backend, target, best, capacity, now)


def _quiet(backend: ScalingBackend, target: Target, triggered: Sequence[Trigger]) -> list[Trigger]:
    """The other policies that would scale in, too: the largest of all their wishes counts."""
    heard = {policy.name for policy, _, _ in triggered}
    return [
        (policy, alarm, None)
        for policy in backend.policies_of(target.place)
        if policy.kind == TRACKING and policy.name not in heard
        for alarm in _alarms_of(backend, policy)
        if alarm.state_value == ALARM and not _is_upwards(alarm)
    ]


def _wish(target: Target, policy: Policy, alarm: Alarm, capacity: int, now: datetime) -> int | None:
    """The capacity that a policy wants, not yet within the bounds."""
    outwards = target.out
    # What the last change outwards has brought counts as part of the next, until its cooldown ends.
    base = outwards.began_with if outwards is not None and now < outwards.until else capacity
    points = alarms.evaluated(alarm)
    values = [value for _, value in points]
    if policy.kind == TRACKING:
        if not values:
            return None
        tracks = policy.configuration["TargetValue"]
        if _is_upwards(alarm):
            if points[-1][0] + period_of(request_of(alarm)) <= target.grown:
                return capacity  # this datapoint has been answered already
            return max(capacity, tracked(base, values[-1], tracks))
        return min(capacity, tracked(capacity, max(values), tracks))
    aggregate = AGGREGATIONS[policy.configuration.get("MetricAggregationType", "Average")]
    distance = aggregate(values) - float(request_of(alarm)["Threshold"]) if values else 0.0
    wanted = stepped(capacity, policy.configuration, distance, _is_upwards(alarm))
    if wanted is None or wanted < capacity:
        return wanted
    return max(capacity, stepped(base, policy.configuration, distance, _is_upwards(alarm)) or 0)


def _is_held(backend: ScalingBackend, target: Target, best: Proposal, now: datetime) -> bool:
    """Whether nothing goes in yet: in its cooldown, or while another policy that tracks a target is not ready to."""
    if target.into is not None and now < target.into.until:
        return True
    if best.policy.kind != TRACKING:
        return False  # steps inwards wait for nobody
    made = [
        alarm
        for policy in backend.policies_of(target.place)
        if policy.kind == TRACKING
        for alarm in _alarms_of(backend, policy)
    ]
    return any((alarm.state_value == ALARM) == _is_upwards(alarm) for alarm in made)


def _alarms_of(backend: ScalingBackend, policy: Policy) -> list[Alarm]:
    known = cloudwatch_backends[backend.account_id][backend.region_name].alarms
    return [known[name] for name in policy.alarms if name in known]


def _is_upwards(alarm: Alarm) -> bool:
    comparison: str = request_of(alarm)["ComparisonOperator"]
    return comparison.startswith("Greater")


def _go(backend: ScalingBackend, target: Target, proposal: Proposal, capacity: int, now: datetime) -> None:
    wanted = target.clamp(proposal.wanted)
    if wanted == capacity or (wanted > capacity) != (proposal.wanted > capacity):
        _note_unscaled(target, [proposal], capacity, now)
        return
    _change(
        backend, target, wanted, capacity, proposal.cause, now, _cooldown(proposal.policy, wanted > capacity)
    )


def _cooldown(policy: Policy, outwards: bool) -> int:
    standard = CAPACITIES[policy.place.dimension].cooldown_seconds
    name = "Cooldown" if policy.kind != TRACKING else "ScaleOutCooldown" if outwards else "ScaleInCooldown"
    seconds: int | None = policy.configuration.get(name)
    return standard if seconds is None else seconds


def _change(
    backend: ScalingBackend,
    target: Target,
    wanted: int,
    capacity: int,
    cause: str,
    now: datetime,
    cooldown: int = 0,
) -> None:
    scaled = CAPACITIES[target.place.dimension]
    activity = target.remember(
        Activity(target.place, f"Setting {scaled.words} to {wanted}.", cause, now, wanted=wanted)
    )
    try:
        scaled.write(*_where(backend), target.place, wanted)
    except Exception as error:  # whatever the service says is why it failed
        activity.end("Failed", f"Failed to set {scaled.words} to {wanted}. Reason: {error}", now)
        return
    began_with = capacity
    if target.out is not None and now < target.out.until and wanted > capacity:
        began_with = min(capacity, target.out.began_with)
    activity.message = f"Successfully set {scaled.words} to {wanted}. Waiting for change to be fulfilled by "
    activity.message += f"{scaled.service}."
    target.under_way = activity, began_with, cooldown


def _settle(backend: ScalingBackend, target: Target, now: datetime) -> None:
    """End the change that goes on, where it is done; its cooldown begins then."""
    if target.under_way is None:
        return
    activity, began_with, cooldown = target.under_way
    scaled = CAPACITIES[target.place.dimension]
    try:
        if not scaled.is_settled(*_where(backend), target.place):
            return
        reached = scaled.read(*_where(backend), target.place)
    except LookupError:
        reached = None
    target.under_way = None
    done = f"Successfully set {scaled.words} to {activity.wanted}. "
    if reached != activity.wanted or activity.wanted is None:
        activity.end("Unfulfilled", f"{done}Change was not fulfilled by {scaled.service}.", now)
        return
    activity.end("Successful", f"{done}Change successfully fulfilled by {scaled.service}.", now)
    after = Cooldown(now + timedelta(seconds=cooldown), began_with)
    if activity.wanted > began_with:
        target.grown = now.timestamp()
        target.out, target.into = after, None  # a change outwards ends the cooldown inwards
    else:
        target.into, target.out = after, None


def _come_within_bounds(backend: ScalingBackend, target: Target, now: datetime) -> None:
    if target.moved is None or target.under_way is not None:
        return
    scaled = CAPACITIES[target.place.dimension]
    try:
        capacity = scaled.read(*_where(backend), target.place)
        ready = scaled.is_settled(*_where(backend), target.place)
    except LookupError:
        return
    if not ready:
        return
    wanted, target.moved = target.clamp(capacity), None
    if wanted != capacity:
        bound = "minimum" if wanted > capacity else "maximum"
        _change(backend, target, wanted, capacity, f"{bound} capacity was set to {wanted}", now)


def _note_unscaled(target: Target, proposals: Sequence[Proposal], capacity: int, now: datetime) -> None:
    """Say why an alarm changed nothing, once for each time that it goes off."""
    for one in proposals:
        if one.firing is None or not one.firing.changed:
            continue
        code, bound = "AlreadyAtDesiredCapacity", {}
        if one.wanted > target.maximum <= capacity:
            code, bound = "AlreadyAtMaxCapacity", {"MaxCapacity": target.maximum}
        elif one.wanted < target.minimum >= capacity:
            code, bound = "AlreadyAtMinCapacity", {"MinCapacity": target.minimum}
        activity = Activity(target.place, "Attempting to scale due to alarm triggered", one.cause, now)
        activity.not_scaled = {"Code": code, **bound, "CurrentCapacity": capacity}
        activity.end("Unfulfilled", "", now)
        target.remember(activity)


def _where(backend: ScalingBackend) -> tuple[str, str]:
    return backend.account_id, backend.region_name
