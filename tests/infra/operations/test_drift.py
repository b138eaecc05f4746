"""An endpoint whose instances somebody set by hand."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.ledger import Deployed, Ledger
from infra.operations import counts
from infra.operations.drift import _asleep, of_count
from tests.infra.conftest import realtime

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


def test_what_goes_with_a_workload_that_sleeps_is_no_drift(environment):
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s")
        s3.create_bucket(Bucket=environment.artifact_bucket)
        ledger = Ledger(s3, environment.artifact_bucket)
        ledger.write(
            "desk", [RECORD, Deployed("desk", "read-more", "RealtimeEndpoint", "dev-desk-read-more", "any")]
        )
        ledger.write_asleep("desk", {"read"})
        sleeps = _asleep("desk", SimpleNamespace(client=lambda _: s3, environment=environment))
        gone = (
            "aws_sagemaker_endpoint.read",
            "aws_cloudwatch_metric_alarm.read-latency",
            "aws_appautoscaling_policy.read-steps",
        )
        assert all(sleeps(address) for address in gone)
        still = (
            "aws_sagemaker_endpoint.read-more",
            "aws_cloudwatch_metric_alarm.read-more-latency",
            "aws_iam_role.read",
        )
        assert not any(sleeps(address) for address in still)


def test_it_is_set_back_to_the_nearest_that_it_may_have(make_stack):
    said, set_to = [], []
    for aws in (Aws(3), Aws(5, (1, 2)), Aws(0, (1, 2)), Aws(2, (1, 2)), Aws(None), Aws(3, status="")):
        aws.update_endpoint_weights_and_capacities = lambda **request: set_to.append(request)
        counts.restore(make_stack(realtime("read"), name="desk"), aws, said.append)
    assert [one["DesiredWeightsAndCapacities"] for one in set_to] == [
        [{"VariantName": "AllTraffic", "DesiredInstanceCount": count}] for count in (1, 2, 1)
    ]
    assert said[0] == "dev-desk-read: its instances were set to 3 by hand, and are set back to 1"
