"""What is taken off for an update is what the embedded AWS, as AWS, would refuse it for."""

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import Environment, Stack
from infra.engines.plan import Change, PlanSummary
from infra.operations.retyping import retyped
from infra.operations.scaling import suspended, targets
from tests.infra.conftest import realtime

NAME = "local-retyped-rank"


@dataclass(frozen=True)
class Connection:
    """The embedded AWS."""

    client: Any


@pytest.fixture
def scaled(client, sagemaker, make_config, settle):
    """An endpoint that is scaled, on ml.m5.large."""
    sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=make_config())
    assert settle(NAME)[0][-1] == "InService"
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{NAME}/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    client("application-autoscaling").register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    yield
    client("application-autoscaling").deregister_scalable_target(**target)
    sagemaker.delete_endpoint(EndpointName=NAME)


CHANGE = Change("aws_sagemaker_endpoint.rank", "aws_sagemaker_endpoint", "rank", "update", None)
UPDATE = PlanSummary((CHANGE,), 0, 1, 0, empty=False)


def stack(tmp_path, instance_type: str) -> Stack:
    environment = Environment(name="local", region="us-east-1", account_id="123456789012")
    return Stack("retyped", environment, [realtime(instance_type=instance_type)], base=tmp_path)


def test_what_aws_refuses_of_a_scaled_endpoint_is_known_and_goes_while_it_is_not(
    scaled, client, sagemaker, make_config, settle, tmp_path
):
    connection = Connection(client)
    assert retyped(stack(tmp_path, "ml.m5.large"), UPDATE, connection) == {}
    assert retyped(stack(tmp_path, "ml.c5.xlarge"), UPDATE, connection) == {"rank": NAME}
    update = {
        "EndpointName": NAME,
        "EndpointConfigName": make_config(changes={"InstanceType": "ml.c5.xlarge"}),
    }
    with pytest.raises(ClientError, match="instance type"):
        sagemaker.update_endpoint(**update)
    with suspended([NAME], connection, lambda line: None):
        sagemaker.update_endpoint(**update)
        assert settle(NAME)[0][-1] == "InService"
    assert [one["MaxCapacity"] for one in targets(NAME, connection)] == [2]
    assert retyped(stack(tmp_path, "ml.c5.xlarge"), UPDATE, connection) == {}
