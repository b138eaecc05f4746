"""A Modelyard stack inside of a Pulumi program of one's own."""

import json
import re
import shutil

import pulumi
import pytest

from infra import environment, loader
from infra.blueprint import blueprint
from infra.engines.pulumi import ModelyardStack
from infra.errors import InvalidStack
from infra.operations import artifacts
from tests.infra.conftest import function, realtime
from tests.infra.engines.pulumi import spoken
from tests.infra.engines.pulumi.declared import run
from tests.infra.test_blueprint import PROJECT, keys

README = (PROJECT / "README.md").read_text()
(PROGRAM,) = [
    text
    for text in re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    if "ModelyardStack" in text
]


def test_the_program_of_the_readme_deploys_triage_in_at_most_15_lines(tmp_path, monkeypatch):
    assert len(PROGRAM.strip().splitlines()) <= 15
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    for weights in ("model.onnx", "tokenizer.json"):
        (tmp_path / "stacks" / "models" / "triage" / weights).write_text("stands for what export.py makes")
    # The wheels that the function needs are those of the clone: to fetch and stage them takes most of a minute.
    cache = PROJECT / ".modelyard" / "artifacts"
    cache.mkdir(parents=True, exist_ok=True)
    (tmp_path / ".modelyard").mkdir(mode=0o700)
    (tmp_path / ".modelyard" / "artifacts").symlink_to(cache)
    monkeypatch.chdir(tmp_path)
    told = run(lambda: exec(PROGRAM, {}))
    stack = loader.load("triage", environment.load("dev", tmp_path), tmp_path)
    content = blueprint(stack, artifacts.keys(artifacts.identify(stack, cache)))
    assert spoken.of_pulumi(told.declared, "triage-").keys() == spoken.of_terraform(content).keys()
    assert told.outputs == {"endpoint": "dev-triage-classify"}


@pytest.fixture
def stack(make_stack):
    return make_stack(realtime(), function())


def declared(stack, **options):
    """By name, what a component with `options` asks for."""
    told = run(lambda: ModelyardStack("mine", stack, keys(stack), **options) and None)
    return {f"{one.token.partition('/')[0]} {one.name}": one for one in told.declared}


def test_every_resource_is_a_child_and_has_the_component_s_name_before_its_own(stack):
    found = declared(stack)
    parent = found.pop("modelyard:index:Stack mine").request
    assert parent.type == "modelyard:index:Stack"
    for one in found.values():
        assert one.request.parent.endswith("modelyard:index:Stack::mine")
        assert one.name.startswith("mine")


def test_without_a_provider_it_makes_one_that_refuses_other_accounts(stack, environment):
    found = declared(stack)
    aws = found["pulumi:providers:aws mine"]
    assert json.loads(aws.inputs["allowedAccountIds"]) == [environment.account_id]
    for one in found.values():
        if one.token.startswith("aws:"):
            assert "pulumi:providers:aws::mine::" in one.request.provider


def test_a_provider_of_ones_own_is_used_and_none_is_made(stack):
    from infra.engines.pulumi.sdk import aws

    def made() -> None:
        own = aws("provider").Provider("own", region="eu-west-1")
        ModelyardStack("mine", stack, keys(stack), opts=pulumi.ResourceOptions(provider=own))

    told = run(made)
    assert [one.name for one in told.declared if one.token == "pulumi:providers:aws"] == ["own"]
    for one in told.declared:
        if one.token.startswith("aws:"):
            assert "pulumi:providers:aws::own::" in one.request.provider


def test_what_is_protected_is_protected_to_the_last_child(stack):
    assert all(
        one.request.protect for one in declared(stack, opts=pulumi.ResourceOptions(protect=True)).values()
    )
    assert not any(one.request.protect for one in declared(stack).values())


def test_what_is_there_is_taken_over(stack):
    found = declared(stack, adopt={"aws_sagemaker_endpoint.rank": "dev-shop-rank"})
    taken = {one.name: one.request.importId for one in found.values() if one.request.importId}
    assert taken == {"mine-rank": "dev-shop-rank"}


def test_two_of_them_may_be_in_one_program(stack):
    def made() -> None:
        ModelyardStack("a", stack, keys(stack))
        ModelyardStack("b", stack, keys(stack))

    told = run(made)
    places = [(one.token, one.name) for one in told.declared]
    assert len(places) == len(set(places))


def test_a_rule_that_is_broken_is_broken_here_too(make_stack):
    stack = make_stack(function(environment={"API_TOKEN": "ghp_" + "a1B2" * 9}))
    with pytest.raises(InvalidStack):
        run(lambda: ModelyardStack("mine", stack, keys(stack)) and None)
