import json
from pathlib import Path

from infra.engines.terraform.runner import Runner
from infra.engines.terraform.store import StateStore
from infra.engines.terraform.workspace import TerraformWorkspace
from tests.infra.engines.terraform.fake import FakeTerraform


def test_what_the_state_holds_is_told_by_address(fake: FakeTerraform, runner: Runner, folder: Path) -> None:
    workspace = TerraformWorkspace(runner, StateStore(runner))
    role = {"id": "dev-r", "arn": "arn:r"}
    resource = {"mode": "managed", "type": "aws_iam_role", "name": "r", "instances": [{"attributes": role}]}
    state = {"version": 4, "outputs": {"role": {"value": "arn:r"}}, "resources": [resource]}
    assert (workspace.held(), workspace.outputs()) == ({}, {})
    (folder / "terraform.tfstate").write_text(json.dumps(state))
    assert (workspace.held(), workspace.outputs()) == ({"aws_iam_role.r": role}, {"role": "arn:r"})
    assert fake.calls() == []
