"""An endpoint that serves is not taken down by a change of its rollout that nobody meant so."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.engines.plan import Change, PlanSummary
from infra.errors import Misuse
from infra.operations import replacement
from tests.infra.conftest import function, realtime


def plan(*actions: tuple[str, str]) -> PlanSummary:
    """A plan with an action for the resource `rank` of each type."""
    changes = tuple(Change(f"{type}.rank", type, "rank", action, "cannot_update") for type, action in actions)
    return PlanSummary(changes, add=1, change=0, destroy=1, empty=False)


class SageMaker:
    """One endpoint in some status, or none."""

    def __init__(self, status: str | None) -> None:
        self.status = status

    def client(self, service: str) -> "SageMaker":
        assert service == "sagemaker"
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        assert EndpointName == "dev-shop-rank"
        if self.status is None:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        return {"EndpointStatus": self.status}


REPLACED = plan(("aws_sagemaker_endpoint", "replace"))


def test_an_endpoint_that_serves_is_not_replaced(make_stack):
    with pytest.raises(Misuse) as error:
        replacement.refuse(make_stack(realtime(), function()), REPLACED, SageMaker("InService"))
    assert str(error.value) == (
        "rank: the plan takes dev-shop-rank down and makes it again, and nobody is answered until it is up: so the "
        "provider does where a rollout with its alarms comes or goes; keep rollout as it is deployed, or say --replace."
    )


@pytest.mark.parametrize("status", ["Failed", None])
def test_what_does_not_serve_is_made_again(make_stack, status):
    replacement.refuse(make_stack(realtime()), REPLACED, SageMaker(status))


@pytest.mark.parametrize(
    "change",
    [
        ("aws_sagemaker_endpoint", "update"),
        ("aws_sagemaker_endpoint", "delete"),
        ("aws_sagemaker_model", "replace"),
    ],
)
def test_an_update_and_a_removal_are_what_was_asked_for(make_stack, change):
    replacement.refuse(make_stack(realtime()), plan(change), SageMaker("InService"))
