"""What is refused before an update is what the embedded AWS, as AWS, would refuse of it."""

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import Environment, Stack
from infra.errors import Misuse
from infra.operations.retyping import refuse
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


def stack(tmp_path, instance_type: str) -> Stack:
    environment = Environment(name="local", region="us-east-1", account_id="123456789012")
    return Stack("retyped", environment, [realtime(instance_type=instance_type)], base=tmp_path)


def test_another_instance_type_is_refused_here_and_there(scaled, client, sagemaker, make_config, tmp_path):
    refuse(stack(tmp_path, "ml.m5.large"), Connection(client))
    with pytest.raises(Misuse, match=f"{NAME} runs on ml.m5.large and is scaled"):
        refuse(stack(tmp_path, "ml.c5.xlarge"), Connection(client))
    with pytest.raises(ClientError, match="instance type"):
        sagemaker.update_endpoint(
            EndpointName=NAME, EndpointConfigName=make_config(changes={"InstanceType": "ml.c5.xlarge"})
        )
