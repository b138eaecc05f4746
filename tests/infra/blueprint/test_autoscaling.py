"""What Application Auto Scaling gets, argument by argument."""

import pytest

from infra import Metric, ScheduledScaling, Step, StepScaling, TargetTracking
from infra.blueprint.resource import Join, Ref
from tests.infra.blueprint.conftest import only
from tests.infra.conftest import asynchronous, function, multi_model, realtime, serverless

POLICY, TARGET, ALARM = (
    "aws_appautoscaling_policy",
    "aws_appautoscaling_target",
    "aws_cloudwatch_metric_alarm",
)
ACTION = "aws_appautoscaling_scheduled_action"
TRACKING, STEPPING = (
    "target_tracking_scaling_policy_configuration",
    "step_scaling_policy_configuration",
)
DAY = ScheduledScaling(schedule="cron(0 7 ? * MON-FRI *)", min_capacity=2, max_capacity=8)
NIGHT = ScheduledScaling(
    schedule="cron(0 19 ? * MON-FRI *)", min_capacity=1, max_capacity=2, timezone="Asia/Tokyo"
)


def tracking(**target) -> TargetTracking:
    return TargetTracking(max_capacity=4, **target)


def customized(name: str, namespace: str, statistic: str = "Average", **dimensions: str) -> dict:
    pairs = [{"name": key, "value": value} for key, value in dimensions.items()]
    content = {"namespace": namespace, "metric_name": name, "statistic": statistic, "dimensions": pairs}
    return {"customized_metric_specification": content}


def predefined(name: str) -> dict:
    return {"predefined_metric_specification": {"predefined_metric_type": name}}


@pytest.mark.parametrize(
    ("workload", "value", "metric"),
    [
        (
            realtime(autoscaling=tracking(invocations_per_instance=600)),
            600,
            predefined("SageMakerVariantInvocationsPerInstance"),
        ),
        (
            multi_model(autoscaling=tracking(concurrent_requests_per_instance=3)),
            3,
            predefined("SageMakerVariantConcurrentRequestsPerModelHighResolution"),
        ),
        (
            asynchronous("rank", autoscaling=tracking(backlog_per_instance=5)),
            5,
            # One dimension: with VariantName beside it there is no such metric.
            customized("ApproximateBacklogSizePerInstance", "AWS/SageMaker", EndpointName="dev-shop-rank"),
        ),
        (
            serverless(provisioned_concurrency=1, autoscaling=tracking(utilization=0.7)),
            0.7,
            predefined("SageMakerVariantProvisionedConcurrencyUtilization"),
        ),
        (
            function(provisioned_concurrency=1, autoscaling=tracking(utilization=0.7)),
            0.7,
            predefined("LambdaProvisionedConcurrencyUtilization"),
        ),
        (
            realtime(autoscaling=tracking(metric=Metric("GPUUtilization"), target=60)),
            60,
            customized(
                "GPUUtilization",
                "/aws/sagemaker/Endpoints",
                EndpointName="dev-shop-rank",
                VariantName="AllTraffic",
            ),
        ),
        (
            # In AWS/SageMaker, where all else of several models is, it would never have a datapoint.
            multi_model(autoscaling=tracking(metric=Metric("LoadedModelCount"), target=20)),
            20,
            customized(
                "LoadedModelCount",
                "/aws/sagemaker/Endpoints",
                EndpointName="dev-shop-many",
                VariantName="AllTraffic",
            ),
        ),
        (
            realtime(
                autoscaling=tracking(
                    metric=Metric("Tokens", namespace="Shop", dimensions={"Model": "a"}, statistic="Sum"),
                    target=1e6,
                )
            ),
            1e6,
            customized("Tokens", "Shop", "Sum", Model="a"),
        ),
        (
            function(
                provisioned_concurrency=1,
                autoscaling=tracking(metric=Metric("ProvisionedConcurrentExecutions"), target=3),
            ),
            3,
            customized(
                "ProvisionedConcurrentExecutions",
                "AWS/Lambda",
                FunctionName="dev-shop-rank-small",
                Resource="dev-shop-rank-small:live",
            ),
        ),
    ],
)
def test_every_target_is_the_metric_that_aws_has_for_it(render, workload, value, metric):
    configuration = only(render(workload), POLICY).arguments[TRACKING]
    assert configuration == {
        "target_value": value,
        "scale_in_cooldown": 300,
        "scale_out_cooldown": 60,
        **metric,
    }


