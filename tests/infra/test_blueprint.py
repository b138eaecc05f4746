"""The stacks that come with the kit, in every environment, as Terraform gets them."""

import json
import typing
from pathlib import Path

import pytest

from infra import environment, loader
from infra.blueprint import RENDERERS, Blueprint, blueprint, storage
from infra.blueprint.resource import Ref, Resource
from infra.blueprint.unscoped import UNSCOPED
from infra.blueprint.watchman import watchman
from infra.engines.terraform import expression, synth
from infra.operations.idle import IdleRule
from infra.operations.watchman.settings import LOG, Settings
from infra.workloads import MultiModelEndpoint, Workload
from model_packaging import keys as artifact_keys
from tests.infra.conftest import function, realtime

PROJECT = Path(__file__).parents[2]
GOLDEN = PROJECT / "tests" / "golden"
ENVIRONMENTS = sorted(file.stem for file in (PROJECT / environment.DIRECTORY).glob("*.toml"))
STACKS = loader.known(PROJECT)


def keys(stack) -> dict[str, str]:
    """An artifact key per workload that does not depend on the weights on this disk."""
    return {workload.name: _hosted(workload, _key(workload)) for workload in stack.workloads}


def _hosted(workload, key: str) -> str:
    if getattr(workload, "image", None) != "build":
        return key
    return artifact_keys.hosted(key, f"{workload.models[0].name}-{'b' * 64}")


def _key(workload) -> str:
    if isinstance(workload, MultiModelEndpoint):
        return f"sets/{workload.name}/{'a' * 64}/"
    if getattr(workload, "uncompressed", False):
        return f"models/{workload.models[0].name}/{'a' * 64}/model/"
    return f"models/{workload.models[0].name}/{'a' * 64}/artifact"


def idle(values: environment.Environment) -> Blueprint:
    """The watchman of an environment, armed; its code's digest does not matter."""
    given = Settings(values.name, values.artifact_bucket, IdleRule(48.0), 5, True)
    key = f"idle/code/{'a' * 64}.zip"
    return watchman(values, key, "rate(1 hour)", given.variables(), LOG, armed=True)


def golden(name: str) -> dict:
    return json.loads((GOLDEN / f"{name}.tf.json").read_text())


def without_metadata(section):
    """cdktn's own notes (`//`) left out, at every depth."""
    if isinstance(section, dict):
        return {key: without_metadata(value) for key, value in section.items() if key != "//"}
    return section


@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("name", STACKS)
def test_the_resources_are_the_golden_ones(name, env):
    stack = loader.load(name, environment.load(env, PROJECT), PROJECT)
    rendered = expression.resources(blueprint(stack, keys(stack)))
    assert json.loads(json.dumps(rendered)) == golden(f"{name}-{env}")["resource"]


@pytest.mark.node
@pytest.mark.parametrize("env", ENVIRONMENTS)
@pytest.mark.parametrize("name", STACKS)
def test_cdktn_synthesises_the_golden_file(name, env):
    stack = loader.load(name, environment.load(env, PROJECT), PROJECT)
    text = synth.synth(blueprint(stack, keys(stack)), stack.environment, stack.name)
    assert without_metadata(json.loads(text)) == golden(f"{name}-{env}")


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_bucket_is_the_golden_one(env):
    rendered = expression.resources(storage(environment.load(env, PROJECT)))
    assert json.loads(json.dumps(rendered)) == golden(f"storage-{env}")["resource"]


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_watchman_is_the_golden_one(env):
    rendered = expression.resources(idle(environment.load(env, PROJECT)))
    assert json.loads(json.dumps(rendered)) == golden(f"idle-{env}")["resource"]


def test_every_workload_has_a_renderer():
    assert set(RENDERERS) == set(typing.get_args(Workload))


@pytest.fixture
def full(make_stack):
    stack = make_stack(realtime(), function(environment={"LOG": "${x} %{y}"}))
    return blueprint(stack, keys(stack))


def references(value):
    """Every reference in a value, at any depth."""
    if isinstance(value, Ref):
        yield value
    elif hasattr(value, "parts"):
        yield from references(value.parts)
    elif isinstance(value, dict):
        yield from references(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)


