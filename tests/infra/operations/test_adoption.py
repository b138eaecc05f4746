"""What is taken over: what our name and our tags say is ours, and the state has nothing of."""

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as some

from infra import BatchJob, Network
from infra.blueprint import blueprint
from infra.connection import Connection
from infra.engines.terraform.workspace import TERRAFORM
from infra.errors import Misuse
from infra.operations import adoption, identifiers, probes
from tests.infra.conftest import function, realtime

OURS = {"modelyard:environment": "dev", "modelyard:stack": "shop", "team": "x"}
NOT_THERE = {"get_role": "NoSuchEntity", "get_policy": "NoSuchEntity", "get_instance_profile": "NoSuchEntity"}
KEY = f"models/tiny/{'a' * 64}/model.tar.gz"


def absent(operation: str) -> ClientError:
    """What AWS answers of what is not there: SageMaker with a code that says no more than that something is wrong."""
    sagemaker = operation in ("describe_model", "describe_endpoint_config", "describe_endpoint")
    code = "ValidationException" if sagemaker else NOT_THERE.get(operation, "ResourceNotFoundException")
    return ClientError({"Error": {"Code": code, "Message": ""}}, operation)


class Account:
    """An AWS with roles, models and configurations by name, and their tags; and a ledger."""

    def __init__(
        self, environment, engine: str | None = "terraform", **there: dict[str, dict[str, str]]
    ) -> None:
        self.environment, self.engine, self.there = environment, engine, there
        self.asked: list[str] = []

    def client(self, service: str) -> "Account":
        return self

    def __getattr__(self, operation: str) -> Any:
        def call(**given: Any) -> Any:
            self.asked.append(operation)
            if operation not in self.there:
                raise absent(operation)
            (name,) = given.values()
            tags = self.there[operation].get(name)
            if tags is None:
                raise absent(operation)
            listed = [{"Key": key, "Value": value} for key, value in tags.items()]
            kind = {
                "get_role": "Role",
                "describe_model": "Model",
                "describe_endpoint_config": "EndpointConfig",
            }
            if operation == "get_role":
                return {"Role": {"Arn": f"arn:{name}", "Tags": listed}}
            self.last = listed
            return {f"{kind[operation]}Arn": f"arn:{name}"}

        return call

    def list_tags(self, ResourceArn: str) -> dict[str, Any]:
        return {"Tags": self.last}

    def describe_log_groups(self, **given: Any) -> None:
        raise AssertionError("it is paged")

    def get_paginator(self, operation: str) -> "Account":
        self.operation = operation
        return self

    def paginate(self, **given: Any) -> list[dict[str, Any]]:
        listing = {"describe_log_groups": "logGroups", "list_objects_v2": "Contents"}[self.operation]
        if listing == "Contents" and self.engine and given["Prefix"] == "stacks/":
            return [{"Contents": [{"Key": "stacks/shop.json"}]}]
        return [{listing: []}]

    def head_bucket(self, Bucket: str) -> None:
        pass

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        record = {
            "stack": "shop", "workload": "rank", "kind": "RealtimeEndpoint", "name": "dev-shop-rank",
            "artifact_key": KEY, "engine": self.engine,
        }  # fmt: skip
        return {"Body": io.BytesIO(json.dumps([record]).encode())}


class Workspace:
    """A state, and what was given to it."""

    def __init__(self, held: dict[str, dict[str, Any]] | None = None) -> None:
        self._held, self.adopted = held or {}, []

    def held(self) -> dict[str, dict[str, Any]]:
        return self._held

    def adopt(self, found: Any) -> None:
        self.adopted += found


@pytest.fixture
def stack(make_stack):
    return make_stack(realtime(), function())


def names(stack) -> dict[str, str]:
    """The names of a blueprint, by address."""
    content = blueprint(stack, {one.name: KEY for one in stack.workloads})
    return {one.address: one.arguments.get("name", "") for one in content.resources}


def adopt(stack, account: Account, workspace: Workspace) -> tuple[list[str], list[str]]:
    """The addresses that were taken over, and what was said."""
    said: list[str] = []
    content = blueprint(stack, {one.name: KEY for one in stack.workloads})
    adoption.adopt(stack, content, TERRAFORM, workspace, account, said.append)
    return [one.address for one in workspace.adopted], said


def test_before_a_first_deploy_what_is_somebody_elses_is_refused(stack, environment):
    account, workspace = Account(environment, engine=None), Workspace()
    assert adopt(stack, account, workspace) == ([], [])
    theirs = {"modelyard:environment": "dev-shop", "modelyard:stack": "rank"}
    account = Account(environment, engine=None, get_role={"dev-shop-rank-role-us-east-1": theirs})
    with pytest.raises(
        Misuse, match="aws_iam_role dev-shop-rank-role-us-east-1 is there already and is not this"
    ):
        adopt(stack, account, workspace)


def test_nothing_is_looked_for_of_what_another_engine_deployed(stack, environment):
    account, workspace = Account(environment, engine="pulumi"), Workspace()
    assert adopt(stack, account, workspace) == ([], []) and account.asked == []


