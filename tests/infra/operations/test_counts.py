"""An update of a scaled-out endpoint begins with as many instances as it has, and then nothing is left to change."""

import dataclasses
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import ScheduledScaling, TargetTracking
from infra.blueprint import blueprint
from infra.operations import counts
from tests.infra.conftest import asynchronous, function, multi_model, realtime, serverless

OLD, NEW = (f"models/tiny/{digit * 64}/model.tar.gz" for digit in "12")


def configuration(stack, key: str) -> str:
    """The name of the only endpoint's configuration."""
    (found,) = blueprint(stack, {one.name: key for one in stack.workloads}).of_type(
        "aws_sagemaker_endpoint_configuration"
    )
    return found.arguments["name"]


class SageMaker:
    """One endpoint that serves with a configuration, or none; `left` are configurations without an endpoint."""

    def __init__(
        self,
        serves: str | None = None,
        began_with: int = 1,
        desired: int | None = 1,
        left: tuple[str, ...] = (),
    ) -> None:
        self.serves, self.began_with, self.desired, self.left = serves, began_with, desired, left

    def client(self, service: str) -> "SageMaker":
        assert service == "sagemaker"
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if self.serves is None:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        variant = {"CurrentInstanceCount": self.desired, "DesiredInstanceCount": self.desired}
        # AWS leaves them out of one that never came up.
        variants = {} if self.desired is None else {"ProductionVariants": [variant]}
        return {"EndpointConfigName": self.serves, **variants}

    def get_paginator(self, operation: str) -> "SageMaker":
        assert operation == "list_endpoint_configs"
        return self

    def paginate(self, NameContains: str) -> list[dict[str, Any]]:
        found = [{"EndpointConfigName": name} for name in self.left if NameContains in name]
        return [{"EndpointConfigs": found[:1]}, {"EndpointConfigs": found[1:]}]

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        variant = {} if self.began_with == 0 else {"InitialInstanceCount": self.began_with}
        return {"EndpointConfigName": EndpointConfigName, "ProductionVariants": [variant]}


def count(stack, key: str, live: SageMaker) -> int:
    """What the stack's only endpoint begins with."""
    (workload,) = counts.kept(stack, {one.name: key for one in stack.workloads}, live).workloads
    return workload.instance_count


@pytest.mark.parametrize("make", [realtime, asynchronous])
def test_an_update_begins_with_the_live_count_and_the_next_plan_is_empty(make_stack, make):
    stack = make_stack(make(instance_count=1))
    live = SageMaker(configuration(stack, OLD), desired=2)
    assert count(stack, OLD, live) == 1  # nothing is updated
    assert count(stack, NEW, live) == 2
    updated = counts.kept(stack, {stack.workloads[0].name: NEW}, live)
    # What then serves is recognized, whatever scaling has done since.
    for desired in (0, 1, 2):
        after = SageMaker(configuration(updated, NEW), began_with=2, desired=desired)
        assert counts.kept(stack, {stack.workloads[0].name: NEW}, after) == updated


def test_a_fleet_that_was_scaled_in_begins_with_what_is_declared(make_stack):
    stack = make_stack(realtime(instance_count=2))
    assert count(stack, NEW, SageMaker(configuration(stack, OLD), began_with=2, desired=1)) == 2


def test_no_more_than_it_may_have(make_stack):
    stack = make_stack(realtime())  # 4 at the most
    assert count(stack, NEW, SageMaker(configuration(stack, OLD), desired=9)) == 4
    winter = ScheduledScaling(schedule="cron(0 0 1 1 ? *)", min_capacity=2, max_capacity=12)
    scaled = TargetTracking(max_capacity=4, invocations_per_instance=100)
    stack = make_stack(realtime(autoscaling=[scaled, winter]))
    assert count(stack, NEW, SageMaker(configuration(stack, OLD), desired=9)) == 9


@pytest.mark.parametrize(
    "workload",
    [
        realtime(autoscaling=None),
        realtime(autoscaling=ScheduledScaling(schedule="rate(1 day)", min_capacity=1, max_capacity=3)),
        multi_model(),
        serverless(),
        function(),
    ],
    ids=["not scaled", "by a timetable alone", "several models, not scaled", "serverless", "function"],
)
def test_what_has_a_count_of_its_own_keeps_it(make_stack, workload):
    stack = make_stack(workload)
    assert counts.kept(stack, {workload.name: NEW}, SageMaker("another", desired=3)) == stack


def test_a_first_deploy_begins_as_it_is_declared(make_stack):
    stack = make_stack(realtime(instance_count=2))
    assert counts.kept(stack, {"rank": NEW}, SageMaker()) == stack


def test_what_sleeps_keeps_the_count_of_its_configuration(make_stack):
    stack = make_stack(realtime())
    awake = counts.kept(stack, {"rank": NEW}, SageMaker(configuration(stack, OLD), desired=3))
    asleep = SageMaker(left=(configuration(stack, OLD), configuration(awake, NEW)))
    assert counts.kept(stack, {"rank": NEW}, asleep) == awake
    assert counts.kept(stack, {"rank": OLD}, asleep) == stack


def test_an_endpoint_that_never_came_up_is_deployed_over(make_stack):
    stack = make_stack(realtime(instance_count=2))
    assert count(stack, NEW, SageMaker(configuration(stack, OLD), desired=None)) == 2


def test_an_endpoint_that_was_serverless_begins_as_it_is_declared(make_stack):
    stack = make_stack(realtime(instance_count=2))
    assert count(stack, NEW, SageMaker("cold", began_with=0, desired=0)) == 2
    assert dataclasses.replace(stack.workloads[0]) == stack.workloads[0]
