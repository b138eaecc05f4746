"""The requests and answers of CloudWatch's alarms, in the shape of moto's response methods."""

from typing import Any

from moto.cloudwatch.exceptions import ResourceNotFound
from moto.cloudwatch.models import Alarm
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from infra.local.overlay import alarm_requests, alarms, heartbeat, series
from infra.local.overlay.alarm_states import Finding
from infra.local.overlay.alarms import Watch, request_of

moto_put_metric_alarm = CloudWatchResponse.put_metric_alarm
moto_set_alarm_state = CloudWatchResponse.set_alarm_state

PAGE = 50


def put_metric_alarm(self: CloudWatchResponse) -> ActionResult:
    request = {key: value for key, value in self._get_params().items() if value is not None}
    alarm_requests.check(request)
    backend = self.cloudwatch_backend
    before = backend.alarms.get(request["AlarmName"])
    answer = moto_put_metric_alarm(self)
    alarms.put(backend, {key: value for key, value in request.items() if key != "Tags"}, before)
    return answer


def set_alarm_state(self: CloudWatchResponse) -> ActionResult:
    """As on AWS it holds until the next evaluation, and its actions are done."""
    name, state = self._get_param("AlarmName"), self._get_param("StateValue")
    backend = self.cloudwatch_backend
    alarm = backend.alarms.get(name)
    if alarm is None:
        raise ResourceNotFound
    before = alarm.state_value, alarm.state_reason, alarm.state_reason_data, list(alarm.history)
    moto_set_alarm_state(self)  # checks
    alarm.state_value, alarm.state_reason, alarm.state_reason_data, alarm.history = before
    finding = Finding(state, self._get_param("StateReason"), ())
    now = Watch.machine.clock()
    heartbeat.act(list(alarms.enter(backend, alarm, finding, now)), Watch.machine)
    return EmptyResult()


def describe_alarms(self: CloudWatchResponse) -> ActionResult:
    request = self._get_params()
    kinds = request.get("AlarmTypes") or ["MetricAlarm"]
    wanted = [
        alarm
        for alarm in self.cloudwatch_backend.alarms.values()
        if "MetricAlarm" in kinds
        and alarm.name in (request.get("AlarmNames") or [alarm.name])
        and alarm.name.startswith(request.get("AlarmNamePrefix") or "")
        and request.get("StateValue") in (None, alarm.state_value)
        and _has_action(alarm, request.get("ActionPrefix"))
    ]
    start, limit = int(request.get("NextToken") or 0), int(request.get("MaxRecords") or PAGE)
    if request.get("AlarmNames"):
        limit = 100
    shown: dict[str, Any] = {
        "MetricAlarms": [description(alarm) for alarm in wanted[start : start + limit]],
        "CompositeAlarms": [],
    }
    if len(wanted) > start + limit:
        shown["NextToken"] = str(start + limit)
    return ActionResult(shown)


def describe_alarms_for_metric(self: CloudWatchResponse) -> ActionResult:
    request = self._get_params()
    key = series.key_of(request["Namespace"], request["MetricName"], request.get("Dimensions") or ())
    found = [
        description(alarm)
        for alarm in self.cloudwatch_backend.alarms.values()
        if "MetricName" in request_of(alarm) and alarm_requests.key_of(request_of(alarm)) == key
    ]
    return ActionResult({"MetricAlarms": found})


def describe_alarm_history(self: CloudWatchResponse) -> ActionResult:
    request = self._get_params()
    start_date, end_date = (request.get(key) for key in ("StartDate", "EndDate"))
    items = [
        item
        for alarm in self.cloudwatch_backend.alarms.values()
        if request.get("AlarmName") in (None, alarm.name)
        for item in alarm.history
        if request.get("HistoryItemType") in (None, item["HistoryItemType"])
        and (start_date is None or series.seconds_of(start_date) <= item["Timestamp"].timestamp())
        and (end_date is None or item["Timestamp"].timestamp() <= series.seconds_of(end_date))
    ]
    items.sort(key=lambda item: item["Timestamp"], reverse=request.get("ScanBy") != "TimestampAscending")
    start, limit = int(request.get("NextToken") or 0), int(request.get("MaxRecords") or 100)
    shown: dict[str, Any] = {"AlarmHistoryItems": items[start : start + limit]}
    if len(items) > start + limit:
        shown["NextToken"] = str(start + limit)
    return ActionResult(shown)


def description(alarm: Alarm) -> dict[str, Any]:
    """The alarm as DescribeAlarms shows it."""
    request = request_of(alarm)
    return {
        "OKActions": [],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "Dimensions": [],
        **request,
        "AlarmArn": alarm.alarm_arn,
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmConfigurationUpdatedTimestamp": alarm.configuration_updated_timestamp,
        "StateValue": alarm.state_value,
        "StateReason": alarm.state_reason,
        "StateReasonData": alarm.state_reason_data,
        "StateUpdatedTimestamp": alarm.state_updated_timestamp,
        "StateTransitionedTimestamp": alarm.__dict__["transitioned"],
    }


def _has_action(alarm: Alarm, prefix: str | None) -> bool:
    actions = (one for kind in alarm_requests.ACTIONS.values() for one in request_of(alarm).get(kind) or ())
    return prefix is None or any(one.startswith(prefix) for one in actions)


OPERATIONS = {
    function.__name__: function
    for function in (
        put_metric_alarm,
        set_alarm_state,
        describe_alarms,
        describe_alarms_for_metric,
        describe_alarm_history,
    )
}
