"""What CloudWatch tells an SNS topic of an alarm, in AWS's JSON."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.core.exceptions import ServiceException
from moto.sns.models import sns_backends

from infra.local.overlay.alarms import Firing, request_of

REGIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "eu-north-1": "EU (Stockholm)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
}
"""CloudWatch writes the region's long name; another region keeps its short one."""


def publish(firing: Firing, now: datetime) -> str | None:
    """Tell the topic; why that failed, where it did."""
    alarm, region = firing.alarm, firing.action.split(":")[3]
    name = REGIONS.get(region, region)
    subject = f'{firing.finding.state}: "{alarm.name}" in {name}'[:100]
    topics = sns_backends[firing.backend.account_id][region]
    try:
        topics.publish(message=json.dumps(message(firing, name, now)), arn=firing.action, subject=subject)
    except ServiceException as error:
        return str(error)
    return None


def message(firing: Firing, region: str, now: datetime) -> dict[str, Any]:
    """The body of the notification."""
    alarm, request = firing.alarm, request_of(firing.alarm)
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": request.get("AlarmDescription"),
        "AWSAccountId": firing.backend.account_id,
        "AlarmConfigurationUpdatedTimestamp": _stamp(alarm.configuration_updated_timestamp),
        "NewStateValue": firing.finding.state,
        "NewStateReason": firing.finding.reason,
        "StateChangeTime": _stamp(now),
        "Region": region,
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": firing.previous,
        **{key: request.get(key, []) for key in ("OKActions", "AlarmActions", "InsufficientDataActions")},
        "Trigger": _trigger(request),
    }


def _trigger(request: Mapping[str, Any]) -> dict[str, Any]:
    common = {
        "EvaluationPeriods": request["EvaluationPeriods"],
        **({"DatapointsToAlarm": request["DatapointsToAlarm"]} if "DatapointsToAlarm" in request else {}),
        "ComparisonOperator": request["ComparisonOperator"],
        "Threshold": request["Threshold"],
        "TreatMissingData": request.get("TreatMissingData", "missing"),
        "EvaluateLowSampleCountPercentile": request.get("EvaluateLowSampleCountPercentile", ""),
    }
    if "Metrics" in request:
        return {**common, "Metrics": request["Metrics"]}
    plain = "Statistic" in request
    return {
        "MetricName": request["MetricName"],
        "Namespace": request["Namespace"],
        "StatisticType": "Statistic" if plain else "ExtendedStatistic",
        "Statistic" if plain else "ExtendedStatistic": request["Statistic"].upper()
        if plain
        else request["ExtendedStatistic"],
        "Unit": request.get("Unit"),
        "Dimensions": [
            {"value": one["Value"], "name": one["Name"]} for one in request.get("Dimensions") or ()
        ],
        "Period": request["Period"],
        **common,
    }


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
