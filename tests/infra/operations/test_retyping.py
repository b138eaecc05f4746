import typing
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.engines.plan import Change, PlanSummary
from infra.errors import Misuse
from infra.operations.retyping import KINDS, refuse, refuse_both, retyped
from infra.workloads import SageMakerEndpoint
from tests.infra.conftest import asynchronous, function, multi_model, realtime, serverless


@dataclass
class Account:
    """SageMaker with one endpoint on instances of a type, or none; and its scalable targets."""

    runs: str | None
    targets: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    """Of its configuration."""

    def client(self, _service: str) -> "Account":
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if self.runs is None:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        return {"EndpointConfigName": f"{EndpointName}-1"}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        return {"ProductionVariants": [{"InstanceType": self.runs}], **self.more}

    def describe_scalable_targets(self, ServiceNamespace: str, ResourceIds: list[str]) -> dict[str, Any]:
        assert ServiceNamespace == "sagemaker"
        return {"ScalableTargets": [{"ResourceId": one} for one in ResourceIds if one in self.targets]}


QUEUED = {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b/x"}}}
COLD = {"ProductionVariants": [{"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}]}
SCALED = ["endpoint/dev-shop-rank/variant/AllTraffic"]


UPDATED = ("update", "aws_sagemaker_endpoint", "rank")


def plan(*changes: tuple[str, str, str]) -> PlanSummary:
    """A plan of changes, each an action, a type and a name."""
    made = tuple(Change(f"{type}.{name}", type, name, action, None) for action, type, name in changes)
    return PlanSummary(made, 0, len(made), 0, empty=not made)


def test_another_instance_type_for_what_is_scaled(make_stack):
    stack, account = make_stack(realtime(instance_type="ml.c5.xlarge")), Account("ml.m5.large", SCALED)
    refuse(stack, account)
    assert retyped(stack, plan(UPDATED), account) == {"rank": "dev-shop-rank"}
    # One that is replaced takes its scaling along.
    replaced = plan(
        ("replace", "aws_sagemaker_endpoint", "rank"), ("replace", "aws_appautoscaling_target", "rank")
    )
    assert retyped(stack, replaced, account) == {}
    refuse_both(stack, replaced, account)


def test_scaling_and_instance_type_change_one_after_the_other(make_stack):
    stack = make_stack(realtime(instance_type="ml.c5.xlarge"), realtime("rank-big", autoscaling=None))
    account = Account("ml.m5.large", SCALED)
    endpoint = UPDATED
    refuse_both(stack, plan(endpoint), account)
    refuse_both(stack, plan(endpoint, ("create", "aws_appautoscaling_target", "rank-big")), account)
    refuse_both(stack, plan(endpoint, ("update", "aws_appautoscaling_target", "other")), account)
    with pytest.raises(Misuse) as caught:
        refuse_both(
            stack, plan(endpoint, ("update", "aws_appautoscaling_policy", "rank-invocations")), account
        )
    assert str(caught.value) == (
        "rank: dev-shop-rank gets another type of instance, for which its scaling is taken off and put back as it is, "
        "and its scaling changes too (update aws_appautoscaling_policy.rank-invocations): deploy one of the two first."
    )


@pytest.mark.parametrize(
    ("workload", "account", "there", "wanted"),
    [
        (asynchronous("rank"), Account("ml.m5.large"), "real-time", "asynchronous"),
        (realtime(), Account("ml.m5.large", more=QUEUED), "asynchronous", "real-time"),
        (serverless("rank"), Account("ml.m5.large"), "real-time", "serverless"),
        (multi_model("rank"), Account("", more=COLD), "serverless", "real-time"),
    ],
)
def test_another_kind_of_endpoint(make_stack, workload, account, there, wanted):
    with pytest.raises(Misuse) as caught:
        refuse(make_stack(workload), account)
    assert str(caught.value) == (
        f"rank: dev-shop-rank is a deployed {there} endpoint, and SageMaker makes no {wanted} one of it: give the "
        "workload another name, or deploy once without it."
    )


def test_every_endpoint_has_its_kind():
    assert set(KINDS) == set(typing.get_args(SageMakerEndpoint))


@pytest.mark.parametrize(
    ("workload", "account"),
    [
        (realtime(), Account(None)),
        (realtime(), Account("ml.m5.large", SCALED)),
        (realtime(instance_type="ml.c5.xlarge"), Account("ml.m5.large")),
        (realtime(instance_type="ml.c5.xlarge", autoscaling=None), Account("ml.m5.large", SCALED)),
        (serverless(), Account("", more=COLD)),
        (serverless("rank"), Account("", SCALED, more=COLD)),
        (asynchronous("rank"), Account("ml.m5.large", SCALED, QUEUED)),
        (multi_model("rank"), Account("ml.m5.large")),
        (function("rank"), Account("ml.m5.large")),
    ],
    ids=[
        "first deploy",
        "same type",
        "not scaled",
        "no longer scaled",
        "serverless",
        "serverless and scaled",
        "asynchronous",
        "several models in place of one",
        "a function",
    ],
)
def test_what_sagemaker_takes_with_its_scaling_in_place(make_stack, workload, account):
    stack = make_stack(workload)
    refuse(stack, account)
    assert retyped(stack, plan(UPDATED), account) == {}
