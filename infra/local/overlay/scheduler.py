"""EventBridge Scheduler: schedules that can be read, and that really fire, on the embedded AWS's clock."""

import json
import logging
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.core.exceptions import JsonRESTError
from moto.scheduler.responses import EventBridgeSchedulerResponse

from infra.local import schedules
from infra.local.machine import Machine
from infra.local.overlay import functions, invocations
from infra.local.overlay.batch import batch_backends
from infra.local.overlay.faults import Fault, NotModelled

log = logging.getLogger(__name__)

SECONDS = 60
"""A schedule fires in its minute."""

MAPS = frozenset({"Parameters", "Tags"})
"""Members of SubmitJob whose keys are the caller's own."""
SUBMIT_JOB = "aws-sdk:batch:submitJob"

moto_create_schedule = EventBridgeSchedulerResponse.create_schedule
moto_update_schedule = EventBridgeSchedulerResponse.update_schedule


def create_schedule(self: EventBridgeSchedulerResponse) -> str:
    _check(self)
    answer: str = moto_create_schedule(self)
    return answer


def update_schedule(self: EventBridgeSchedulerResponse) -> str:
    _check(self)
    answer: str = moto_update_schedule(self)
    return answer


def _check(self: EventBridgeSchedulerResponse) -> None:
    expression = self._get_param("ScheduleExpression")
    zone = self._get_param("ScheduleExpressionTimezone") or "UTC"
    now = datetime.now(UTC)
    try:
        schedules.next_after(expression, zone, now, now)
    except schedules.InvalidSchedule:
        what = (
            f"Schedule Expression {expression}"
            if zone == "UTC"
            else f"Schedule Expression {expression} or {zone}"
        )
        raise Fault(400, "ValidationException", f"Invalid {what}.") from None
    target = self._get_param("Target")
    if _starter(target["Arn"]) is None:
        raise NotModelled("scheduler", "CreateSchedule", f"with the target {target['Arn']}")
    try:
        json.loads(target.get("Input", ""))
    except ValueError:
        if target["Arn"].endswith(SUBMIT_JOB):
            raise Fault(400, "ValidationException", "The Input of a universal target must be JSON.") from None
        # What AWS sends where nobody says what.
        raise NotModelled(
            "scheduler", "CreateSchedule", "of a function without an Input that is JSON"
        ) from None


def start(machine: Machine) -> None:
    """Fire what is due, each minute of the machine's clock."""
    last = [machine.clock()]

    def beat(now: datetime) -> None:
        since, last[0] = last[0], now
        fire(since, now)

    machine.every(SECONDS, beat)


def fire(since: datetime, now: datetime) -> None:
    """Fire every schedule once that was due after `since`, up to `now`; a failure is told in the server's log."""
    from moto.scheduler.models import scheduler_backends

    for account_id, region, backend in list(scheduler_backends.iter_backends()):
        for group in list(cast(Any, backend).schedule_groups.values()):
            for schedule in list(group.schedules.values()):
                if schedule.state == "ENABLED" and _is_due(schedule, since, now):
                    _run(account_id, region, schedule)


def _is_due(schedule: Any, since: datetime, now: datetime) -> bool:
    # A rate counts from the schedule's making, and does not fire at once.
    made = datetime.fromtimestamp(schedule.creation_date, UTC)
    zone = schedule.schedule_expression_timezone
    due = schedules.next_after(schedule.schedule_expression, zone, max(since, made), made)
    within = _limits(schedule)
    return due is not None and due <= now and within[0] <= due <= within[1]


def _limits(schedule: Any) -> tuple[datetime, datetime]:
    forever = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
    return (
        datetime.fromtimestamp(schedule.start_date, UTC)
        if schedule.start_date
        else datetime.min.replace(tzinfo=UTC),
        datetime.fromtimestamp(schedule.end_date, UTC) if schedule.end_date else forever,
    )


def _run(account_id: str, region: str, schedule: Any) -> None:
    start = _starter(schedule.target["Arn"])
    assert start is not None  # no other is kept
    try:
        log.info("schedule %s: %s", schedule.name, start(account_id, region, schedule.target))
    except (Fault, JsonRESTError, KeyError, UnknownFunctionException) as error:
        log.warning("schedule %s: %s", schedule.name, error)


def _submit(account_id: str, region: str, target: Mapping[str, Any]) -> str:
    job = batch_backends[account_id][region].submit(_as_sent(json.loads(target["Input"])))
    return f"submitted job {job.id}"


def _invoke(account_id: str, region: str, target: Mapping[str, Any]) -> str:
    """As the kind `Event`: nobody waits for the end."""
    name = functions.bare_name(target["Arn"])
    function = lambda_backends[account_id][region].get_function(name)
    work = (invocations.Target(function, None), target["Input"])
    threading.Thread(target=invocations.run, args=work, daemon=True).start()
    return f"invoked {name}"


STARTERS: Mapping[str, Callable[[str, str, Mapping[str, Any]], str]] = {
    rf"arn:[\w-]+:scheduler:::{SUBMIT_JOB}": _submit,
    r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+": _invoke,
}
"""Pattern of a target's ARN -> what starts it, and says what it did. A function has no qualifier here."""


def _starter(arn: str) -> Callable[[str, str, Mapping[str, Any]], str] | None:
    return next((start for pattern, start in STARTERS.items() if re.fullmatch(pattern, arn)), None)


def _as_sent(value: Any) -> Any:
    """A request in the words of AWS's SDK for Java, as Batch has it: with small letters first."""
    if isinstance(value, dict):
        return {
            f"{key[:1].lower()}{key[1:]}": item if key in MAPS else _as_sent(item)
            for key, item in value.items()
        }
    return [_as_sent(item) for item in value] if isinstance(value, list) else value


OPERATIONS = {function.__name__: function for function in (create_schedule, update_schedule)}
