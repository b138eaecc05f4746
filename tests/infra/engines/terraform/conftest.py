"""A runner whose Terraform is a stand-in, in a folder with a configuration."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.engines.terraform.process import Patience
from infra.engines.terraform.runner import Runner
from infra.engines.terraform.toolchain import Toolchain, find
from tests.infra.engines.terraform.fake import FakeTerraform

SHORT = Patience(first_seconds=0.2, second_seconds=0.2)


def configure(folder: Path, **settings: Any) -> None:
    (folder / "cdk.tf.json").write_text(json.dumps({"terraform": settings}))


@pytest.fixture
def fake(tmp_path: Path) -> FakeTerraform:
    return FakeTerraform(tmp_path / "bin")


@pytest.fixture
def toolchain(fake: FakeTerraform, tmp_path: Path) -> Toolchain:
    environ = {"HOME": str(tmp_path / "home"), "XDG_DATA_DIRS": str(tmp_path), "PATH": ""}
    return find(environ, beside=fake.program.parent, mirror_parents=[])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "stack"
    folder.mkdir()
    configure(folder)
    return folder


@pytest.fixture
def runner(toolchain: Toolchain, folder: Path) -> Runner:
    return Runner(toolchain, folder, {}, planning=SHORT, changing=SHORT)
