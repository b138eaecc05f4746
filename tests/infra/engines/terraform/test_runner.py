import json
import stat
from pathlib import Path
from typing import Any

import pytest

from infra.engines.events import ResourceEvent
from infra.engines.plan import Change
from infra.engines.terraform.diagnostics import StateLocked, TerraformFailed
from infra.engines.terraform.runner import Runner
from infra.engines.terraform.toolchain import Toolchain, find
from infra.errors import TerraformError
from tests.infra.engines.terraform.conftest import SHORT, configure
from tests.infra.engines.terraform.fake import FakeTerraform

LOCK = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n}\n'
INSTALLED = (
    ".terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64/terraform-provider-aws"
)
INIT = {"files": {".terraform.lock.hcl": LOCK, INSTALLED: "binary"}}


def about(address: str, **more: Any) -> dict[str, Any]:
    kind, name = address.split(".")
    return {"resource": {"addr": address, "resource_type": kind, "resource_name": name}, **more}


def planned(address: str, action: str, reason: str | None = None) -> dict[str, Any]:
    return {"type": "planned_change", "change": about(address, action=action, reason=reason)}


def summary(add: int, change: int, remove: int) -> dict[str, Any]:
    return {
        "type": "change_summary",
        "changes": {"add": add, "change": change, "remove": remove, "operation": "plan"},
    }


def diagnostic(summary: str, severity: str = "error", **more: str) -> dict[str, Any]:
    return {"type": "diagnostic", "diagnostic": {"severity": severity, "summary": summary, **more}}


WHOLE = "PK\x05\x06" + 18 * "\0"
"""A zip with nothing in it."""

PLAN = {
    "lines": [
        {"type": "version", "terraform": "1.11.4"},
        {"type": "resource_drift", "change": about("aws_s3_bucket.b", action="update")},
        {"type": "resource_drift", "change": about("aws_iam_role.r", action="delete")},
        planned("aws_iam_role.r", "create"),
        planned("aws_sagemaker_model.m", "replace", "cannot_update"),
        planned("aws_s3_bucket.b", "noop"),
        summary(2, 0, 1),
        {"type": "outputs", "outputs": {"role": {"action": "create", "sensitive": False}}},
    ],
    "files": {"plan.tfplan": WHOLE},
    "exit": 2,
}


def test_init_runs_once(fake: FakeTerraform, runner: Runner) -> None:
    fake.script({"init": INIT})
    assert [runner.init(), runner.init()] == [True, False]
    (call,) = fake.calls()
    assert call["arguments"] == ["init", "-json", "-input=false"]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: configure(folder, backend={"s3": {"bucket": "b"}}),
        lambda folder: configure(folder, required_providers={"aws": {"version": "~> 6.0"}}),
        lambda folder: (folder / ".terraform.lock.hcl").write_text("other"),
        lambda folder: (folder / INSTALLED).write_text("another binary"),
        lambda folder: (folder / INSTALLED).unlink(),
    ],
)
def test_init_runs_again_after_a_change(
    fake: FakeTerraform, runner: Runner, folder: Path, change: Any
) -> None:
    fake.script({"init": INIT})
    runner.init()
    change(folder)
    assert [runner.init(), runner.init()] == [True, False]


def test_init_upgrades_where_the_mirror_has_another_version(
    fake: FakeTerraform, folder: Path, tmp_path: Path
) -> None:
    from infra.engines.terraform.mirror import os_arch

    package = tmp_path / "opt/plugins/registry.terraform.io/hashicorp/aws/6.0.0" / os_arch()
    package.mkdir(parents=True)
    (package / "terraform-provider-aws").touch()
    environ = {"HOME": str(tmp_path / "home"), "XDG_DATA_DIRS": str(tmp_path), "PATH": ""}
    toolchain = find(environ, beside=fake.program.parent, mirror_parents=[tmp_path / "opt"])
    (folder / ".terraform.lock.hcl").write_text(LOCK)
    Runner(toolchain, folder, {}).init()
    assert fake.calls()[0]["arguments"] == ["init", "-json", "-input=false", "-upgrade"]


def test_a_failed_init_is_told_and_runs_again(fake: FakeTerraform, runner: Runner) -> None:
    fake.script({"init": {"lines": [diagnostic("no provider", detail="none\nthere")], "exit": 1}})
    for _ in range(2):
        with pytest.raises(TerraformFailed, match=r"^no provider: none there$"):
            runner.init()
    assert fake.commands() == ["init", "init"]


