"""Alarms as CloudWatch gets them, and the topic that they tell."""

import json
import typing

import pytest

from infra import Alarms, Stack
from infra.blueprint import blueprint
from infra.blueprint.resource import Ref
from infra.blueprint.watches import DATAPOINTS, PERIOD_SECONDS, RULES
from infra.settings import SECONDS_TO_ALARM
from infra.workloads import Workload
from tests.infra.blueprint.conftest import only
from tests.infra.conftest import asynchronous, function, multi_model, realtime, serverless

ALARM, TOPIC = "aws_cloudwatch_metric_alarm", "aws_sns_topic"
ALL = Alarms(p99_latency_ms=250, server_error_rate=0.02, backlog_age_seconds=600, throttles=3)
OURS = Ref(TOPIC, "alarms", "arn")
COMMON = {"treat_missing_data": "notBreaching", "alarm_actions": [OURS], "ok_actions": [OURS]}
QUICK = {"evaluation_periods": 3, "datapoints_to_alarm": 2}
ON_VARIANT = {"EndpointName": "dev-shop-rank", "VariantName": "AllTraffic"}


def alarms(made) -> dict[str, dict]:
    return {alarm.arguments["alarm_name"]: dict(alarm.arguments) for alarm in made.of_type(ALARM)}


def summed(id: str, namespace: str, metric: str, dimensions: dict) -> dict:
    content = {"namespace": namespace, "metric_name": metric, "dimensions": dimensions}
    return {"id": id, "metric": {**content, "stat": "Sum", "period": 60}}


def test_an_endpoints_alarms(render):
    made = alarms(render(realtime(autoscaling=None), alarms=ALL))
    assert made == {
        "dev-shop-rank-latency": {
            "alarm_name": "dev-shop-rank-latency",
            "alarm_description": "dev-shop-rank: one request of a hundred takes longer than 250 ms.",
            "namespace": "AWS/SageMaker",
            "metric_name": "ModelLatency",
            "dimensions": ON_VARIANT,
            "extended_statistic": "p99",
            "evaluate_low_sample_count_percentiles": "evaluate",
            "period": 60,
            "comparison_operator": "GreaterThanThreshold",
            "threshold": 250_000,  # SageMaker measures in microseconds
            **QUICK,
            **COMMON,
        },
        "dev-shop-rank-errors": {
            "alarm_name": "dev-shop-rank-errors",
            "alarm_description": "dev-shop-rank: 2% of the requests or more end in an error of the server.",
            "metric_query": [
                {
                    "id": "rate",
                    "expression": "errors / requests",
                    "label": "Share of requests that end in an error",
                    "return_data": True,
                },
                summed("errors", "AWS/SageMaker", "Invocation5XXErrors", ON_VARIANT),
                summed("requests", "AWS/SageMaker", "Invocations", ON_VARIANT),
            ],
            "comparison_operator": "GreaterThanOrEqualToThreshold",
            "threshold": 0.02,
            **QUICK,
            **COMMON,
        },
    }


@pytest.mark.parametrize("workload", [multi_model(), serverless()])
def test_every_endpoint_that_answers_at_once_has_the_same(render, workload):
    made = alarms(render(workload, alarms=ALL))
    assert set(made) == {f"dev-shop-{workload.name}-latency", f"dev-shop-{workload.name}-errors"}


def test_an_asynchronous_endpoint_has_no_invocations_to_divide_by_but_a_backlog(render):
    made = alarms(render(asynchronous(autoscaling=None), alarms=ALL))
    assert set(made) == {f"dev-shop-queue-{label}" for label in ("latency", "errors", "backlog")}
    errors, backlog = made["dev-shop-queue-errors"], made["dev-shop-queue-backlog"]
    assert "metric_query" not in errors
    assert (errors["metric_name"], errors["statistic"], errors["threshold"]) == (
        "Invocation5XXErrors",
        "Average",
        0.02,
    )
    assert (backlog["metric_name"], backlog["statistic"], backlog["threshold"]) == (
        "ApproximateAgeOfOldestRequest",
        "Maximum",
        600,
    )
    assert backlog["dimensions"] == {"EndpointName": "dev-shop-queue"}


