"""What an update that SageMaker rolled back leaves behind is removed, for every kind of endpoint."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.blueprint import blueprint
from infra.operations.rollback import CONFIGURATION, MODEL, undo
from infra.operations.verify import VERIFIERS
from tests.infra.conftest import asynchronous, multi_model, realtime, serverless

EVERY = [realtime(), asynchronous(), serverless(), multi_model()]


@dataclass
class SageMaker:
    """Endpoints by name with their configurations, and configurations with their models; notes what is deleted."""

    serving: dict[str, str]
    models: dict[str, str]
    status: str = "InService"
    deleted: list[str] = field(default_factory=list)

    def client(self, _service: str) -> "SageMaker":
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        return {
            "EndpointStatus": self.status,
            "EndpointConfigName": self.serving[EndpointName],
            "FailureReason": "it said no",
        }

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        return {
            "EndpointConfigName": EndpointConfigName,
            "ProductionVariants": [{"ModelName": self.models[EndpointConfigName]}],
        }

    def delete_endpoint_config(self, EndpointConfigName: str) -> None:
        self.deleted.append(EndpointConfigName)

    def delete_model(self, ModelName: str) -> None:
        # Gone already, as after a first attempt that was interrupted.
        self.deleted.append(ModelName)
        raise ClientError({"Error": {"Code": "ValidationException", "Message": ""}}, "DeleteModel")


@dataclass
class Runner:
    """Notes what is to be current again."""

    restored: dict[str, str] = field(default_factory=dict)

    def restore(self, serving: dict[str, str]) -> None:
        self.restored |= serving


def planned(make_stack, workload, key: str):
    stack = make_stack(workload)
    content = blueprint(stack, {workload.name: key})
    return (
        stack,
        content,
        {kind: next(content.of_type(kind)).arguments["name"] for kind in (MODEL, CONFIGURATION)},
    )


@pytest.fixture
def rolled_back(make_stack):
    """The plan of an update, and SageMaker serving what was before it."""

    def made(workload):
        _, _, old = planned(make_stack, workload, "any/1/")
        stack, content, new = planned(make_stack, workload, "any/2/")
        name = stack.deployed_name(workload)
        return (
            stack,
            content,
            old,
            new,
            SageMaker({name: old[CONFIGURATION]}, {old[CONFIGURATION]: old[MODEL]}),
        )

    return made


@pytest.mark.parametrize("workload", EVERY, ids=lambda one: type(one).__name__)
def test_the_new_ones_go_and_the_old_ones_are_current(rolled_back, workload):
    stack, content, old, new, sagemaker = rolled_back(workload)
    runner = Runner()
    assert undo(stack, [workload], content, sagemaker, runner)
    assert sagemaker.deleted == [new[CONFIGURATION], new[MODEL]]
    assert runner.restored == {f"{kind}.{workload.name}": name for kind, name in old.items()}


@pytest.mark.parametrize("workload", EVERY, ids=lambda one: type(one).__name__)
def test_verify_says_that_it_serves_something_else(rolled_back, workload):
    stack, content, old, new, sagemaker = rolled_back(workload)
    name = stack.deployed_name(workload)
    assert list(VERIFIERS[type(workload)](stack, workload, content, None, sagemaker)) == [
        f"Endpoint {name} serves {old[CONFIGURATION]}, planned was {new[CONFIGURATION]}: it said no"
    ]


def test_what_serves_as_planned_is_left_alone(make_stack):
    workload = serverless()
    stack, content, new = planned(make_stack, workload, "any/2/")
    sagemaker = SageMaker({"dev-shop-rare": new[CONFIGURATION]}, {new[CONFIGURATION]: new[MODEL]})
    assert not undo(stack, [workload], content, sagemaker, Runner())
    assert sagemaker.deleted == []


def test_what_is_still_under_way_is_left_alone(rolled_back):
    workload = asynchronous()
    stack, content, _, _, sagemaker = rolled_back(workload)
    sagemaker.status = "RollingBack"
    assert not undo(stack, [workload], content, sagemaker, Runner())