def test_every_reference_is_to_a_resource_made_before(full):
    made: set[str] = set()
    for resource in full.resources:
        for ref in references(dict(resource.arguments)):
            assert f"{ref.type}.{ref.name}" in made, resource.address
        assert all(other.address in made for other in resource.depends_on)
        made.add(resource.address)


def test_every_endpoint_has_its_postcondition_and_every_digested_name_is_made_before_the_old_goes(full):
    for resource in full.resources:
        if resource.type == "aws_sagemaker_endpoint":
            (condition,) = resource.postconditions
            assert condition.equals == Ref("aws_sagemaker_endpoint_configuration", resource.name, "name")
            # "Cannot create already existing endpoint": never on the endpoint itself.
            assert not resource.create_before_destroy
        digested = resource.type in ("aws_sagemaker_model", "aws_sagemaker_endpoint_configuration")
        assert resource.create_before_destroy == digested


def test_no_name_is_left_to_chance(full):
    for resource in full.resources:
        assert not any(argument.endswith("_prefix") for argument in resource.arguments)


def test_another_artifact_is_another_model_and_another_configuration(make_stack):
    stack = make_stack(realtime())
    names = [
        {
            resource.type: resource.arguments["name"]
            for resource in blueprint(stack, {"rank": key}).resources
            if resource.type
            in ("aws_sagemaker_model", "aws_sagemaker_endpoint_configuration", "aws_sagemaker_endpoint")
        }
        for key in ("models/tiny/1/model.tar.gz", "models/tiny/2/model.tar.gz")
    ]
    assert names[0]["aws_sagemaker_endpoint"] == names[1]["aws_sagemaker_endpoint"]
    assert names[0]["aws_sagemaker_model"] != names[1]["aws_sagemaker_model"]
    assert (
        names[0]["aws_sagemaker_endpoint_configuration"] != names[1]["aws_sagemaker_endpoint_configuration"]
    )


def test_roles_name_every_action_and_every_resource(full, environment):
    policies = [*full.of_type("aws_iam_role_policy")]
    assert len(policies) == 2
    for policy in policies:
        for statement in json.loads(policy.arguments["policy"])["Statement"]:
            assert not any("*" in action for action in statement["Action"])
            if "*" in statement["Resource"]:
                assert set(statement["Action"]) <= set(UNSCOPED)
            else:
                assert all(
                    environment.account_id in arn or "763104351884" in arn for arn in statement["Resource"]
                )


def test_only_our_account_may_make_a_service_take_a_role(full, environment):
    for role in full.of_type("aws_iam_role"):
        (statement,) = json.loads(role.arguments["assume_role_policy"])["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": environment.account_id}}


def test_a_function_url_asks_for_iam(full):
    assert [url.arguments["authorization_type"] for url in full.of_type("aws_lambda_function_url")] == [
        "AWS_IAM"
    ]


def test_text_that_looks_like_a_reference_stays_text(full):
    (lambda_function,) = full.of_type("aws_lambda_function")
    rendered = expression.body(lambda_function)
    assert rendered["environment"] == {"variables": {"LOG": "$${x} %%{y}"}}


def test_an_own_image_must_be_in_ecr_and_its_repository_is_the_only_one_granted(make_stack):
    from infra.errors import InvalidStack

    own = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/ranker:3"
    stack = make_stack(realtime(image=own))
    (policy,) = blueprint(stack, keys(stack)).of_type("aws_iam_role_policy")
    assert "arn:aws:ecr:eu-west-1:111122223333:repository/team/ranker" in policy.arguments["policy"]
    stack = make_stack(realtime(image="docker.io/ranker:3"))
    with pytest.raises(InvalidStack, match="not in Amazon ECR"):
        blueprint(stack, keys(stack))


def test_a_gpu_instance_gets_the_gpu_image(make_stack):
    stack = make_stack(realtime(instance_type="ml.g5.xlarge"))
    (model,) = blueprint(stack, keys(stack)).of_type("aws_sagemaker_model")
    assert "-gpu-" in model.arguments["primary_container"]["image"]


def test_a_resource_knows_its_address():
    assert Resource("aws_s3_bucket", "artifacts", {}).address == "aws_s3_bucket.artifacts"
