"""What is left of a workload that sleeps: nothing that refers to what went, and all that has no hourly price."""

import pytest

from infra import (
    Alarms,
    BatchJob,
    LambdaEndpoint,
    Metric,
    Network,
    ScheduledScaling,
    ServerlessEndpoint,
    Step,
    StepScaling,
    TargetTracking,
)
from infra.blueprint.resource import Blueprint
from infra.blueprint.sleep import REMOVED, asleep, sleeps
from infra.workloads import Workload
from tests.infra.conftest import MODEL, asynchronous, function, multi_model, realtime, serverless
from tests.infra.test_tables import WORKLOADS

UTILIZATION = TargetTracking(max_capacity=4, utilization=0.7)
STEPS = StepScaling(
    max_capacity=4, metric=Metric("ModelLatency"), threshold=500_000, steps=[Step(1, lower=0)]
)
NIGHT = ScheduledScaling(schedule="cron(0 20 * * ? *)", min_capacity=1, max_capacity=1)
JOB = BatchJob(
    "embed",
    model=MODEL,
    instance_types=["m5.large"],
    schedule="cron(0 2 * * ? *)",
    network=Network(subnet_ids=["subnet-1"], security_group_ids=["sg-1"]),
)
WATCHED = {
    "alarms": {"p99_latency_ms": 500, "server_error_rate": 0.05, "throttles": 1, "backlog_age_seconds": 9}
}
BILLED = {
    "aws_sagemaker_endpoint",
    "aws_lambda_provisioned_concurrency_config",
    "aws_appautoscaling_target",
    "aws_appautoscaling_policy",
    "aws_appautoscaling_scheduled_action",
    "aws_scheduler_schedule",
}
EVERY = [
    realtime(autoscaling=[STEPS, NIGHT, TargetTracking(max_capacity=4, invocations_per_instance=100)]),
    realtime(autoscaling=None),
    asynchronous(),
    multi_model(),
    serverless(provisioned_concurrency=1, autoscaling=UTILIZATION),
    serverless(),
    function(provisioned_concurrency=1, autoscaling=[UTILIZATION, NIGHT]),
    function(),
    JOB,
]


def types(made: Blueprint) -> set[str]:
    return {resource.type for resource in made.resources}


def left(render, workload: Workload) -> tuple[Blueprint, Blueprint]:
    whole = render(workload, **WATCHED)
    return whole, asleep(workload, whole)


def test_the_table_covers_every_workload():
    assert set(REMOVED) == WORKLOADS


@pytest.mark.parametrize("workload", EVERY, ids=lambda one: type(one).__name__)
def test_nothing_is_left_that_refers_to_what_went_and_the_rest_is_as_it_was(render, workload):
    whole, rest = left(render, workload)
    assert [one for one in whole.resources if one in rest.resources] == list(rest.resources)
    addresses = {resource.address for resource in whole.resources}
    gone = addresses - {resource.address for resource in rest.resources}
    text = repr([(one.arguments, one.depends_on, one.follows) for one in rest.resources]) + repr(rest.outputs)
    for address in gone:
        type, _, name = address.partition(".")
        assert f"Ref(type='{type}', name='{name}'" not in text
        assert f"Resource(type='{type}', name='{name}'" not in text
    kinds = {address.partition(".")[0] for address in gone}
    assert kinds <= BILLED | {"aws_cloudwatch_metric_alarm"}
    assert bool(gone) is sleeps(workload)
    if sleeps(workload):
        assert not types(rest) & BILLED


@pytest.mark.parametrize("make", [realtime, asynchronous, multi_model])
def test_an_endpoint_goes_with_its_scaling_and_alarms_and_keeps_model_configuration_role_and_log(
    render, make
):
    whole, rest = left(render, make())
    assert "aws_cloudwatch_metric_alarm" in types(whole) - types(rest)
    assert {
        "aws_cloudwatch_log_group",
        "aws_iam_role",
        "aws_iam_role_policy",
        "aws_sagemaker_model",
        "aws_sagemaker_endpoint_configuration",
        "aws_iam_policy",
    } <= types(rest)
    # As text: what went is there again under the same name after `wake`.
    names = {name: value for name, value in rest.outputs.items() if name.endswith("_endpoint_name")}
    assert list(names.values()) == [one.arguments["name"] for one in whole.of_type("aws_sagemaker_endpoint")]
    assert [name for name in rest.outputs if name.endswith("_invoke_policy_arn")]


def test_a_function_goes_on_answering_and_is_watched(render):
    whole, rest = left(render, function(provisioned_concurrency=1, autoscaling=[UTILIZATION, STEPS]))
    assert {"aws_lambda_function", "aws_lambda_alias", "aws_lambda_function_url"} <= types(rest)
    alarms = [one.arguments["alarm_name"] for one in rest.of_type("aws_cloudwatch_metric_alarm")]
    # That of the step scaling went with it.
    assert len(alarms) == 3 and len(list(whole.of_type("aws_cloudwatch_metric_alarm"))) == 4


@pytest.mark.parametrize("workload", [serverless(), function()], ids=["serverless", "function"])
def test_what_keeps_nothing_ready_has_nothing_to_put_to_sleep(render, workload):
    whole, rest = left(render, workload)
    assert rest == whole and not sleeps(workload)
    assert isinstance(workload, ServerlessEndpoint | LambdaEndpoint)


def test_a_job_keeps_its_queue_and_loses_its_timetable(render):
    whole, rest = left(render, JOB)
    assert types(whole) - types(rest) == {"aws_scheduler_schedule"}
    assert Alarms.none() != WATCHED
