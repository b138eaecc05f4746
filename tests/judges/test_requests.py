"""Whatever passes our checks is what AWS's API takes: every call of every example, and of generated stacks."""

import re
import typing

import pytest
from hypothesis import HealthCheck, given, settings

from infra import checks, environment, rules
from infra.blueprint import Blueprint, blueprint, storage
from infra.blueprint.resource import Resource
from infra.errors import InvalidStack
from infra.stack import Stack
from infra.workloads import Workload
from tests import strategies
from tests.infra.test_blueprint import ENVIRONMENTS, PROJECT, idle, keys
from tests.judges import examples
from tests.judges.calls import CALLS, Unmatched, parameters
from tests.judges.requests import faults

EXAMPLES = examples.stacks()
DRAWN_OF_EACH = 150


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A folder with models/tiny in it."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "models" / "tiny").mkdir(parents=True)
    (folder / "models" / "tiny" / "inference.py").write_text(
        "def predict_fn(data, model):\n    return data\n"
    )
    return folder


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_call_of_an_example_is_one_that_aws_takes(name):
    stack = EXAMPLES[name]
    content = blueprint(stack, keys(stack))
    rules.check(stack, content)
    assert list(faults(content, stack.environment)) == []


@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("made", [storage, idle], ids=["storage", "idle"])
def test_every_call_of_what_an_environment_has_one_of_is_one_that_aws_takes(made, env):
    values = environment.load(env, PROJECT)
    assert list(faults(made(values), values)) == []


def passes(stack: Stack) -> bool:
    """Whether all checks and rules find nothing."""
    try:
        checks.check(stack)
        rules.check(stack, blueprint(stack, keys(stack)))
    except InvalidStack:
        return False
    return True


@pytest.mark.parametrize("kind", strategies.workloads, ids=lambda kind: kind.__name__)
def test_whatever_passes_the_checks_leads_to_calls_that_aws_takes(kind, base):
    judged = 0

    @settings(
        max_examples=DRAWN_OF_EACH,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategies.stacks(base, kind))
    def judge(stack):
        nonlocal judged
        if not passes(stack):
            return
        judged += 1
        assert list(faults(blueprint(stack, keys(stack)), stack.environment)) == []

    judge()
    # Most of what is drawn is refused by the checks, as it should be.
    assert judged >= 5


def test_every_workload_has_a_strategy():
    assert set(strategies.workloads) == set(typing.get_args(Workload))


def test_every_resource_type_of_the_blueprints_has_its_calls():
    sources = (PROJECT / "infra" / "blueprint").glob("*.py")
    made = {type for file in sources for type in re.findall(r'"(aws_[a-z0-9_]+)"', file.read_text())}
    assert len(made) >= 30
    assert made <= set(CALLS)


def test_what_aws_refuses_is_found():
    values = environment.load("dev", PROJECT)
    wrong = Resource("aws_sagemaker_endpoint", "a", {"name": "a_b", "endpoint_config_name": "c"})
    (line,) = faults(Blueprint((wrong,)), values)
    assert line.startswith("aws_sagemaker_endpoint.a: CreateEndpoint: Value 'a_b' at 'endpointName' failed")
    lacking = Resource("aws_sagemaker_endpoint", "a", {"name": "a"})
    (line,) = faults(Blueprint((lacking,)), values)
    assert "Missing required parameter" in line


def test_the_tags_that_every_resource_gets_are_judged_with_it():
    values = environment.load("dev", PROJECT).model_copy(update={"tags": {"t" * 129: "x"}})
    role = Resource("aws_iam_role", "a", {"name": "a", "assume_role_policy": "{}"})
    (line,) = faults(Blueprint((role,)), values)
    assert "less than or equal to 128" in line


def test_an_argument_that_no_call_has_is_an_error():
    from infra.local.overlay.constraints import service_model

    (call,) = CALLS["aws_sns_topic_policy"]
    shape = service_model("sagemaker").operation_model("CreateEndpoint").input_shape
    with pytest.raises(Unmatched, match="topic_arn is none of"):
        parameters(call, shape, {"arn": "a", "policy": "p"})