def test_what_has_our_name_and_our_tags_is_taken_over(stack, environment):
    account = Account(environment, get_role={"dev-shop-rank-role-us-east-1": OURS})
    found, said = adopt(stack, account, Workspace())
    assert found == ["aws_iam_role.rank"]
    assert said == ["An earlier deploy was cut short; taking over what it made: aws_iam_role.rank"]


def test_whether_anything_was_taken_over_is_told_and_why(stack, environment):
    content, said = blueprint(stack, {one.name: KEY for one in stack.workloads}), []
    account = Account(environment, get_role={"dev-shop-rank-role-us-east-1": OURS})
    assert adoption.take_over(stack.name, content, Workspace(), account, said.append, "An answer was lost")
    assert said == ["An answer was lost; taking over what it made: aws_iam_role.rank"]
    assert not adoption.take_over(stack.name, content, Workspace(), Account(environment), said.append)


def test_what_was_not_heard_of_is_taken_over_where_it_is_ours(stack, environment):
    content, said = blueprint(stack, {one.name: KEY for one in stack.workloads}), []
    for tags, is_ours in ((OURS, True), ({}, False)):
        workspace = Workspace()
        account = Account(environment, get_role={"dev-shop-rank-role-us-east-1": tags})
        assert (
            adoption.take_over_unheard(stack.name, content, workspace, account, said.append)
            == bool(workspace.adopted)
            == is_ours
        )
    assert said == ["An answer of AWS was lost; taking over what it made: aws_iam_role.rank"]


def test_what_the_state_holds_is_not_asked_for(stack, environment):
    held = {address: {"name": name} for address, name in names(stack).items()}
    account = Account(environment)
    assert adopt(stack, account, Workspace(held)) == ([], []) and account.asked == []


def test_what_an_older_provider_calls_otherwise_is_held_as_well(make_stack, environment):
    job = BatchJob(
        "nightly",
        model=realtime().model,
        instance_types=["m5.large"],
        max_vcpus=4,
        network=Network(subnet_ids=["subnet-0a1b2c3d4e5f60718"], security_group_ids=["sg-0a1b2c3d4e5f60718"]),
    )
    stack = make_stack(job)
    held = {
        address: {"compute_environment_name" if "compute_environment" in address else "name": name}
        for address, name in names(stack).items()
    }
    account = Account(environment)
    assert adopt(stack, account, Workspace(held)) == ([], []) and account.asked == []


def test_a_successor_of_what_the_state_holds_is_taken_over_under_its_own_name(stack, environment):
    known = names(stack)
    model = known["aws_sagemaker_model.rank"]
    held = {address: {"name": name} for address, name in known.items()}
    held["aws_sagemaker_model.rank"] = {"name": "dev-shop-rank-before"}
    account, workspace = Account(environment, describe_model={model: OURS}), Workspace(held)
    assert adopt(stack, account, workspace)[0] == ["aws_sagemaker_model.rank"]
    assert workspace.adopted[0].names == {"id": model, "name": model, "arn": f"arn:{model}"}
    assert account.asked == ["describe_model"]


@given(
    some.dictionaries(some.sampled_from([*OURS, "other"]), some.sampled_from(["dev", "shop", "x", "prod"]))
)
def test_tags_that_are_not_this_stacks_are_refused_by_name(tags):
    from infra import Environment

    environment = Environment(name="dev", region="us-east-1", account_id="111122223333")
    search = adoption._Search(Account(environment), "shop", {})
    mine = tags.get("modelyard:environment") == "dev" and tags.get("modelyard:stack") == "shop"
    assert search._is_ours(probes.Found("x", tags=tags)) == mine


def test_what_is_somebody_elses_is_named_and_nothing_is_taken(stack, environment):
    theirs = {**OURS, "modelyard:stack": "other"}
    known = names(stack)
    account = Account(
        environment,
        get_role={"dev-shop-rank-role-us-east-1": theirs},
        describe_model={known["aws_sagemaker_model.rank"]: OURS},
    )
    workspace = Workspace()
    with pytest.raises(
        Misuse,
        match="aws_iam_role dev-shop-rank-role-us-east-1 is there already and is not this stack's: it lacks ",
    ):
        adopt(stack, account, workspace)
    assert workspace.adopted == []


def test_what_has_no_tags_is_its_owners(environment):
    search = adoption._Search(Account(environment), "shop", {})
    assert not search._is_ours(probes.Found("f/live", owner="f"))
    search.ours.add("f")
    assert search._is_ours(probes.Found("f/live", owner="f"))
    assert search._is_ours(probes.Found("bucket"))


def test_every_probe_is_of_what_an_import_takes_and_every_named_one_of_what_it_cannot_know():
    assert set(probes.BY_IDENTIFIER) <= set(identifiers.FORMS)
    assert set(probes.BY_NAME) <= set(identifiers.FORMS) and not set(probes.BY_NAME) & set(
        probes.BY_IDENTIFIER
    )


def test_another_error_than_absence_is_raised(environment):
    class Refusing:
        def get_role(self, RoleName: str) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")

    class Connected(Connection):
        def client(self, service: str) -> Any:
            return Refusing()

    with pytest.raises(ClientError, match="AccessDenied"):
        probes.BY_IDENTIFIER["aws_iam_role"](Connected(environment, {}), "r")