def test_a_functions_alarms(render):
    made = alarms(render(function(), alarms=ALL))
    of_function = {"FunctionName": "dev-shop-rank-small"}
    latency, errors, throttles = (
        made[f"dev-shop-rank-small-{label}"] for label in ("latency", "errors", "throttles")
    )
    assert (latency["metric_name"], latency["threshold"], latency["dimensions"]) == (
        "Duration",
        250,
        of_function,
    )
    assert errors["metric_query"][1:] == [
        summed("errors", "AWS/Lambda", "Errors", of_function),
        summed("requests", "AWS/Lambda", "Invocations", of_function),
    ]
    assert throttles == {
        "alarm_name": "dev-shop-rank-small-throttles",
        "alarm_description": "dev-shop-rank-small: Lambda refused 3 calls or more in 5 minutes.",
        "namespace": "AWS/Lambda",
        "metric_name": "Throttles",
        "dimensions": of_function,
        "statistic": "Sum",
        "period": 300,
        "evaluation_periods": 1,
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "threshold": 3,
        **COMMON,
    }


def test_no_alarm_and_no_topic_where_none_was_asked_for(render):
    made = render(function())
    assert not list(made.of_type(ALARM))
    assert not list(made.of_type(TOPIC))


def test_a_workload_may_have_other_alarms_or_none(render):
    made = render(realtime(alarms=Alarms(server_error_rate=0.5)), alarms=ALL)
    assert [alarm["threshold"] for alarm in alarms(made).values()] == [0.5]
    assert not alarms(render(realtime(alarms=False), alarms=ALL))


def test_a_stack_has_one_topic_that_only_our_alarms_may_publish_to(base, environment):
    own = environment.model_copy(update={"alarms": ALL})
    stack = Stack("shop", own, [realtime(), function()], base=base)
    made = blueprint(stack, {"rank": "models/a/1/model.tar.gz", "rank-small": "models/a/1/function.zip"})
    topic, policy = only(made, TOPIC), only(made, "aws_sns_topic_policy")
    # Without a key of one's own: CloudWatch may not use AWS's key for SNS.
    assert topic.arguments == {"name": "dev-shop-alarms"}
    assert made.resources.index(topic) == 0
    assert json.loads(policy.arguments["policy"])["Statement"] == [
        {
            "Sid": "OnlyOurAlarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["sns:Publish"],
            "Resource": ["arn:aws:sns:us-east-1:111122223333:dev-shop-alarms"],
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "111122223333"},
                "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:*"},
            },
        }
    ]


def test_the_topic_is_under_the_key_of_the_environment(render):
    key = "arn:aws:kms:us-east-1:111122223333:key/1234"
    made = render(realtime(), alarms=ALL, kms_key_arn=key)
    assert only(made, TOPIC).arguments["kms_master_key_id"] == key


def test_a_topic_of_ones_own_is_told_and_none_is_made(render):
    pager = "arn:aws:sns:us-east-1:111122223333:pager"
    made = render(realtime(), alarms=ALL.model_copy(update={"topic_arn": pager}))
    assert not list(made.of_type(TOPIC))
    assert all(
        alarm["alarm_actions"] == alarm["ok_actions"] == [pager]
        for alarm in alarms(made).values()
        if "alarm_actions" in alarm
    )


def test_alarms_are_there_before_what_they_watch_and_name_it_by_name(render):
    made = render(realtime(autoscaling=None), alarms=ALL)
    places = [resource.type for resource in made.resources]
    assert max(i for i, type in enumerate(places) if type == ALARM) < places.index("aws_sagemaker_endpoint")
    assert all(
        value == "dev-shop-rank"
        for alarm in alarms(made).values()
        for name, value in alarm.get("dimensions", {}).items()
        if name == "EndpointName"
    )


def test_every_kind_of_workload_says_what_can_be_watched():
    assert set(RULES) == set(typing.get_args(Workload))


def test_an_alarm_goes_off_in_the_time_that_roll_outs_count_with():
    assert PERIOD_SECONDS * DATAPOINTS + 60 == SECONDS_TO_ALARM
