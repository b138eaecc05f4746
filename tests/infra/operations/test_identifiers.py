"""What an import takes, for every resource of every example; and what only a state can tell."""

import re
from pathlib import Path

import pulumi_aws
import pytest

from infra import environment, loader
from infra.blueprint import blueprint, storage
from infra.blueprint.resource import Blueprint, Join, Ref, Resource
from infra.engines.pulumi.classes import CLASSES
from infra.operations.identifiers import FORMS, UNIMPORTABLE, Identified, identify
from tests.infra.test_blueprint import ENVIRONMENTS, PROJECT, STACKS, keys

UNTOLD = {"aws_batch_job_definition", "aws_launch_template"}
"""AWS counts or makes up a part of them."""
SOURCES = Path(pulumi_aws.__file__).parent
_SEPARATOR = re.compile(r"[^\w-]")


def test_every_type_has_its_form_or_none_by_the_provider_s_word():
    assert set(FORMS) | UNIMPORTABLE == set(CLASSES)
    assert not set(FORMS) & UNIMPORTABLE


def documented(type: str) -> list[str]:
    """The identifiers in the examples of `pulumi import` in pulumi_aws's own documentation of a type."""
    module, _, name = CLASSES[type].partition(".")
    snake = re.sub("(?<!^)([A-Z])", lambda letter: f"_{letter[1]}", name).lower()
    file = SOURCES / module / f"{snake}.py"
    return re.findall(r"\$ pulumi import \S+ \S+ (\S+)", file.read_text())


@pytest.mark.parametrize("type", sorted(FORMS))
def test_a_form_has_the_separators_of_the_documented_example(type):
    separators = set(_SEPARATOR.findall(re.sub(r"\{\w+\}", "x", FORMS[type])))
    examples = documented(type)
    assert examples, type
    if FORMS[type] == "{arn}":
        assert all(example.startswith("arn:") for example in examples)
    elif type == "aws_lambda_function_url":
        assert "function_name/qualifier" in (SOURCES / "lambda_" / "function_url.py").read_text()
    elif type == "aws_cloudwatch_event_rule":
        # Without its bus it is of the default one.
        assert {"example-event-bus/capture-console-sign-in"} == set(examples)
    elif type != "aws_iam_policy":
        assert any(set(_SEPARATOR.findall(example)) == separators for example in examples), examples


def test_what_the_provider_cannot_import_has_no_example():
    for type in UNIMPORTABLE:
        assert documented(type) == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("name", STACKS)
def test_every_resource_of_an_example_is_named_without_a_state(name, env):
    values = environment.load(env, PROJECT)
    stack = loader.load(name, values, PROJECT)
    content = blueprint(stack, keys(stack))
    found = identify(content, values, {})
    assert [(one.type, one.name) for one in found] == [(one.type, one.name) for one in content.resources]
    untold = {one.type for one in found if one.id is None}
    assert untold <= UNTOLD | UNIMPORTABLE


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_bucket_and_what_belongs_to_it_are_named(env):
    values = environment.load(env, PROJECT)
    assert all(one.id for one in identify(storage(values), values, {}))


def test_a_state_comes_before_the_names(environment):
    model = Resource("aws_sagemaker_model", "m", {"name": "new"})
    held = {"aws_sagemaker_model.m": {"name": "old", "id": "old", "arn": None}}
    assert identify(Blueprint((model,)), environment, held) == [Identified("aws_sagemaker_model", "m", "old")]
    assert identify(Blueprint((model,)), environment, {}) == [Identified("aws_sagemaker_model", "m", "new")]


def test_what_only_aws_knows_comes_from_the_state(environment):
    template = Resource("aws_launch_template", "t", {"name": "t"})
    alone = identify(Blueprint((template,)), environment, {})
    assert alone == [Identified("aws_launch_template", "t", None)]
    held = identify(Blueprint((template,)), environment, {"aws_launch_template.t": {"id": "lt-1"}})
    assert held == [Identified("aws_launch_template", "t", "lt-1")]


def test_references_are_followed(environment):
    target = Resource(
        "aws_appautoscaling_target",
        "t",
        {
            "service_namespace": "sagemaker",
            "resource_id": Join(("endpoint/", Ref("aws_sagemaker_endpoint", "e", "name"), "/variant/all")),
            "scalable_dimension": "d",
        },
    )
    endpoint = Resource("aws_sagemaker_endpoint", "e", {"name": "dev-e"})
    (_, found) = identify(Blueprint((endpoint, target)), environment, {})
    assert found.id == "sagemaker/endpoint/dev-e/variant/all/d"
    topic = Resource("aws_sns_topic", "t", {"name": "told"})
    policy = Resource("aws_sns_topic_policy", "t", {"arn": topic.ref("arn")})
    (_, found) = identify(Blueprint((topic, policy)), environment, {})
    assert found.id == "arn:aws:sns:us-east-1:111122223333:told"
