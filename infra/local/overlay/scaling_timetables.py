"""Scheduled actions: when they are due, and how they move the bounds of a target."""

from datetime import datetime, timedelta

from infra.local import schedules
from infra.local.overlay import series
from infra.local.overlay.scaling_registry import Activity, ScalingBackend, Timetable


def follow(backend: ScalingBackend, timetable: Timetable, now: datetime) -> None:
    """Move the bounds where a timetable is due; what was missed is done once."""
    if timetable.due is None or now < timetable.due:
        return
    timetable.due = next_due(timetable, now)
    target = backend.targets.get(timetable.place)
    if target is None or target.suspended["ScheduledScalingSuspended"]:
        return
    action = timetable.request["ScalableTargetAction"]
    named = {key: action[key] for key in ("MinCapacity", "MaxCapacity") if key in action}
    minimum = named.get("MinCapacity", target.minimum)
    maximum = named.get("MaxCapacity", target.maximum)
    words = " and ".join(f"{key[:3].lower()} capacity to {value}" for key, value in named.items())
    activity = target.remember(
        Activity(
            target.place,
            f"Setting {words}",
            f"scheduled action name {timetable.name} was triggered",
            now,
        )
    )
    if minimum > maximum:
        activity.end("Failed", "Maximum capacity cannot be less than minimum capacity.", now)
        return
    target.minimum, target.maximum = minimum, maximum
    activity.end("Successful", f"Successfully set {words}", now)
    target.moved = activity.cause


def next_due(timetable: Timetable, after: datetime) -> datetime | None:
    """When a timetable is due after `after`, within its start and end; None where never again."""
    request = timetable.request
    start, end = (
        series.seconds_of(request[key]) if request.get(key) else None for key in ("StartTime", "EndTime")
    )
    begin = after
    if start is not None and start > after.timestamp():
        begin = datetime.fromtimestamp(start, after.tzinfo) - timedelta(microseconds=1)
    origin = datetime.fromtimestamp(start, after.tzinfo) if start is not None else timetable.created
    due = schedules.next_after(request["Schedule"], request.get("Timezone") or "UTC", begin, origin)
    return None if due is None or (end is not None and due.timestamp() > end) else due