def test_a_plan_is_saved_and_summed_up(fake: FakeTerraform, runner: Runner, folder: Path) -> None:
    fake.script({"plan": PLAN})
    plan = runner.plan()
    assert plan.changes == (
        Change("aws_iam_role.r", "aws_iam_role", "r", "create", None),
        Change("aws_sagemaker_model.m", "aws_sagemaker_model", "m", "replace", "cannot_update"),
    )
    assert plan.replaced == plan.changes[1:]
    assert (plan.add, plan.change, plan.destroy, plan.empty) == (2, 0, 1, False)
    assert [change.address for change in plan.drift] == ["aws_iam_role.r"]
    assert plan.line == "2 to add, 0 to change, 1 to destroy (1 replaced)"
    assert (folder / "plan.tfplan").exists()
    assert fake.commands() == ["init", "plan"]
    assert fake.calls()[1]["arguments"] == [
        *("plan", "-json", "-input=false", "-detailed-exitcode", "-lock-timeout=10s", "-out=plan.tfplan")
    ]


def test_a_plan_without_changes_is_empty(fake: FakeTerraform, runner: Runner) -> None:
    fake.script({"plan": {"lines": [summary(0, 0, 0)], "exit": 0}})
    plan = runner.plan()
    assert (plan.empty, plan.line) == (True, "no changes")


def test_a_change_of_outputs_alone_is_a_change(fake: FakeTerraform, runner: Runner) -> None:
    fake.script({"plan": {"lines": [summary(0, 0, 0)], "exit": 2}})
    assert not runner.plan().empty


def test_a_plan_that_a_full_disk_cut_short_is_told_at_once(runner, fake, folder):
    fake.script({"init": INIT, "plan": {**PLAN, "files": {"plan.tfplan": "PK cut"}}})
    with pytest.raises(TerraformError, match=r"plan\.tfplan was not saved whole, mostly for: no space left"):
        runner.plan()
    assert not (folder / "plan.tfplan").exists()


def test_destroy_is_a_plan_too(fake: FakeTerraform, runner: Runner) -> None:
    fake.script({"plan": {"lines": [planned("aws_iam_role.r", "delete"), summary(0, 0, 1)], "exit": 2}})
    plan = runner.plan(destroy=True)
    assert plan.line == "0 to add, 0 to change, 1 to destroy"
    assert fake.calls()[1]["arguments"][:2] == ["plan", "-destroy"]


def test_a_failed_plan_leaves_no_plan_to_apply(fake: FakeTerraform, runner: Runner, folder: Path) -> None:
    refused = diagnostic("reading IAM Role (r): AccessDenied: not you", address="aws_iam_role.r")
    fake.script({"plan": {"lines": [refused], "files": {"plan.tfplan": "half"}, "exit": 1}})
    with pytest.raises(
        TerraformFailed, match=r"^aws_iam_role\.r: reading IAM Role \(r\): AccessDenied: not you$"
    ):
        runner.plan()
    assert not (folder / "plan.tfplan").exists()
    with pytest.raises(TerraformError, match=r"no plan is saved in .*/stack: make one"):
        runner.apply()


def test_warnings_of_a_plan_are_kept(fake: FakeTerraform, runner: Runner) -> None:
    fake.script({"plan": {"lines": [diagnostic("old argument", "warning")], "exit": 0}})
    assert [warning.line for warning in runner.plan().warnings] == ["old argument"]


def test_apply_takes_the_saved_plan_once_and_returns_outputs(
    fake: FakeTerraform, runner: Runner, folder: Path
) -> None:
    lines = [
        {"type": "apply_start", "hook": about("aws_iam_role.r", action="create")},
        {"type": "apply_progress", "hook": about("aws_iam_role.r", action="create", elapsed_seconds=10)},
        {
            "type": "apply_complete",
            "hook": about("aws_iam_role.r", action="create", elapsed_seconds=11, id_value="r-1"),
        },
        {"type": "outputs", "outputs": {"role": {"value": "arn:r"}, "names": {"value": ["a"]}}},
    ]
    fake.script({"plan": PLAN, "apply": {"lines": lines}})
    runner.plan()
    events: list[ResourceEvent] = []
    assert runner.apply(events.append) == {"role": "arn:r", "names": ["a"]}
    assert events == [
        ResourceEvent("start", "aws_iam_role.r", "create", 0, None),
        ResourceEvent("progress", "aws_iam_role.r", "create", 10, None),
        ResourceEvent("complete", "aws_iam_role.r", "create", 11, "r-1"),
    ]
    assert fake.calls()[-1]["arguments"] == [
        "apply",
        "-json",
        "-input=false",
        "-lock-timeout=10s",
        "plan.tfplan",
    ]
    assert not (folder / "plan.tfplan").exists()


def test_a_failed_apply_tells_every_error(fake: FakeTerraform, runner: Runner, folder: Path) -> None:
    lines = [
        {"type": "apply_errored", "hook": about("aws_iam_role.r", action="create", elapsed_seconds=3)},
        diagnostic("creating IAM Role (r): LimitExceeded", address="aws_iam_role.r"),
        diagnostic("creating S3 Bucket (b): BucketAlreadyExists", address="aws_s3_bucket.b"),
        diagnostic("execution halted"),
    ]
    fake.script({"plan": PLAN, "apply": {"lines": lines, "exit": 1}})
    runner.plan()
    events: list[ResourceEvent] = []
    with pytest.raises(TerraformFailed) as caught:
        runner.apply(events.append)
    assert str(caught.value).splitlines() == [
        "aws_iam_role.r: creating IAM Role (r): LimitExceeded",
        "aws_s3_bucket.b: creating S3 Bucket (b): BucketAlreadyExists",
    ]
    assert [event.kind for event in events] == ["errored"]
    assert not (folder / "plan.tfplan").exists()