@pytest.mark.parametrize(
    ("workload", "namespace", "dimension", "resource_id"),
    [
        (
            realtime("rank"),
            "sagemaker",
            "sagemaker:variant:DesiredInstanceCount",
            Join(("endpoint/", Ref("aws_sagemaker_endpoint", "rank", "name"), "/variant/AllTraffic")),
        ),
        (
            serverless("rank", provisioned_concurrency=2, autoscaling=tracking(utilization=0.7)),
            "sagemaker",
            "sagemaker:variant:DesiredProvisionedConcurrency",
            Join(("endpoint/", Ref("aws_sagemaker_endpoint", "rank", "name"), "/variant/AllTraffic")),
        ),
        (
            function("rank", provisioned_concurrency=2, autoscaling=tracking(utilization=0.7)),
            "lambda",
            "lambda:function:ProvisionedConcurrency",
            Join(
                (
                    "function:",
                    Ref("aws_lambda_alias", "rank", "function_name"),
                    ":",
                    Ref("aws_lambda_alias", "rank", "name"),
                )
            ),
        ),
    ],
)
def test_a_target_is_what_scales_without_tags(render, workload, namespace, dimension, resource_id):
    target = only(render(workload), TARGET)
    assert target.arguments == {
        "service_namespace": namespace,
        "scalable_dimension": dimension,
        "resource_id": resource_id,
        "min_capacity": 1,
        "max_capacity": 4,
    }
    assert target.ignore_changes == ()


@pytest.mark.parametrize("workload", [realtime(autoscaling=None), serverless(), function(), multi_model()])
def test_nothing_scales_where_nothing_was_said(render, workload):
    assert not list(render(workload).of_type(TARGET))


def test_policies_refer_to_their_target_go_with_it_and_are_made_one_after_the_other(render):
    steps = StepScaling(
        max_capacity=4, metric=Metric("CPUUtilization"), threshold=70, steps=[Step(1, lower=0)]
    )
    both = (tracking(invocations_per_instance=600), steps, DAY, NIGHT, tracking(invocations_per_instance=9))
    made = render(realtime(autoscaling=both))
    target = only(made, TARGET)
    (endpoint,) = target.follows
    assert endpoint.address == "aws_sagemaker_endpoint.rank"
    scaling = [one for one in made.resources if one.type in (POLICY, ACTION)]
    assert [one.arguments["name"] for one in scaling] == [
        "dev-shop-rank-invocations",
        "dev-shop-rank-steps",
        "dev-shop-rank-timetable",
        "dev-shop-rank-timetable-2",
        "dev-shop-rank-invocations-2",
    ]
    for one in scaling:
        assert one.follows == (target,)
        for argument in ("service_namespace", "scalable_dimension", "resource_id"):
            assert one.arguments[argument] == Ref(TARGET, "rank", argument)
    before = [[other.address for other in one.depends_on] for one in scaling]
    assert before == [
        [],
        ["aws_appautoscaling_policy.rank-invocations"],
        ["aws_cloudwatch_metric_alarm.rank-steps"],
        ["aws_appautoscaling_scheduled_action.rank-timetable"],
        ["aws_appautoscaling_scheduled_action.rank-timetable-2"],
    ]


