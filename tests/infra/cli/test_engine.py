"""`--engine`, and the way from one engine to the other, from the command line: with moto's account and no Terraform."""

import json
import os
import shutil

import pytest
from moto import mock_aws

from infra.cli import _run
from tests.infra.engines.pulumi.installed import install

STACK = """
from infra import RealtimeEndpoint, Stack
from model_packaging import Model

tiny = Model("models/tiny", framework="sklearn")


def stack(env):
    return Stack("shop", env, [RealtimeEndpoint("rank", model=tiny, instance_type="ml.m5.large")])
"""


@pytest.fixture
def project(base, tmp_path, monkeypatch, quotas):
    """A project with one stack, in which the verbs are run."""
    folder = tmp_path / "project"
    (folder / "stacks" / "environments").mkdir(parents=True)
    shutil.copytree(base / "models", folder / "stacks" / "models")
    (folder / "stacks" / "shop.py").write_text(STACK)
    (folder / "stacks" / "environments" / "dev.toml").write_text(
        'region = "us-east-1"\naccount_id = "123456789012"\n'
    )
    monkeypatch.chdir(folder)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield folder


@pytest.fixture
def program(tmp_path, monkeypatch):
    """What stands for `pulumi`, on PATH."""
    monkeypatch.setenv("PATH", f"{install(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}")


def test_a_plan_by_pulumi_has_the_bill_beside_it(project, program, capsys):
    assert _run(["plan", "shop", "--env", "dev", "--engine", "pulumi", "--json"], False) == 0
    told = json.loads(capsys.readouterr().out)
    addresses = [change["address"] for change in told["plan"]["changes"]]
    assert "aws_sagemaker_endpoint.rank" in addresses
    assert told["plan"]["add"] == len(addresses)
    assert told["bill"]["stack"] == "shop"
    assert (project / ".modelyard" / "environments" / "dev" / "shop.pulumi" / "Pulumi.yaml").is_file()


def test_the_identifiers_of_a_stack_without_a_state_are_its_names_and_can_be_taken_over(
    project, program, capsys
):
    assert _run(["import-ids", "shop", "--env", "dev", "--engine", "pulumi", "--json"], False) == 0
    printed = capsys.readouterr().out
    ids = {f"{one['type']}.{one['name']}": one["id"] for one in json.loads(printed)}
    assert ids["aws_sagemaker_endpoint.rank"] == "dev-shop-rank"
    assert ids["aws_iam_role.rank"] == "dev-shop-rank-role-us-east-1"
    (project / "ids.json").write_text(printed)
    words = ["plan", "shop", "--env", "dev", "--engine", "pulumi", "--adopt", "ids.json", "--json"]
    assert _run(words, False) == 0
    plan = json.loads(capsys.readouterr().out)["plan"]
    assert {change["address"]: change["action"] for change in plan["changes"]} == dict.fromkeys(ids, "import")
    assert (plan["add"], plan["empty"]) == (0, False)


def test_a_destroy_by_pulumi_of_what_is_not_there_finds_nothing(project, program, capsys):
    assert _run(["destroy", "shop", "--env", "dev", "--engine", "pulumi", "--yes"], False) == 0
    told = capsys.readouterr()
    assert "plan: no changes" in told.out
    assert told.err.endswith("Nothing of shop was on dev.\n")


def test_a_destroy_says_as_data_what_it_removed(project, program, capsys):
    assert _run(["destroy", "shop", "--env", "dev", "--engine", "pulumi", "--yes", "--json"], False) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == {"stack": "shop", "environment": "dev", "removed": []}
    assert "plan: no changes" in told.err


def test_without_the_program_the_verbs_say_what_to_install(project, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    for verb in ("plan", "deploy", "destroy"):
        assert _run([verb, "shop", "--env", "dev", "--engine", "pulumi"], False) == 1
        assert "error: pulumi is not on PATH: install Pulumi (https://" in capsys.readouterr().err


def test_without_the_program_the_identifiers_are_the_names(project, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _run(["import-ids", "shop", "--env", "dev", "--engine", "pulumi"], False) == 0
    told = capsys.readouterr()
    assert "aws_sagemaker_endpoint.rank dev-shop-rank\n" in told.out
    assert "Pulumi's state is not read (pulumi is not on PATH" in told.err


def test_another_word_or_another_file_is_misuse(project, capsys):
    assert _run(["plan", "shop", "--env", "dev", "--engine", "cdk"], False) == 2
    assert "--engine is 'cdk'; allowed are terraform, pulumi." in capsys.readouterr().err
    assert _run(["plan", "shop", "--env", "dev", "--adopt", "ids.json"], False) == 2
    assert "--adopt is Pulumi's" in capsys.readouterr().err
