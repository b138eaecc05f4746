"""Both engines ask AWS for the same: every example stack in every environment, and what Hypothesis makes up."""

import json
import re

import pulumi
import pytest
from hypothesis import HealthCheck, given, settings

from infra import environment, loader
from infra.blueprint import blueprint, storage
from infra.blueprint.resource import Blueprint, Join, Postcondition, Resource
from infra.engines.provider import provider as settings_of
from infra.engines.pulumi import arguments, classes, program
from infra.errors import InvalidStack, PulumiError
from tests import strategies
from tests.infra.engines.pulumi import spoken
from tests.infra.engines.pulumi.declared import run
from tests.infra.test_blueprint import ENVIRONMENTS, PROJECT, STACKS, keys

DRAWN_OF_EACH = 60


def asked(content: Blueprint, **options):
    """What Pulumi is asked for."""
    return run(lambda: exported(program.place(content, **options)), outputs_of=computed)


def exported(outputs) -> None:
    for name, value in outputs.items():
        pulumi.export(name, value)


def computed(token: str) -> list[str]:
    """What AWS alone knows of a resource: the attributes that references of the blueprints name."""
    return [
        "arn",
        "qualifiedArn",
        "invokeArn",
        "functionUrl",
        "resourceId",
        "latestVersion",
        "version",
        "repositoryUrl",
    ]


def comparable(asked_of_pulumi):
    """With the marks of what is computed written as the comparison with Terraform writes them."""
    found = spoken.of_pulumi(asked_of_pulumi.declared)
    marks = {
        f"{one.token}.{one.name}": f"{spoken.resource_type(one.token)}.{one.name}"
        for one in asked_of_pulumi.declared
        if one.token.startswith("aws:")
    }
    return {place: remarked(value, marks) for place, value in found.items()}


def remarked(value, marks):
    if isinstance(value, dict):
        return {key: remarked(item, marks) for key, item in value.items()}
    if isinstance(value, list):
        return [remarked(item, marks) for item in value]
    if isinstance(value, str):
        for mark in sorted(marks, key=len, reverse=True):
            while (start := value.find(f"{mark}.")) >= 0:
                end = start + len(mark) + 1
                stop = next((at for at in range(end, len(value)) if not value[at].isalnum()), len(value))
                attribute = "".join(f"_{c.lower()}" if c.isupper() else c for c in value[end:stop])
                value = f"{value[:start]}<{marks[mark]}.{attribute}>{value[stop:]}"
    return value


CONTENTS = {
    **{
        f"{name}-{env}": lambda name=name, env=env: _stack(name, env)
        for env in ENVIRONMENTS
        for name in STACKS
    },
    **{f"storage-{env}": lambda env=env: storage(environment.load(env, PROJECT)) for env in ENVIRONMENTS},
}


def _stack(name: str, env: str) -> Blueprint:
    stack = loader.load(name, environment.load(env, PROJECT), PROJECT)
    return blueprint(stack, keys(stack))


@pytest.mark.parametrize("name", CONTENTS)
def test_both_engines_ask_for_the_same(name):
    content = CONTENTS[name]()
    told = asked(content)
    assert comparable(told) == spoken.of_terraform(content)
    assert set(told.outputs) == set(content.outputs)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A folder with models/tiny in it."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "models" / "tiny").mkdir(parents=True)
    (folder / "models" / "tiny" / "inference.py").write_text(
        "def predict_fn(data, model):\n    return data\n"
    )
    return folder


@pytest.mark.parametrize("kind", strategies.workloads, ids=lambda kind: kind.__name__)
def test_whatever_a_stack_may_ask_for_pulumi_aws_has(kind, base):
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
        try:
            content = blueprint(stack, keys(stack))
        except InvalidStack:
            return  # an image that is in no registry of AWS
        judged += 1
        for resource in content.resources:
            arguments.render(
                resource.type, resource.arguments, lambda ref: arguments.attribute(ref.type, ref.attribute)
            )

    judge()
    assert judged >= 20


def test_every_resource_type_of_the_blueprints_has_its_class():
    sources = (PROJECT / "infra" / "blueprint").glob("*.py")
    made = {type for file in sources for type in re.findall(r'"(aws_[a-z0-9_]+)"', file.read_text())}
    assert made == set(classes.CLASSES)
    for type in made:
        assert classes.resource_class(type).pulumi_type == classes.token(type)
        assert spoken.resource_type(classes.token(type)) == type


def test_every_other_name_is_one_that_pulumi_aws_has_and_terraform_s_is_not():
    for type, names in classes.RENAMED.items():
        taken = arguments.slots(classes.resource_class(type)._internal_init)
        for terraform, ours in names.items():
            assert ours in taken
            assert terraform not in taken


def test_a_type_or_an_argument_that_pulumi_aws_lacks_is_an_error_with_its_name():
    with pytest.raises(PulumiError, match=r"aws_nothing has no class of pulumi_aws"):
        asked(Blueprint((Resource("aws_nothing", "a", {}),)))
    with pytest.raises(PulumiError, match=r"aws_sns_topic\.nam is no argument of pulumi_aws; it has .*name"):
        asked(Blueprint((Resource("aws_sns_topic", "a", {"nam": "x"}),)))
    block = {"primary_container": {"imagee": "i"}}
    with pytest.raises(PulumiError, match=r"aws_sagemaker_model\.primary_container\.imagee is no argument"):
        asked(Blueprint((Resource("aws_sagemaker_model", "a", block),)))
    topic = Resource("aws_sns_topic", "a", {"name": "x"})
    with pytest.raises(
        PulumiError, match=r"aws_sns_topic\.arm is no attribute of pulumi_aws\.sns\.topic\.Topic"
    ):
        asked(Blueprint((topic,), {"it": topic.ref("arm")}))