def test_steps_are_started_by_an_alarm(render):
    policy = StepScaling(
        min_capacity=1,
        max_capacity=8,
        metric=Metric("CPUUtilization", statistic="Maximum", period_seconds=120),
        threshold=70,
        steps=[Step(1, lower=0, upper=10.5), Step(3, lower=10.5)],
        comparison="GreaterThanThreshold",
        evaluation_periods=3,
        cooldown_seconds=90,
    )
    made = render(realtime(autoscaling=policy))
    stepping, alarm = only(made, POLICY), only(made, ALARM)
    assert stepping.arguments[STEPPING] == {
        "adjustment_type": "ChangeInCapacity",
        "cooldown": 90,
        "metric_aggregation_type": "Maximum",
        "step_adjustment": [
            {
                "metric_interval_lower_bound": "0",
                "metric_interval_upper_bound": "10.5",
                "scaling_adjustment": 1,
            },
            {"metric_interval_lower_bound": "10.5", "scaling_adjustment": 3},
        ],
    }
    assert alarm.arguments == {
        "alarm_name": "dev-shop-rank-steps",
        "alarm_description": "Scales dev-shop-rank; nobody has to do anything.",
        "namespace": "/aws/sagemaker/Endpoints",
        "metric_name": "CPUUtilization",
        "dimensions": {"EndpointName": "dev-shop-rank", "VariantName": "AllTraffic"},
        "statistic": "Maximum",
        "period": 120,
        "comparison_operator": "GreaterThanThreshold",
        "threshold": 70,
        "evaluation_periods": 3,
        "treat_missing_data": "missing",
        "alarm_actions": [Ref(POLICY, "rank-steps", "arn")],
    }


def test_a_timetable_moves_the_targets_bounds_and_no_plan_moves_them_back(render):
    made = render(realtime(instance_count=2, autoscaling=(DAY, NIGHT)))
    target = only(made, TARGET)
    assert (target.arguments["min_capacity"], target.arguments["max_capacity"]) == (2, 2)
    assert target.ignore_changes == ("min_capacity", "max_capacity")
    day, night = made.of_type(ACTION)
    assert {key: day.arguments[key] for key in ("schedule", "timezone", "scalable_target_action")} == {
        "schedule": "cron(0 7 ? * MON-FRI *)",
        "timezone": "UTC",
        "scalable_target_action": {"min_capacity": 2, "max_capacity": 8},
    }
    assert night.arguments["timezone"] == "Asia/Tokyo"


def test_async_goes_to_zero_and_wakes_by_awss_recipe(render):
    made = render(asynchronous())
    assert only(made, TARGET).arguments["min_capacity"] == 0
    backlog, wake_up = made.of_type(POLICY)
    assert backlog.arguments["policy_type"] == "TargetTrackingScaling"
    assert wake_up.arguments["name"] == "dev-shop-queue-wake-up"
    assert wake_up.arguments["policy_type"] == "StepScaling"
    assert wake_up.depends_on == (backlog,)
    assert wake_up.arguments[STEPPING] == {
        "adjustment_type": "ChangeInCapacity",
        "cooldown": 300,
        "metric_aggregation_type": "Average",
        "step_adjustment": [{"metric_interval_lower_bound": "0", "scaling_adjustment": 1}],
    }
    assert only(made, ALARM).arguments == {
        "alarm_name": "dev-shop-queue-wake-up",
        "alarm_description": "Scales dev-shop-queue; nobody has to do anything.",
        "namespace": "AWS/SageMaker",
        "metric_name": "HasBacklogWithoutCapacity",
        "dimensions": {"EndpointName": "dev-shop-queue"},
        "statistic": "Average",
        "period": 60,
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "threshold": 1,
        "evaluation_periods": 2,
        "datapoints_to_alarm": 2,
        "treat_missing_data": "missing",
        "alarm_actions": [Ref(POLICY, "queue-wake-up", "arn")],
    }


def test_async_that_never_sleeps_needs_no_waking(render):
    made = render(asynchronous(autoscaling=tracking(backlog_per_instance=5)))
    assert [policy.arguments["name"] for policy in made.of_type(POLICY)] == ["dev-shop-queue-backlog"]
    assert not list(made.of_type(ALARM))


def test_async_that_a_timetable_puts_to_sleep_wakes_too(render):
    night = ScheduledScaling(schedule="rate(12 hours)", min_capacity=0, max_capacity=2)
    made = render(asynchronous(autoscaling=(tracking(backlog_per_instance=5), night)))
    assert [alarm.arguments["alarm_name"] for alarm in made.of_type(ALARM)] == ["dev-shop-queue-wake-up"]
