"""CloudWatch alarms: kept as sent, and evaluated against the metrics that are there."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend

from infra.local.machine import Machine
from infra.local.overlay import alarm_states, queries, series
from infra.local.overlay.alarm_requests import (
    ACTIONS,
    MINUTE,
    SCALING,
    key_of,
    period_of,
    returned_of,
    rule_of,
)
from infra.local.overlay.alarm_states import INSUFFICIENT_DATA, Finding


class Watch:
    """The machine whose clock alarms live by; set once, when the server starts."""

    machine: Machine


@dataclass(frozen=True)
class Firing:
    """An action that is due: `changed` where the alarm's state changed just now, from `previous`."""

    backend: CloudWatchBackend
    alarm: Alarm
    action: str
    finding: Finding
    previous: str
    changed: bool


def request_of(alarm: Alarm) -> dict[str, Any]:
    """What PutMetricAlarm was sent."""
    request: dict[str, Any] = alarm.__dict__["request"]
    return request


def evaluated(alarm: Alarm) -> list[tuple[float, float]]:
    """The real datapoints that its last evaluation went by, oldest first: the start of the period, and the value."""
    points: list[tuple[float, float]] = alarm.__dict__.get("evaluated", [])
    return points


def put(backend: CloudWatchBackend, request: Mapping[str, Any], before: Alarm | None) -> None:
    """Keep a request with the alarm that moto made of it; one that was there keeps its state, as on AWS."""
    alarm = backend.alarms[request["AlarmName"]]
    now = Watch.machine.clock()
    alarm.__dict__["request"] = dict(request)
    alarm.configuration_updated_timestamp = now
    if before is None:
        alarm.state_value, alarm.state_reason = INSUFFICIENT_DATA, "Unchecked: Initial alarm creation"
        alarm.state_reason_data = "{}"
        alarm.state_updated_timestamp = alarm.__dict__["transitioned"] = now
    else:
        for name in (
            "state_value",
            "state_reason",
            "state_reason_data",
            "state_updated_timestamp",
            "history",
        ):
            setattr(alarm, name, getattr(before, name))
        alarm.__dict__["transitioned"] = before.__dict__["transitioned"]
    kind = "created" if before is None else "updated"
    _remember(alarm, now, "ConfigurationUpdate", f'Alarm "{alarm.name}" {kind}', {"type": kind.title()[:-1]})


def make(backend: CloudWatchBackend, request: Mapping[str, Any]) -> None:
    """An alarm that AWS makes by itself."""
    backend.put_metric_alarm(
        name=request["AlarmName"],
        namespace=request["Namespace"],
        metric_name=request["MetricName"],
        comparison_operator=request["ComparisonOperator"],
        evaluation_periods=request["EvaluationPeriods"],
        period=request["Period"],
        threshold=request["Threshold"],
        statistic=request["Statistic"],
        description=request["AlarmDescription"],
        dimensions=request["Dimensions"],
        alarm_actions=request["AlarmActions"],
    )
    put(backend, request, None)


def evaluate(backend: CloudWatchBackend, now: datetime) -> Iterator[Firing]:
    """Look at each alarm whose turn it is at `now`; give the actions that are due."""
    for alarm in list(backend.alarms.values()):
        every = min(MINUTE, period_of(request_of(alarm)))
        turn = now.timestamp() // every * every
        if alarm.__dict__.get("turn") == turn:
            continue
        alarm.__dict__["turn"] = turn
        finding = _finding(backend, alarm, turn)
        if finding is not None:
            alarm.__dict__["evaluated"] = list(finding.evaluated)
            yield from enter(backend, alarm, finding, now)


def remember_action(firing: Firing, now: datetime, failure: str | None) -> None:
    """Note in the alarm's history that an action was done, or why not."""
    done = f"Successfully executed action {firing.action}"
    summary = (
        done if failure is None else f"Failed to execute action {firing.action}. Received error: {failure}"
    )
    state = "Succeeded" if failure is None else "Failed"
    _remember(
        firing.alarm, now, "Action", summary, {"actionState": state, "notificationResource": firing.action}
    )


def _finding(backend: CloudWatchBackend, alarm: Alarm, end: float) -> Finding | None:
    """None where the state has to stay: too few samples for the percentile, and the alarm ignores that."""
    request = request_of(alarm)
    rule = rule_of(request)
    period = period_of(request)
    count = rule.evaluation_periods + alarm_states.EXTRA_PERIODS
    start = end - count * period
    if "Metrics" in request:
        found = queries.results(backend, request["Metrics"], start, end, period)[
            returned_of(request["Metrics"])
        ]
    else:
        samples = series.samples(backend, key_of(request), start, end)
        statistic = request.get("Statistic") or request["ExtendedStatistic"]
        if request.get("EvaluateLowSampleCountPercentile") == "ignore" and statistic.startswith("p"):
            share = float(statistic[1:]) / 100
            enough = 10 / min(1 - share, share) if 0 < share < 1 else 1
            if sum(one.count for one in samples) < enough:
                return None
        found = series.points(samples, start, period, statistic, request.get("Unit"))
    moments = [start + number * period for number in range(count)]
    return alarm_states.evaluate([(one, found.get(one)) for one in moments], rule, alarm.state_value)


def enter(backend: CloudWatchBackend, alarm: Alarm, finding: Finding, now: datetime) -> Iterator[Firing]:
    """Change the state where it is another; give the actions: on a change, and of scaling once a minute."""
    previous, changed = alarm.state_value, alarm.state_value != finding.state
    if changed:
        data = _reason_data(alarm, finding, now)
        old = {"stateValue": previous, "stateReason": alarm.state_reason}
        new = {"stateValue": finding.state, "stateReason": finding.reason, "stateReasonData": data}
        alarm.state_value, alarm.state_reason = finding.state, finding.reason
        alarm.state_reason_data = json.dumps(data)
        alarm.state_updated_timestamp = alarm.__dict__["transitioned"] = now
        summary = f"Alarm updated from {previous} to {finding.state}"
        _remember(alarm, now, "StateUpdate", summary, {"oldState": old, "newState": new})
    if not alarm.actions_enabled:
        return
    minute = now.timestamp() // MINUTE
    again = alarm.__dict__.get("acted") != minute
    for action in request_of(alarm).get(ACTIONS[finding.state]) or ():
        if changed or (SCALING in action and again):
            alarm.__dict__["acted"] = minute
            yield Firing(backend, alarm, action, finding, previous, changed)


def _reason_data(alarm: Alarm, finding: Finding, now: datetime) -> dict[str, Any]:
    request = request_of(alarm)
    return {
        "version": "1.0",
        "queryDate": _stamp(now),
        **({"statistic": request["Statistic"]} if "Statistic" in request else {}),
        "period": period_of(request),
        "recentDatapoints": [value for _, value in finding.evaluated],
        "threshold": request["Threshold"],
        "evaluatedDatapoints": [
            {"timestamp": _stamp(datetime.fromtimestamp(moment, UTC)), "value": value}
            for moment, value in reversed(finding.evaluated)
        ],
    }


def _remember(alarm: Alarm, now: datetime, kind: str, summary: str, data: Mapping[str, Any]) -> None:
    item = {
        "AlarmName": alarm.name,
        "AlarmType": "MetricAlarm",
        "Timestamp": now,
        "HistoryItemType": kind,
        "HistorySummary": summary,
        "HistoryData": json.dumps({"version": "1.0", **data}, default=str),
    }
    alarm.history.append(item)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
