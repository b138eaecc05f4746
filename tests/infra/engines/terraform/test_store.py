import json
from pathlib import Path
from typing import Any

import pytest

from infra.engines.terraform.runner import Runner
from infra.engines.terraform.state import State
from infra.engines.terraform.store import StateStore
from infra.engines.workspace import Adopted
from infra.errors import TerraformError
from tests.infra.engines.terraform.conftest import configure
from tests.infra.engines.terraform.fake import FakeTerraform

STATE = {"version": 4, "outputs": {"role": {"value": "arn:r"}}, "resources": []}


def test_a_state_that_could_not_be_saved_is_saved_first(
    fake: FakeTerraform, runner: Runner, folder: Path
) -> None:
    notices: list[str] = []
    store = StateStore(runner, notices.append)
    store.rescue()
    assert fake.commands() == []
    (folder / "errored.tfstate").write_text("{}")
    store.rescue()
    assert fake.commands() == ["init", "state"] and fake.calls()[1]["arguments"][1] == "push"
    assert not (folder / "errored.tfstate").exists()
    assert notices == ["the state that an earlier run could not save is saved now"]


def test_a_state_that_still_cannot_be_saved_stops_everything(
    fake: FakeTerraform, runner: Runner, folder: Path
) -> None:
    (folder / "errored.tfstate").write_text("{}")
    fake.script({"state": {"stderr": "cannot import state with lineage", "exit": 1}})
    with pytest.raises(
        TerraformError, match=r"errored\.tfstate is there: .* cannot import state with lineage"
    ):
        StateStore(runner).rescue()
    assert (folder / "errored.tfstate").exists()


def test_a_state_that_a_full_disk_cut_to_nothing_is_told(
    fake: FakeTerraform, runner: Runner, folder: Path
) -> None:
    notices: list[str] = []
    store = StateStore(runner, notices.append)
    (folder / "errored.tfstate").touch()
    store.rescue()
    assert fake.commands() == [] and not (folder / "errored.tfstate").exists()
    assert notices == ["errored.tfstate of an earlier run was empty: what it made is looked for on AWS"]


def test_what_the_state_has_nothing_of_is_imported_by_the_next_plan_alone(
    fake: FakeTerraform, runner: Runner, folder: Path
) -> None:
    kept = folder / "seen.json"
    fake.script({"plan": {"copies": {str(kept): str(folder / "adopted.tf.json")}}})
    StateStore(runner).adopt([Adopted("aws_iam_role.rank", "rank-role", {"id": "rank-role"})])
    assert (folder / "adopted.tf.json").stat().st_mode & 0o777 == 0o600
    runner.plan()
    assert json.loads(kept.read_text()) == {"import": [{"to": "aws_iam_role.rank", "id": "rank-role"}]}
    assert not (folder / "adopted.tf.json").exists()


def test_a_successor_of_what_the_state_has_is_put_into_it(
    fake: FakeTerraform, runner: Runner, folder: Path
) -> None:
    old = {"attributes": {"id": "m-1", "name": "m-1", "arn": "arn:m-1", "image": "i"}, "schema_version": 0}
    resource = {"mode": "managed", "type": "aws_sagemaker_model", "name": "m", "instances": [old]}
    (folder / "terraform.tfstate").write_text(
        json.dumps({"version": 4, "serial": 3, "lineage": "x", "outputs": {}, "resources": [resource]})
    )
    kept = folder / "seen.json"
    fake.script({"state": {"copies": {str(kept): str(folder / "restored.tfstate")}}})
    StateStore(runner).adopt(
        [Adopted("aws_sagemaker_model.m", "m-2", {"id": "m-2", "name": "m-2", "arn": None})]
    )
    assert fake.commands() == ["init", "state"] and not (folder / "adopted.tf.json").exists()
    pushed = json.loads(kept.read_text())
    new, before = pushed["resources"][0]["instances"]
    assert pushed["serial"] == 4
    assert new["attributes"] == {"id": "m-2", "name": "m-2", "arn": "arn:m-1", "image": "i"}
    assert "deposed" not in new and len(before.pop("deposed")) == 8 and before == old


@pytest.mark.parametrize(
    ("settings", "name"),
    [({}, "terraform.tfstate"), ({"backend": {"local": {"path": "here.tfstate"}}}, "here.tfstate")],
)
def test_a_local_state_is_read_without_a_process(
    fake: FakeTerraform, runner: Runner, folder: Path, settings: dict[str, Any], name: str
) -> None:
    configure(folder, **settings)
    store = StateStore(runner)
    assert store.read() == State()
    (folder / name).write_text(json.dumps(STATE))
    assert store.read().outputs == {"role": "arn:r"}
    assert fake.calls() == []


def test_a_remote_state_is_pulled(fake: FakeTerraform, runner: Runner, folder: Path) -> None:
    configure(folder, backend={"s3": {"bucket": "b"}})
    fake.script({"state": {"lines": [json.dumps(STATE, indent=2)]}})
    assert StateStore(runner).read().outputs == {"role": "arn:r"}
    assert [call["arguments"] for call in fake.calls()[1:]] == [["state", "pull"]]
