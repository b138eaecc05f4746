"""An endpoint whose instances somebody set by hand."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.ledger import Deployed
from infra.operations.drift import of_count

RECORD = Deployed("desk", "read", "RealtimeEndpoint", "dev-desk-read", "any")


class Aws:
    """SageMaker and Application Auto Scaling with one endpoint."""

    def __init__(self, desired: int | None, target: tuple[int, int] | None = None, status: str = "InService"):
        self.desired, self.target, self.status = desired, target, status

    def client(self, _service: str) -> "Aws":
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if self.status == "":
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        variants = [{} if self.desired is None else {"DesiredInstanceCount": self.desired}]
        return {"EndpointStatus": self.status, "EndpointConfigName": "c", "ProductionVariants": variants}

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        return {"ProductionVariants": [{} if self.desired is None else {"InitialInstanceCount": 1}]}

    def describe_scalable_targets(self, ServiceNamespace: str, ResourceIds: list[str]) -> dict[str, Any]:
        assert ResourceIds == ["endpoint/dev-desk-read/variant/AllTraffic"]
        bounds = [self.target] if self.target else []
        return {"ScalableTargets": [{"MinCapacity": least, "MaxCapacity": most} for least, most in bounds]}


@pytest.mark.parametrize(
    ("aws", "lines"),
    [
        (Aws(1), []),
        (Aws(3), ["dev-desk-read: its instances are set to 3, and it is to have 1"]),
        (Aws(3, (1, 4)), []),
        (Aws(5, (1, 4)), ["dev-desk-read: its instances are set to 5, and it is to have 1 to 4"]),
        (Aws(0, (0, 4)), []),
        (Aws(3, status="Updating"), []),
        (Aws(3, status=""), []),
        (Aws(None), []),
    ],
)
def test_a_count_outside_of_its_bounds_is_told(aws, lines):
    assert list(of_count(RECORD, aws)) == lines
