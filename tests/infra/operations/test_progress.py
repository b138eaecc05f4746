"""While an endpoint is waited for, what SageMaker does with it is told now and then."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.engines.events import ResourceEvent
from infra.operations.progress import telling
from tests.infra.conftest import function, realtime

ENDPOINT = "aws_sagemaker_endpoint.rank"
UPDATING = {
    "EndpointStatus": "Updating",
    "ProductionVariants": [{"CurrentInstanceCount": 2, "DesiredInstanceCount": 2}],
    "PendingDeploymentSummary": {
        "ProductionVariants": [
            {"CurrentInstanceCount": 1, "DesiredInstanceCount": 2, "VariantStatus": [{"Status": "Baking"}]}
        ]
    },
}


class SageMaker:
    """One endpoint, or none, or an error."""

    def __init__(self, found: dict[str, Any] | str) -> None:
        self.found = found

    def client(self, _service: str) -> "SageMaker":
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        assert EndpointName == "dev-shop-rank"
        if isinstance(self.found, str):
            raise ClientError({"Error": {"Code": self.found, "Message": "no"}}, "DescribeEndpoint")
        return self.found


def event(kind: Any = "progress", address: str = ENDPOINT, seconds: float = 30.0) -> ResourceEvent:
    return ResourceEvent(kind, address, "update", seconds, None)


def told(make_stack, found: Any, *events: ResourceEvent) -> list[str]:
    said: list[str] = []
    seen: list[ResourceEvent] = []
    watch = telling(seen.append, make_stack(realtime(), function()), SageMaker(found), said.append)
    for one in events:
        watch(one)
    assert seen == list(events)
    return said


@pytest.mark.parametrize(
    "found, line",
    [
        (UPDATING, "SageMaker: dev-shop-rank is Updating, Baking, 2 of 2 instances, 1 of 2 instances"),
        ({"EndpointStatus": "Creating"}, "SageMaker: dev-shop-rank is Creating"),
        ("ValidationException", "SageMaker has no dev-shop-rank yet"),
        (
            "AccessDenied",
            "What SageMaker does with dev-shop-rank is not known: An error occurred (AccessDenied) when calling the "
            "DescribeEndpoint operation: no",
        ),
    ],
)
def test_what_sagemaker_does(make_stack, found, line):
    assert told(make_stack, found, event()) == [f"  {line}"]


def test_not_every_time_and_not_of_all_else(make_stack):
    others = [
        event(seconds=10.0),
        event(seconds=20.0),
        event(seconds=0.0),
        event("complete"),
        event(address="aws_lambda_function.rank-small"),
    ]
    assert told(make_stack, UPDATING, *others) == []
    assert len(told(make_stack, UPDATING, event(seconds=30.0), event(seconds=40.0), event(seconds=60.0))) == 2