def test_a_locked_state_is_told_while_waiting_and_afterwards(
    fake: FakeTerraform, toolchain: Toolchain, folder: Path
) -> None:
    notices: list[str] = []
    held = diagnostic("Error acquiring the state lock", detail="Lock Info:\n  ID:  42\n  Who:  ann@laptop\n")
    fake.script({"plan": {"lines": [{"type": "state_lock_acquire"}, held], "exit": 1}})
    with pytest.raises(StateLocked, match=r"locked by ann@laptop, .* force-unlock 42$"):
        Runner(toolchain, folder, {}, notice=notices.append).plan()
    assert notices == ["waiting for the lock of the state"]


@pytest.mark.parametrize("gone", [True, False])
def test_the_lock_of_a_holder_that_is_dead_is_removed_and_of_no_other(
    fake: FakeTerraform, toolchain: Toolchain, folder: Path, gone: bool
) -> None:
    held = diagnostic("Error acquiring the state lock", detail="Lock Info:\n  ID:  42\n  Who:  ann@laptop\n")
    free = folder / "free.json"
    free.parent.mkdir(exist_ok=True)
    free.write_text(json.dumps({"plan": {}}))
    unlocked = {"copies": {str(fake.program.with_name("script.json")): str(free)}}
    fake.script({"plan": {"lines": [held], "exit": 1}, "force-unlock": unlocked})
    notices: list[str] = []
    asked: list[str] = []
    runner = Runner(
        toolchain, folder, {}, notice=notices.append, is_gone=lambda who, _: asked.append(who) or gone
    )
    if gone:
        runner.plan()
        assert fake.commands() == ["init", "plan", "force-unlock", "plan"]
        assert fake.calls()[2]["arguments"] == ["force-unlock", "-force", "42"]
        assert notices == ["the state is locked by a run of ann@laptop that is dead: its lock is removed"]
    else:
        with pytest.raises(StateLocked, match="locked by ann@laptop"):
            runner.plan()
        assert fake.commands() == ["init", "plan"]
    assert asked == ["ann@laptop"]


def test_a_crash_is_told_by_its_last_words(fake: FakeTerraform, runner: Runner) -> None:
    fake.script({"init": {"stderr": "panic: no\n", "lines": ["not json", '{"no": "type"}'], "exit": 2}})
    with pytest.raises(TerraformFailed, match=r'^terraform failed: not json; \{"no": "type"\}; panic: no$'):
        runner.init()


def test_the_childs_environment_is_the_given_one_without_what_changes_terraforms_ways(
    fake: FakeTerraform, toolchain: Toolchain, folder: Path
) -> None:
    given = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "TF_CLI_CONFIG_FILE": "/absent",
        **{
            name: "x"
            for name in ("TF_LOG", "TF_LOG_PROVIDER", "TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_WORKSPACE")
        },
        "TF_TOKEN_app_example_com": "kept",
    }
    Runner(toolchain, folder, given).init()
    environ = fake.calls()[0]["environ"]
    environ = {key: value for key, value in environ.items() if key.startswith(("TF_", "AWS_", "CHECK"))}
    assert environ == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "TF_TOKEN_app_example_com": "kept",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": str(folder / "terraform.tfrc"),
        "TF_DATA_DIR": str(folder / ".terraform"),
    }


def test_everything_that_is_written_is_private(fake: FakeTerraform, runner: Runner, folder: Path) -> None:
    fake.script({"init": INIT, "plan": PLAN, "apply": {"files": {"terraform.tfstate": "{}"}}})
    runner.plan()
    plan_mode = (folder / "plan.tfplan").stat().st_mode
    runner.apply()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(plan_mode) == 0o600
    for name in ("terraform.tfrc", "terraform.tfstate", ".terraform/modelyard-init"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("way", ["save", "ignore"])
def test_an_interrupt_ends_every_command_and_leaves_no_plan(
    fake: FakeTerraform, toolchain: Toolchain, folder: Path, command: str, way: str
) -> None:
    notices: list[str] = []
    runner = Runner(toolchain, folder, {}, notice=notices.append, planning=SHORT, changing=SHORT)
    fake.script({"plan": PLAN})
    runner.plan()
    fake.script(
        {command: {"interrupted": way, "files": {"plan.tfplan": "half", "terraform.tfstate": "kept"}}}
    )
    with pytest.raises(KeyboardInterrupt):
        getattr(runner, command)()
    assert (folder / "saved").exists() == (way == "save")
    assert notices == ["stopping terraform: it saves the state, a few seconds"]
    assert not (folder / "plan.tfplan").exists()
    assert (folder / "terraform.tfstate").read_text() == "kept"
