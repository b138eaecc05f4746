"""The alarms on the bill are those that the stack really makes, its scaling policies' own included."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost import PriceCatalog
from infra import (
    Alarms,
    AsyncEndpoint,
    BatchJob,
    Environment,
    LambdaEndpoint,
    Metric,
    MultiModelEndpoint,
    Network,
    RealtimeEndpoint,
    ScheduledScaling,
    ServerlessEndpoint,
    Stack,
    Step,
    StepScaling,
    TargetTracking,
)
from infra.bill.alarms import alarms
from infra.bill.month import Month
from infra.blueprint import autoscaling, monitoring
from infra.blueprint.resource import Resource
from infra.workloads import Workload
from model_packaging import Model

MODEL = Model(Path("models/triage"), framework="onnx")
VPC = Network(subnet_ids=("subnet-00000000000000001",), security_group_ids=("sg-00000000000000001",))
HIGH_RESOLUTION = "SageMakerVariantConcurrentRequestsPerModelHighResolution"

INVOCATIONS = TargetTracking(max_capacity=4, invocations_per_instance=200)
CONCURRENCY = TargetTracking(max_capacity=4, concurrent_requests_per_instance=3)
OWN = TargetTracking(max_capacity=4, metric=Metric("GPUUtilization"), target=60)
STEPS = StepScaling(max_capacity=4, metric=Metric("CPUUtilization"), threshold=70, steps=[Step(1, lower=0)])
QUICK_STEPS = StepScaling(
    max_capacity=4, metric=Metric("Calls", period_seconds=10), threshold=70, steps=[Step(1, lower=0)]
)
NIGHT = ScheduledScaling(schedule="cron(0 20 * * ? *)", min_capacity=1, max_capacity=1)
EMPTY_NIGHT = ScheduledScaling(schedule="cron(0 20 * * ? *)", min_capacity=0, max_capacity=1)
BACKLOG = TargetTracking(max_capacity=2, backlog_per_instance=5)
TO_ZERO = TargetTracking(min_capacity=0, max_capacity=2, backlog_per_instance=5)
UTILIZATION = TargetTracking(max_capacity=4, utilization=0.7)


def realtime(*policies: Any, **changed: Any) -> RealtimeEndpoint:
    return RealtimeEndpoint("one", model=MODEL, instance_type="ml.m5.large", autoscaling=policies, **changed)


def queued(*policies: Any) -> AsyncEndpoint:
    return AsyncEndpoint("one", model=MODEL, instance_type="ml.m5.large", autoscaling=policies)


WORKLOADS: list[Workload] = [
    realtime(),
    realtime(alarms=False),
    realtime(INVOCATIONS),
    realtime(CONCURRENCY),
    realtime(INVOCATIONS, CONCURRENCY, OWN, NIGHT),
    realtime(STEPS),
    realtime(QUICK_STEPS, NIGHT),
    queued(),
    queued(BACKLOG),
    queued(TO_ZERO),
    queued(BACKLOG, EMPTY_NIGHT),
    MultiModelEndpoint("one", models=[MODEL], instance_type="ml.m5.large", autoscaling=INVOCATIONS),
    ServerlessEndpoint("one", model=MODEL),
    ServerlessEndpoint("one", model=MODEL, provisioned_concurrency=1, autoscaling=UTILIZATION),
    LambdaEndpoint("one", model=MODEL),
    LambdaEndpoint("one", model=MODEL, provisioned_concurrency=1, autoscaling=UTILIZATION),
    BatchJob("one", model=MODEL, instance_types=["m5.xlarge"], network=VPC),
]
SETTINGS = [
    Alarms.none(),
    Alarms(),
    Alarms(p99_latency_ms=500),
    Alarms(server_error_rate=None, backlog_age_seconds=None, throttles=None, p99_latency_ms=500),
    Alarms(server_error_rate=0.1, backlog_age_seconds=None, throttles=None),
    Alarms(server_error_rate=None, throttles=None),
]


def made(stack: Stack, workload: Workload) -> tuple[Resource, ...]:
    """What the blueprint makes of the workload's monitoring and scaling."""
    endpoint = Resource("aws_sagemaker_endpoint", "one", {"name": "dev-all-one"})
    alias = Resource("aws_lambda_alias", "one", {"name": "live", "function_name": "dev-all-one"})
    if isinstance(workload, BatchJob):
        return monitoring.failed_jobs(stack, workload)
    if isinstance(workload, LambdaEndpoint):
        scaling = autoscaling.alias_scaling(stack, workload, alias, alias)
        return (*monitoring.function_alarms(stack, workload), *scaling)
    if isinstance(workload, ServerlessEndpoint):
        scaling = autoscaling.provisioned_scaling(stack, workload, endpoint)
    else:
        scaling = autoscaling.variant_scaling(stack, workload, endpoint)
    return (*monitoring.endpoint_alarms(stack, workload), *scaling)


def watched(resource: Resource) -> Counter[str]:
    """The metrics that a resource makes CloudWatch watch, by resolution."""
    arguments = resource.arguments
    if resource.type == "aws_cloudwatch_metric_alarm":
        metrics = [query["metric"] for query in arguments.get("metric_query", ()) if "metric" in query]
        return Counter("high" if metric["period"] < 60 else "standard" for metric in metrics or [arguments])
    if arguments.get("policy_type") == "TargetTrackingScaling":
        tracking = arguments["target_tracking_scaling_policy_configuration"]
        predefined = tracking.get("predefined_metric_specification", {}).get("predefined_metric_type")
        return Counter({"high" if predefined == HIGH_RESOLUTION else "standard": 2})
    return Counter()


@pytest.mark.parametrize("settings", SETTINGS, ids=range(len(SETTINGS)))
@pytest.mark.parametrize("number", range(len(WORKLOADS)))
def test_the_alarms_on_the_bill_are_those_of_the_blueprint(number: int, settings: Alarms) -> None:
    workload = WORKLOADS[number]
    environment = Environment(name="dev", region="us-east-1", account_id="111122223333", alarms=settings)
    stack = Stack("all", environment, [workload])
    real = sum((watched(resource) for resource in made(stack, workload)), Counter[str]())
    billed = alarms(workload, Month(stack, PriceCatalog.of([]), Decimal(730)))
    assert {one.resolution: one.count for one in billed} == dict(real)
