import dataclasses

import pytest

from infra import Network, ServerlessEndpoint, TargetTracking
from tests.infra.checks.told import told
from tests.infra.conftest import serverless

VPC = Network(subnet_ids=("subnet-1",), security_group_ids=("sg-1",))


@pytest.mark.parametrize(
    ("changes", "settings", "whose"),
    [({"network": VPC}, {}, "its"), ({}, {"network": VPC}, "environment dev's")],
)
def test_serverless_in_a_vpc(make_stack, changes, settings, whose):
    assert told(make_stack(serverless(**changes)), **settings) == [
        f"rare: SageMaker Serverless joins no VPC, and {whose} network names one; write network=False to let this "
        "endpoint go without, or use a RealtimeEndpoint or a LambdaEndpoint."
    ]


def test_serverless_isolated(make_stack):
    assert told(make_stack(serverless()), network=Network(isolated=True)) == [
        "rare: SageMaker Serverless has no network isolation, and environment dev's network asks for it; write "
        "network=False to let this endpoint go without, or use a RealtimeEndpoint."
    ]


def test_serverless_that_goes_without(make_stack):
    assert told(make_stack(serverless(network=False)), network=VPC) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"provisioned_concurrency": 6}, "provisioned_concurrency"),
        (
            {
                "provisioned_concurrency": 1,
                "autoscaling": TargetTracking(max_capacity=6, utilization=0.7),
            },
            "autoscaling's max_capacity",
        ),
    ],
)
def test_no_more_is_provisioned_than_may_run_at_a_time(make_stack, changes, field):
    assert told(make_stack(serverless(max_concurrency=5, **changes))) == [
        f"rare: {field} 6 is above max_concurrency 5, and SageMaker provisions no more than may run at a time; write "
        "at most 5, or a larger max_concurrency (up to 200)."
    ]
    assert told(make_stack(serverless(max_concurrency=6, **changes))) == []


def test_several_variants_and_a_gpu_instance_cannot_be_declared():
    fields = {field.name for field in dataclasses.fields(ServerlessEndpoint)}
    assert not fields & {"variants", "instance_type", "instance_count"}
    assert "model" in fields
    assert "models" not in fields
