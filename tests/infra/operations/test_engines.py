"""Which engine a verb works with, and where."""

import json
from types import SimpleNamespace

import pytest

from infra.blueprint.resource import Blueprint
from infra.connection import Connection
from infra.engines.pulumi.workspace import PULUMI
from infra.engines.terraform.workspace import TERRAFORM
from infra.engines.workspace import Engine
from infra.errors import Misuse
from infra.operations import engines
from infra.project import Project


def test_both_engines_have_their_word():
    assert engines.named("terraform") is TERRAFORM
    assert engines.named("pulumi") is PULUMI
    with pytest.raises(Misuse, match="--engine is 'cdk'; allowed are terraform, pulumi"):
        engines.named("cdk")


def test_each_engine_has_a_folder_of_its_own_for_a_state(tmp_path, environment):
    opened = []

    def open_none(*given):
        opened.append(given)
        return SimpleNamespace(held=dict)

    project = Project(tmp_path, tmp_path / "embedded")
    for one in engines.ENGINES.values():
        kept = Engine(one.name, one.title, open_none, one.folder, one.warm_up)
        engines.workspace(kept, Blueprint(()), "shop", Connection(environment, {"A": "b"}), project, print)
    folders = [given[3] for given in opened]
    assert [folder.name for folder in folders] == ["shop", "shop.pulumi"]
    for folder, given in zip(folders, opened, strict=True):
        assert folder.is_dir()
        assert folder.stat().st_mode & 0o077 == 0
        assert given[4] == {"A": "b"}


def test_what_import_ids_printed_is_taken_over(tmp_path, environment, monkeypatch):
    file = tmp_path / "ids.json"
    file.write_text(
        json.dumps(
            [
                {"type": "aws_sns_topic", "name": "told", "id": "arn:1"},
                {"type": "aws_launch_template", "name": "t", "id": None},
            ]
        )
    )
    adopting = engines.adopting(PULUMI, file)
    assert adopting.name == "pulumi"
    assert adopting.open.keywords == {"adopt": {"aws_sns_topic.told": "arn:1"}}


def test_another_file_is_refused(tmp_path):
    (tmp_path / "ids.json").write_text('{"a": 1}')
    for file in (tmp_path / "ids.json", tmp_path / "none.json"):
        with pytest.raises(Misuse, match="is not what `modelyard import-ids"):
            engines.adopting(PULUMI, file)


def test_terraform_takes_them_otherwise(tmp_path):
    with pytest.raises(Misuse, match="Terraform takes each with `import`"):
        engines.adopting(TERRAFORM, tmp_path / "ids.json")
