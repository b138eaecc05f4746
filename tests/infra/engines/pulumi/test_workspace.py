"""The Automation API at work: our program, run by what stands for `pulumi`, and the state that comes of it."""

import json
import stat
from pathlib import Path

import pytest

from infra import Environment
from infra.blueprint.resource import Blueprint, Postcondition, Resource
from infra.engines.events import ResourceEvent
from infra.engines.pulumi import toolchain
from infra.engines.pulumi.workspace import PULUMI, PulumiFailed, open_workspace
from infra.engines.workspace import Adopted
from infra.errors import PulumiError, ToolchainError

TOPIC = Resource("aws_sns_topic", "told", {"name": "told"})


@pytest.fixture
def directory(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def opened(variables, directory, environment):
    """Opens a workspace of a few resources."""

    def opening(*resources, outputs=None, adopt=None):
        content = Blueprint(resources, outputs or {})
        return open_workspace(content, environment, "shop", directory, variables, print, adopt)

    return opening


def operations(directory: Path) -> list[str]:
    """What was done on 'AWS', in order, without the provider."""
    lines = (directory / "state" / "operations.log").read_text().splitlines()
    return [line for line in lines if "pulumi:providers" not in line]


def test_a_stack_is_planned_applied_planned_again_and_destroyed(opened, directory):
    topic = opened(TOPIC, outputs={"topic": TOPIC.ref("arn"), "name": "x"})
    plan = topic.plan()
    assert plan.line == "1 to add, 0 to change, 0 to destroy"
    assert [(change.address, change.action) for change in plan.changes] == [("aws_sns_topic.told", "create")]
    assert not (directory / "state" / "operations.log").exists()

    heard: list[ResourceEvent] = []
    assert topic.apply(heard.append) == {"topic": "arn:aws:sns/topic:Topic:told", "name": "x"}
    assert [(event.kind, event.address, event.action) for event in heard] == [
        ("start", "aws_sns_topic.told", "create"),
        ("complete", "aws_sns_topic.told", "create"),
    ]
    assert operations(directory) == ["create aws:sns/topic:Topic told"]
    assert topic.held()["aws_sns_topic.told"]["arn"] == "arn:aws:sns/topic:Topic:told"

    again = opened(TOPIC, outputs={"topic": TOPIC.ref("arn"), "name": "x"})
    assert again.plan().empty
    assert again.outputs() == {"topic": "arn:aws:sns/topic:Topic:told", "name": "x"}

    leaving = opened()
    gone = leaving.plan(destroy=True)
    assert gone.line == "0 to add, 0 to change, 1 to destroy"
    assert leaving.apply() == {}
    assert leaving.held() == {}
    assert leaving.plan(destroy=True).empty


def test_a_plan_is_applied_once_and_nothing_without_one(opened):
    topic = opened(TOPIC)
    topic.plan()
    topic.apply()
    with pytest.raises(PulumiError, match="no plan is saved"):
        topic.apply()


def test_a_replacement_counts_twice_and_keeps_the_order_of_the_blueprint(opened, directory):
    def of(version):
        first = Resource("aws_sns_topic", "old-goes-first", {"name": f"a-{version}"})
        last = Resource(
            "aws_sns_topic", "new-comes-first", {"name": f"b-{version}"}, create_before_destroy=True
        )
        return first, last

    one = opened(*of(1))
    one.plan()
    one.apply()
    two = opened(*of(2))
    plan = two.plan()
    assert plan.line == "2 to add, 0 to change, 2 to destroy (2 replaced)"
    assert {change.reason for change in plan.changes} == {"name"}
    two.apply()
    done = [line.split()[::2] for line in operations(directory)[2:]]
    assert done.index(["delete-replaced", "a-1"]) < done.index(["create-replacement", "a-2"])
    assert done.index(["create-replacement", "b-2"]) < done.index(["delete-replaced", "b-1"])


def endpoint(version: int) -> tuple[Resource, ...]:
    """An endpoint with a model and a configuration of one version."""
    model = Resource(
        "aws_sagemaker_model",
        "rank",
        {"name": f"m-{version}", "execution_role_arn": "r"},
        create_before_destroy=True,
    )
    configuration = Resource(
        "aws_sagemaker_endpoint_configuration",
        "rank",
        {"name": f"c-{version}", "production_variants": [{"model_name": model.ref("name")}]},
        create_before_destroy=True,
    )
    held = Postcondition("endpoint_config_name", configuration.ref("name"), "it was rolled back")
    given = {"name": "e", "endpoint_config_name": configuration.ref("name")}
    return model, configuration, Resource("aws_sagemaker_endpoint", "rank", given, postconditions=(held,))


def test_an_update_that_was_rolled_back_fails_deletes_nothing_and_can_be_restored(
    opened, directory, variables
):
    first = opened(*endpoint(1))
    first.plan()
    first.apply()
    Path(variables["LIVE"]).write_text(json.dumps({"rank.endpointConfigName": "c-1"}))
    second = opened(*endpoint(2))
    # A preview does not know what will come of it.
    Path(variables["LIVE"]).rename(directory / "later")
    second.plan()
    (directory / "later").rename(variables["LIVE"])
    with pytest.raises(PulumiFailed) as failed:
        second.apply()
    (told,) = failed.value.diagnostics
    assert (told.address, told.summary) == ("aws_sagemaker_endpoint.rank", "it was rolled back")
    assert not any(line.startswith("delete") for line in operations(directory))

    serving = {"aws_sagemaker_model.rank": "m-1", "aws_sagemaker_endpoint_configuration.rank": "c-1"}
    second.restore(serving)
    held = second.held()
    assert {address: held[address]["id"] for address in serving} == serving
    state = json.loads((directory / "state" / "stack.json").read_text())
    assert not any(one.get("delete") for one in state["resources"])
    assert len({one["urn"] for one in state["resources"]}) == len(state["resources"])


def test_what_is_there_is_taken_over(opened, directory):
    topic = opened(TOPIC, adopt={"aws_sns_topic.told": "arn:aws:sns:told"})
    plan = topic.plan()
    assert [change.action for change in plan.changes] == ["import"]
    assert not plan.empty
    topic.apply()
    assert operations(directory) == ["import aws:sns/topic:Topic arn:aws:sns:told"]


def test_what_an_earlier_deploy_left_is_taken_over_by_the_next_plan(opened, directory):
    topic = opened(TOPIC)
    assert topic.held() == {}
    topic.adopt([Adopted("aws_sns_topic.told", "arn:aws:sns:told", {"id": "arn:aws:sns:told"})])
    assert [change.action for change in topic.plan().changes] == ["import"]
    topic.apply()
    assert operations(directory) == ["import aws:sns/topic:Topic arn:aws:sns:told"]
    assert opened(TOPIC).plan().empty


def test_what_pulumi_aws_lacks_is_one_line_and_no_traceback(opened):
    with pytest.raises(PulumiFailed) as failed:
        opened(Resource("aws_sns_topic", "a", {"nam": "x"})).plan()
    assert str(failed.value).startswith("aws_sns_topic.nam is no argument of pulumi_aws")
    assert "Traceback" not in str(failed.value)


def test_without_the_program_it_says_what_to_install(environment, directory):
    with pytest.raises(ToolchainError, match="pulumi is not on PATH: install Pulumi"):
        open_workspace(Blueprint(()), environment, "shop", directory, {"PATH": str(directory)}, print)


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("exit 3", "returned non-zero exit status 3"),
        ("echo v2.0.0", "Please update the Pulumi CLI|Major version"),
    ],
)
def test_a_program_that_will_not_do_is_one_line(opened, variables, program, told):
    found = toolchain.find(variables)
    found.write_text(f"#!/bin/sh\n{program}\n")
    with pytest.raises(PulumiFailed, match=f"pulumi failed: .*({told})"):
        opened(TOPIC)