def test_two_blocks_where_pulumi_aws_takes_one_are_an_error():
    two = {"primary_container": [{"image": "i"}, {"image": "j"}]}
    with pytest.raises(PulumiError, match=r"aws_sagemaker_model\.primary_container has 2 items"):
        asked(Blueprint((Resource("aws_sagemaker_model", "a", two),)))


TOPIC = Resource("aws_sns_topic", "told", {"name": "told"})
MODEL = Resource(
    "aws_sagemaker_model", "m", {"name": "m-1", "execution_role_arn": "r"}, create_before_destroy=True
)


def requests(*resources, **options):
    """What Pulumi's engine was asked, by name."""
    return {one.name: one.request for one in asked(Blueprint(resources), **options).declared}


def test_the_order_of_a_replacement_is_said_for_each():
    found = requests(TOPIC, MODEL)
    assert found["told"].deleteBeforeReplaceDefined and found["told"].deleteBeforeReplace
    assert found["m"].deleteBeforeReplaceDefined and not found["m"].deleteBeforeReplace


def test_what_depends_on_another_and_what_goes_with_it_is_told():
    later = Resource("aws_sns_topic", "later", {"name": "later"}, depends_on=(TOPIC,), follows=(MODEL,))
    found = requests(TOPIC, MODEL, later)["later"]
    assert [urn.rpartition("::")[2] for urn in found.dependencies] == ["told"]
    assert [urn.rpartition("::")[2] for urn in found.replace_with] == ["m"]


def test_what_something_else_moves_is_left_as_it_is_by_pulumi_s_name():
    given = {
        "min_capacity": 1,
        "max_capacity": 2,
        "resource_id": "r",
        "scalable_dimension": "d",
        "service_namespace": "s",
    }
    target = Resource("aws_appautoscaling_target", "t", given, ignore_changes=("min_capacity",))
    function = {"function_name": "f", "role": "r"}
    named = Resource("aws_lambda_function", "f", function, ignore_changes=("function_name",))
    found = requests(target, named)
    assert list(found["t"].ignoreChanges) == ["minCapacity"]
    assert list(found["f"].ignoreChanges) == ["name"]


def test_what_is_there_already_is_taken_over_by_its_identifier():
    assert requests(TOPIC, adopt={"aws_sns_topic.told": "arn:aws:sns:x"})["told"].importId == "arn:aws:sns:x"
    assert not requests(TOPIC)["told"].importId


def test_text_that_looks_like_a_reference_stays_text():
    (topic,) = asked(Blueprint((Resource("aws_sns_topic", "t", {"name": "${x} %{y}"}),))).declared
    assert topic.inputs["name"] == "${x} %{y}"


def test_a_text_with_references_is_joined():
    joined = Resource("aws_sns_topic", "t", {"name": Join(("a:", TOPIC.ref("name"), ":", TOPIC.ref("name")))})
    assert asked(Blueprint((TOPIC, joined))).declared[1].inputs["name"] == "a:told:told"


CONFIGURATION = Resource(
    "aws_sagemaker_endpoint_configuration", "e", {"name": "new", "production_variants": []}
)
ENDPOINT = Resource(
    "aws_sagemaker_endpoint",
    "e",
    {"name": "e", "endpoint_config_name": CONFIGURATION.ref("name")},
    postconditions=(Postcondition("endpoint_config_name", CONFIGURATION.ref("name"), "it was rolled back"),),
)
AFTER = Resource("aws_sns_topic", "after", {"name": ENDPOINT.ref("name")})
ROLLED_BACK = {"aws:sagemaker/endpoint:Endpoint": {"endpointConfigName": "old"}}


def test_an_endpoint_that_serves_something_else_ends_the_program_and_nothing_follows_it():
    declared = []

    def made() -> None:
        exported(program.place(Blueprint((CONFIGURATION, ENDPOINT, AFTER), {"it": ENDPOINT.ref("name")})))

    with pytest.raises(pulumi.RunError, match=r"aws_sagemaker_endpoint\.e: it was rolled back"):
        run(made, answers=ROLLED_BACK, kept=declared)
    assert [one.name for one in declared] == ["e", "e"]


def test_an_endpoint_that_nothing_refers_to_is_looked_at_too():
    with pytest.raises(pulumi.RunError, match=r"it was rolled back"):
        run(lambda: exported(program.place(Blueprint((CONFIGURATION, ENDPOINT)))), answers=ROLLED_BACK)


def test_an_endpoint_that_serves_what_was_planned_is_referred_to():
    told = asked(Blueprint((CONFIGURATION, ENDPOINT, AFTER), {"it": ENDPOINT.ref("name")}))
    assert told.declared[2].inputs["name"] == "e"
    assert told.outputs == {"it": "e"}


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_the_provider_is_set_up_as_terraform_s_is(env):
    values = environment.load(env, PROJECT)
    (aws,) = run(lambda: program.provider("aws", values, "triage") and None).declared
    found = {name: read(value) for name, value in aws.inputs.items()}
    wanted = settings_of(values, "triage")
    for block in ("default_tags", "ignore_tags"):
        (wanted[block],) = wanted[block]
    if values.embedded_aws:
        wanted["skip_metadata_api_check"] = True
    for name, value in wanted.items():
        assert found[spoken_by_pulumi(name)] == value
    # What pulumi_aws adds by itself.
    assert found.keys() - {spoken_by_pulumi(name) for name in wanted} == {
        "skipCredentialsValidation",
        "skipRegionValidation",
    }


def read(value):
    """Pulumi gives a provider every argument but texts as JSON."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def spoken_by_pulumi(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
