"""What target tracking looks at, and the alarms that AWS makes for it."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends

from infra.local.overlay import alarms
from infra.local.overlay.faults import NotModelled
from infra.local.overlay.scaling_arithmetic import SCALE_IN_SHARE
from infra.local.overlay.scaling_registry import Place, Policy

Dimensions = list[dict[str, str]]


@dataclass(frozen=True)
class Predefined:
    """The CloudWatch metric that a predefined one means."""

    dimension: str
    namespace: str
    name: str
    statistic: str
    period: int
    dimensions: Callable[[Place], Dimensions]


def _of_variant(place: Place) -> Dimensions:
    _, endpoint, _, variant = place.resource_id.split("/")
    return [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]


def _of_alias(place: Place) -> Dimensions:
    _, function, alias = place.resource_id.split(":")
    return [{"Name": "FunctionName", "Value": function}, {"Name": "Resource", "Value": f"{function}:{alias}"}]


_INSTANCES = "sagemaker:variant:DesiredInstanceCount"

PREDEFINED: Mapping[str, Predefined] = {
    "SageMakerVariantInvocationsPerInstance": Predefined(
        _INSTANCES, "AWS/SageMaker", "InvocationsPerInstance", "Sum", 60, _of_variant
    ),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": Predefined(
        _INSTANCES, "AWS/SageMaker", "ConcurrentRequestsPerModel", "Average", 10, _of_variant
    ),
    "SageMakerVariantProvisionedConcurrencyUtilization": Predefined(
        "sagemaker:variant:DesiredProvisionedConcurrency",
        "AWS/SageMaker",
        "ServerlessProvisionedConcurrencyUtilization",
        "Average",
        60,
        _of_variant,
    ),
    "LambdaProvisionedConcurrencyUtilization": Predefined(
        "lambda:function:ProvisionedConcurrency",
        "AWS/Lambda",
        "ProvisionedConcurrencyUtilization",
        "Average",
        60,
        _of_alias,
    ),
}
"""By AWS's name; what is not here scales nothing that is modelled."""

HIGH_PERIODS = 3
"""AWS scales out after three datapoints, and in after a quarter of an hour."""
LOW_SECONDS = 900


def metric_of(policy: Policy) -> dict[str, Any]:
    """The part of an alarm that says what it looks at. Raises NotModelled."""
    predefined = policy.configuration.get("PredefinedMetricSpecification")
    if predefined is not None:
        known = PREDEFINED[predefined["PredefinedMetricType"]]
        return {
            "Namespace": known.namespace,
            "MetricName": known.name,
            "Statistic": known.statistic,
            "Period": known.period,
            "Dimensions": known.dimensions(policy.place),
        }
    own = policy.configuration["CustomizedMetricSpecification"]
    if "Metrics" in own:
        raise NotModelled("application-autoscaling", "PutScalingPolicy", "with metric math")
    return {
        "Namespace": own["Namespace"],
        "MetricName": own["MetricName"],
        "Statistic": own["Statistic"],
        "Period": 60,
        "Dimensions": own.get("Dimensions", []),
        **({"Unit": own["Unit"]} if "Unit" in own else {}),
    }


def make_alarms(account_id: str, region: str, policy: Policy) -> None:
    """Make the alarms of a target-tracking policy: above its target, and, unless it only scales out, well below."""
    metric, target = metric_of(policy), policy.configuration["TargetValue"]
    low_periods = LOW_SECONDS // metric["Period"]
    conditions = [("AlarmHigh", "GreaterThanThreshold", target, HIGH_PERIODS)]
    if not policy.configuration.get("DisableScaleIn"):
        conditions.append(("AlarmLow", "LessThanThreshold", target * SCALE_IN_SHARE, low_periods))
    backend: CloudWatchBackend = cloudwatch_backends[account_id][region]
    for kind, comparison, threshold, periods in conditions:
        unique = uuid.uuid4()
        action = f"{policy.arn}:createdBy/{uuid.uuid4()}"
        request = {
            "AlarmName": f"TargetTracking-{policy.place.resource_id}-{kind}-{unique}",
            "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {action}.",
            "ActionsEnabled": True,
            "AlarmActions": [action],
            **metric,
            "EvaluationPeriods": periods,
            "Threshold": threshold,
            "ComparisonOperator": comparison,
        }
        alarms.make(backend, request)
        policy.alarms.append(request["AlarmName"])


def delete_alarms(account_id: str, region: str, policy: Policy) -> None:
    """Delete the alarms that AWS made for a policy."""
    cloudwatch_backends[account_id][region].delete_alarms(policy.alarms)
    policy.alarms.clear()
