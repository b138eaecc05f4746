"""Stacks of one workload in an environment with settings, as a blueprint."""

import json

import pytest

from infra import Environment, Stack
from infra.blueprint import blueprint
from infra.blueprint.resource import Blueprint, Resource

KEYS = {"models": "models/tiny/1/model.tar.gz", "many": "sets/many/1/"}


@pytest.fixture
def render(base, environment):
    """The blueprint of one workload; keyword arguments are settings of its environment."""

    def made(workload, key: str | None = None, **settings) -> Blueprint:
        own = Environment(**{**environment.model_dump(), **settings})
        stack = Stack("shop", own, [workload], base=base)
        return blueprint(stack, {workload.name: key or KEYS.get(workload.name, KEYS["models"])})

    return made


def only(made: Blueprint, type: str) -> Resource:
    """The one resource of a type."""
    (resource,) = made.of_type(type)
    return resource


def statements(made: Blueprint) -> dict[str, dict]:
    """What the role may do, by the statements' names."""
    policy = only(made, "aws_iam_role_policy").arguments["policy"]
    return {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}


def names(made: Blueprint) -> dict[str, str]:
    """The names on AWS of model, configuration and endpoint."""
    types = ("aws_sagemaker_model", "aws_sagemaker_endpoint_configuration", "aws_sagemaker_endpoint")
    return {type: only(made, type).arguments["name"] for type in types}
