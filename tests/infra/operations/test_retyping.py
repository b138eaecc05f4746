from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.errors import Misuse
from infra.operations.retyping import refuse
from tests.infra.conftest import realtime, serverless


@dataclass
class Account:
    """SageMaker with one endpoint on instances of a type, or none; and its scalable targets."""

    runs: str | None
    targets: list[str] = field(default_factory=list)

    def client(self, _service: str) -> "Account":
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if self.runs is None:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        return {"EndpointConfigName": f"{EndpointName}-1"}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        return {"ProductionVariants": [{"InstanceType": self.runs}]}

    def describe_scalable_targets(self, ServiceNamespace: str, ResourceIds: list[str]) -> dict[str, Any]:
        assert ServiceNamespace == "sagemaker"
        return {"ScalableTargets": [{"ResourceId": one} for one in ResourceIds if one in self.targets]}


SCALED = ["endpoint/dev-shop-rank/variant/AllTraffic"]


def test_another_instance_type_for_what_is_scaled(make_stack):
    with pytest.raises(Misuse) as caught:
        refuse(make_stack(realtime(instance_type="ml.c5.xlarge")), Account("ml.m5.large", SCALED))
    assert str(caught.value) == (
        "rank: dev-shop-rank runs on ml.m5.large and is scaled; SageMaker gives it no other instance type meanwhile: "
        "deploy once with autoscaling=None and ml.m5.large, then with ml.c5.xlarge and autoscaling."
    )


@pytest.mark.parametrize(
    ("workload", "account"),
    [
        (realtime(), Account(None)),
        (realtime(), Account("ml.m5.large", SCALED)),
        (realtime(instance_type="ml.c5.xlarge"), Account("ml.m5.large")),
        (realtime(instance_type="ml.c5.xlarge", autoscaling=None), Account("ml.m5.large", SCALED)),
        (serverless(), Account("ml.m5.large", SCALED)),
    ],
    ids=["first deploy", "same type", "not scaled", "no longer scaled", "serverless"],
)
def test_what_sagemaker_takes(make_stack, workload, account):
    refuse(make_stack(workload), account)