def test_its_folder_is_not_terraform_s():
    assert PULUMI.folder("shop") == "shop.pulumi"


def test_the_state_is_in_a_private_folder_or_in_the_environment_s_bucket(opened, directory, environment):
    opened(TOPIC)
    assert stat.S_IMODE((directory / "state").stat().st_mode) == 0o700
    assert toolchain.backend(environment, "shop", directory) == (directory / "state").as_uri()
    remote = environment.model_copy(update={"state_bucket": "acme-state"})
    assert (
        toolchain.backend(remote, "shop", directory)
        == "s3://acme-state/modelyard/dev/shop/pulumi?region=us-east-1&awssdk=v2"
    )


def test_secrets_are_encrypted_by_the_environment_s_key_where_it_has_one(environment):
    assert toolchain.secrets_provider(environment) == "passphrase"
    key = "arn:aws:kms:us-east-1:111122223333:key/1"
    own = environment.model_copy(update={"kms_key_arn": key})
    assert toolchain.secrets_provider(own) == f"awskms:///{key}?region=us-east-1"


@pytest.mark.parametrize(
    "said", [{"PULUMI_CONFIG_PASSPHRASE": "mine"}, {"PULUMI_CONFIG_PASSPHRASE_FILE": "/f"}]
)
def test_a_passphrase_of_ones_own_is_used_and_written_nowhere(said, environment: Environment, directory):
    given = toolchain.variables(environment, "shop", directory, {**said, "PULUMI_STACK": "other"})
    assert {name: given[name] for name in given if "PASSPHRASE" in name} == said
    assert "PULUMI_STACK" not in given
    assert toolchain.variables(environment, "shop", directory, {})["PULUMI_CONFIG_PASSPHRASE"] == ""
    assert list(directory.iterdir()) == []
