"""An endpoint is left alone until SageMaker is done with it."""

import pytest
from botocore.exceptions import ClientError

from infra.operations import endpoints


class SageMaker:
    """One endpoint, which goes through `states`; None is an endpoint that does not exist."""

    def __init__(self, *states: str | None) -> None:
        self.states = list(states)

    def describe_endpoint(self, EndpointName: str):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if state is None:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DescribeEndpoint")
        return {"EndpointName": EndpointName, "EndpointStatus": state}


@pytest.mark.parametrize(
    ("states", "lines", "last"),
    [
        (["InService"], [], "InService"),
        ([None], [], None),
        (["Failed"], [], "Failed"),
        (["Updating", "SystemUpdating", "InService"], ["Updating", "SystemUpdating"], "InService"),
        (["RollingBack", None], ["RollingBack"], None),
    ],
)
def test_what_scales_or_rolls_back_is_waited_for(states, lines, last):
    said, slept = [], []
    found = endpoints.settled("dev-shop-rank", SageMaker(*states), said.append, slept.append)
    assert (found and found["EndpointStatus"]) == last
    assert said == [f"Waiting for SageMaker: dev-shop-rank is {line}" for line in lines]
    assert slept == [endpoints.POLL_SECONDS] * len(lines)


def test_one_that_never_ends_is_not_waited_for_for_ever():
    slept: list[float] = []
    found = endpoints.settled("stuck", SageMaker("Updating"), lambda _: None, slept.append)
    assert found is not None
    assert found["EndpointStatus"] == "Updating"
    assert sum(slept) == 1800


@pytest.mark.parametrize(
    ("states", "waits", "last"),
    [(["Deleting", "Deleting", None], 2, None), ([None], 0, None), (["InService"], 0, "InService")],
)
def test_one_that_is_being_deleted_is_waited_for_until_it_is_gone(states, waits, last):
    slept: list[float] = []
    found = endpoints.left("dev-shop-rank", SageMaker(*states), slept.append)
    assert (found and found["EndpointStatus"]) == last
    assert slept == [endpoints.GOING_SECONDS] * waits
