"""A deploy and its reverse with Pulumi: what stands for the program makes nothing on AWS, and that is found out."""

import os

import boto3
import pytest
from moto import mock_aws

from infra import Environment, Stack
from infra.blueprint import blueprint
from infra.connection import Connection
from infra.engines.diagnostics import Diagnostic, EngineFailed
from infra.engines.pulumi.workspace import PULUMI
from infra.engines.terraform.workspace import TERRAFORM
from infra.errors import DeployFailed, Misuse
from infra.ledger import Ledger
from infra.operations import artifacts, crossing, deploy
from infra.project import Project
from tests.infra.conftest import realtime
from tests.infra.engines.pulumi.installed import install

ACCOUNT = "123456789012"
"""moto's."""


@pytest.fixture
def connection(tmp_path, monkeypatch, quotas):
    """An account of moto's, and the variables of a process that finds `pulumi`."""
    path = f"{install(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"
    for name, value in {
        "PATH": path,
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_CONFIG_FILE": os.devnull,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    environment = Environment(name="dev", region="us-east-1", account_id=ACCOUNT)
    with mock_aws():
        # The bucket is there and not complete: what stands for Pulumi would make none.
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=environment.artifact_bucket)
        yield Connection(environment, dict(os.environ))


def test_what_pulumi_says_is_compared_with_what_went_live(connection, base, tmp_path):
    stack = Stack("shop", connection.environment, [realtime()], base=base)
    project = Project(tmp_path, tmp_path / "embedded")
    ledger = Ledger.on(connection)
    said: list[str] = []
    built = artifacts.build(stack, project.artifacts)

    prepared = deploy.prepare(stack, built, connection, project, said.append, PULUMI)
    assert prepared.plan.add == len(prepared.blueprint.resources)
    assert ledger.stacks() == []
    with pytest.raises(DeployFailed, match=r"Endpoint dev-shop-rank does not exist; run the deploy again\."):
        deploy.carry_out(prepared, built, said.append, lambda event: None)
    assert ledger.stacks() == ["shop"]
    assert crossing.maker(stack, ledger) == "pulumi"
    # Its artifact is where AWS reads it.
    (record,) = ledger.deployed()
    assert connection.client("s3").head_object(Bucket=ledger.bucket, Key=record.artifact_key)

    with pytest.raises(Misuse, match="shop was deployed with --engine pulumi, and Terraform would make it"):
        crossing.refuse(stack, prepared.plan, TERRAFORM, connection)

    leaving = deploy.prepare_destroy(stack, connection, project, said.append, PULUMI)
    assert leaving.plan.destroy == len(prepared.blueprint.resources)
    deploy.carry_out_destroy(leaving, said.append, lambda event: None)
    assert ledger.stacks() == []


@pytest.mark.parametrize("name", ["rank", "other"])
def test_a_roll_back_that_only_a_postcondition_tells_of_has_its_endpoint(make_stack, name):
    stack = make_stack(realtime("rank"), realtime("other"))
    content = blueprint(stack, {one.name: f"models/tiny/{'a' * 64}/model.tar.gz" for one in stack.workloads})
    # So Terraform 1.11 tells it: without an address.
    told = (
        f"SageMaker rolled dev-shop-{name} back: it serves with its previous configuration, which was kept."
    )
    error = EngineFailed([Diagnostic("error", "Resource postcondition failed", told)])
    assert deploy._unkept(error, content) == {f"aws_sagemaker_endpoint.{name}"}
    assert deploy._unkept(EngineFailed([Diagnostic("error", "another", "thing")]), content) == set()
