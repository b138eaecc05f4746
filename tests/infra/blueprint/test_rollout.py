"""Deployment guardrails as the provider takes them."""

import pytest

from infra import Alarms, AllAtOnce, Canary, Linear, Rolling
from infra.blueprint.resource import Ref
from tests.infra.blueprint.conftest import only
from tests.infra.conftest import asynchronous, multi_model, realtime, serverless

ENDPOINT = "aws_sagemaker_endpoint"
WATCHED = Alarms(p99_latency_ms=250)


def configuration(made) -> dict | None:
    return only(made, ENDPOINT).arguments.get("deployment_config")


def rolled_back_by(*labels: str) -> dict:
    alarms = [{"alarm_name": Ref("aws_cloudwatch_metric_alarm", label, "alarm_name")} for label in labels]
    return {"auto_rollback_configuration": {"alarms": alarms}}


def blue_green(routing: dict) -> dict:
    return {
        "blue_green_update_policy": {
            "traffic_routing_configuration": routing,
            "termination_wait_in_seconds": 0,
            "maximum_execution_timeout_in_seconds": 3000,
        },
        **rolled_back_by("rank-latency", "rank-errors"),
    }


@pytest.mark.parametrize(
    ("rollout", "expected"),
    [
        (AllAtOnce(), blue_green({"type": "ALL_AT_ONCE", "wait_interval_in_seconds": 300})),
        (
            Canary(percent=20, wait_seconds=240),
            blue_green(
                {
                    "type": "CANARY",
                    "wait_interval_in_seconds": 240,
                    "canary_size": {"type": "CAPACITY_PERCENT", "value": 20},
                }
            ),
        ),
        (
            Linear(),
            blue_green(
                {
                    "type": "LINEAR",
                    "wait_interval_in_seconds": 180,
                    "linear_step_size": {"type": "CAPACITY_PERCENT", "value": 25},
                }
            ),
        ),
        (
            Rolling(percent=50),
            {
                "rolling_update_policy": {
                    "maximum_batch_size": {"type": "CAPACITY_PERCENT", "value": 50},
                    "wait_interval_in_seconds": 180,
                    "maximum_execution_timeout_in_seconds": 3000,
                },
                **rolled_back_by("rank-latency", "rank-errors"),
            },
        ),
    ],
    ids=lambda value: getattr(value, "strategy", None),
)
def test_every_strategy(render, rollout, expected):
    assert configuration(render(realtime(instance_count=2), rollout=rollout, alarms=WATCHED)) == expected


@pytest.mark.parametrize(
    ("workload", "labels"),
    [
        (multi_model("rank"), ("rank-latency", "rank-errors")),
        # An old backlog does not keep the update away that is to end it.
        (asynchronous("rank"), ("rank-latency", "rank-errors")),
    ],
)
def test_the_alarms_that_tell_of_the_model_roll_back(render, workload, labels):
    made = configuration(render(workload, rollout=AllAtOnce(), alarms=WATCHED))
    assert made is not None
    assert made["auto_rollback_configuration"] == rolled_back_by(*labels)["auto_rollback_configuration"]


def test_serverless_has_no_guardrails(render):
    assert configuration(render(serverless(), rollout=AllAtOnce(), alarms=WATCHED)) is None


def test_without_a_rollout_the_provider_gets_none(render):
    assert configuration(render(realtime(), alarms=WATCHED)) is None
    assert configuration(render(realtime(rollout=False), rollout=Canary(), alarms=WATCHED)) is None


def test_the_endpoint_waits_for_the_alarms_that_roll_it_back(render):
    made = render(realtime(), rollout=AllAtOnce(), alarms=WATCHED)
    waits_for = {other.address for other in only(made, ENDPOINT).depends_on}
    assert {
        "aws_cloudwatch_metric_alarm.rank-latency",
        "aws_cloudwatch_metric_alarm.rank-errors",
    } <= waits_for
