"""The schedule of an environment without Terraform: what is refused, recorded and told."""

import dataclasses
import functools
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from infra.blueprint import Blueprint
from infra.engines.plan import PlanSummary
from infra.engines.terraform.workspace import TERRAFORM
from infra.engines.workspace import Engine
from infra.errors import Misuse
from infra.ledger import Deployed, Ledger
from infra.operations import schedule
from infra.operations.idle import IdleRule
from infra.operations.schedule import Prepared, Schedule
from infra.operations.watchman import package, settings
from infra.operations.watchman.settings import Settings
from infra.project import Project

HOURLY = Schedule("rate(1 hour)", IdleRule(48, 24), 3, armed=True)
KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "s", "region_name": "us-east-1"}
CHANGES = PlanSummary((), 1, 0, 0, False)
ANY = "arn:aws:iam::123456789012:role/any"


@pytest.fixture
def connection(environment):
    with mock_aws():
        yield SimpleNamespace(
            client=functools.cache(lambda name: boto3.client(name, **KEYS)),
            environment=environment,
            variables={},
            check_account=lambda: None,
        )


@pytest.fixture
def ledger(connection):
    s3 = connection.client("s3")
    s3.create_bucket(Bucket=connection.environment.artifact_bucket)
    return Ledger(s3, connection.environment.artifact_bucket)


class Workspace:
    """Plans what it is given, and notes what the ledger says while it applies; or fails."""

    def __init__(self, ledger: Ledger, fails: bool = False, plan: PlanSummary = CHANGES) -> None:
        self.ledger, self.fails, self.planned, self.seen = ledger, fails, plan, []

    def plan(self, *, destroy: bool = False) -> PlanSummary:
        return self.planned

    def held(self) -> dict:
        return {}

    def apply(self, _watch) -> None:
        self.seen.append(self.ledger.schedule())
        if self.fails:
            raise RuntimeError("killed")


def planned(connection, made: Schedule | None, workspace: Workspace) -> Prepared:
    return Prepared(made, connection, workspace, workspace.plan())


def objects(ledger: Ledger) -> set[str]:
    return set(ledger._keys(""))


def on_aws(connection, expression: str = "rate(1 hour)", state: str = "ENABLED") -> None:
    connection.client("scheduler").create_schedule(
        Name="dev-idle",
        ScheduleExpression=expression,
        State=state,
        FlexibleTimeWindow={"Mode": "OFF"},
        # With an input, as ours has: where the overlay is loaded, it models no other.
        Target={
            "Arn": "arn:aws:lambda:us-east-1:123456789012:function:dev-idle",
            "RoleArn": ANY,
            "Input": "{}",
        },
    )


def test_where_nothing_is_deployed_there_is_nothing_to_look_at(connection):
    for _ in range(2):
        with pytest.raises(Misuse, match=r"^Nothing is deployed on dev, so that there is nothing to look at"):
            schedule.prepare(HOURLY, connection, None, print)
        connection.client("s3").create_bucket(Bucket=connection.environment.artifact_bucket)


def test_a_stack_of_an_older_version_is_told(ledger):
    said: list[str] = []
    ledger.write("new", [])
    ledger.write_hourly("new", {})
    ledger.write("old", [Deployed("old", "a", "RealtimeEndpoint", "dev-old-a", "any")])
    schedule._tell_what_is_not_recorded(ledger, "dev", said.append)
    assert said == [
        "What of old sleeps is not recorded yet, and it is left alone until you run: modelyard deploy old --env dev"
    ]


def test_it_is_recorded_before_it_is_made_and_forgotten_after_it_is_gone(connection, ledger):
    workspace = Workspace(ledger)
    ledger.client.put_object(Bucket=ledger.bucket, Key="idle/code/older.zip", Body=b"")
    schedule.carry_out(planned(connection, HOURLY, workspace), lambda _: None)
    recorded = {**HOURLY.to_json(), "code": package.key()}
    assert workspace.seen == [recorded]
    assert objects(ledger) == {"idle/schedule.json", package.key()}
    schedule.carry_out(planned(connection, None, workspace), lambda _: None)
    assert workspace.seen == [recorded, recorded] and objects(ledger) == set()


@pytest.mark.parametrize("made", [HOURLY, None], ids=["made", "removed"])
def test_where_that_is_cut_short_it_stays_recorded(connection, ledger, made):
    ledger.write_schedule(HOURLY.to_json())
    with pytest.raises(RuntimeError):
        schedule.carry_out(planned(connection, made, Workspace(ledger, fails=True)), lambda _: None)
    assert ledger.schedule() is not None


def test_what_there_is_is_told_with_what_is_wrong_with_it(connection, ledger):
    assert schedule.look(connection) is None
    ledger.write_schedule({**HOURLY.to_json(), "code": package.key()})
    found, problem = schedule.look(connection)
    assert found == HOURLY and problem.startswith(
        "it is recorded, and not on AWS; run the same --schedule again"
    )
    on_aws(connection)
    assert schedule.look(connection) == (HOURLY, "")
    ledger.write_schedule({**HOURLY.to_json(), "code": "idle/code/older.zip"})
    assert schedule.look(connection)[1].startswith("it runs the code of another version of the kit")


@pytest.mark.parametrize(
    ("expression", "state", "told"),
    [
        ("rate(1 hour)", "DISABLED", "it is DISABLED on AWS: somebody switched it off by hand"),
        ("rate(1 day)", "ENABLED", "on AWS it is rate(1 day): somebody changed it by hand"),
    ],
)
def test_what_somebody_changed_by_hand_is_told(connection, ledger, expression, state, told):
    ledger.write_schedule({**HOURLY.to_json(), "code": package.key()})
    on_aws(connection, expression, state)
    assert schedule.look(connection)[1] == told


def test_without_a_bucket_there_is_none_and_nothing_goes_with_the_last_stack(connection, ledger):
    schedule.remove_with_the_last_stack(connection, None, print)
    ledger.client.delete_bucket(Bucket=ledger.bucket)
    assert schedule.look(connection) is None


def engine(workspace: Workspace) -> Engine:
    """One whose every workspace is `workspace`."""

    def opened(content: Blueprint, _environment, state: str, *_) -> Workspace:
        assert state == "_schedule"
        workspace.content = content
        return workspace

    return dataclasses.replace(TERRAFORM, open=opened)


@pytest.mark.parametrize("armed", [True, False])
def test_what_is_planned_is_told_what_was_asked_for(connection, ledger, tmp_path, armed):
    ledger.write("shop", [])
    workspace, made = Workspace(ledger), dataclasses.replace(HOURLY, armed=armed)
    prepared = schedule.prepare(
        made, connection, Project(tmp_path, tmp_path / "local"), lambda _: None, engine(workspace)
    )
    assert prepared.schedule is made and prepared.plan is CHANGES
    (function,) = workspace.content.of_type("aws_lambda_function")
    told = settings.read(function.arguments["environment"]["variables"])
    assert told == Settings("dev", ledger.bucket, made.rule, 3, armed)
    assert function.arguments["s3_key"] == package.key()
    (starts,) = workspace.content.of_type("aws_scheduler_schedule")
    assert starts.arguments["schedule_expression"] == "rate(1 hour)"
    assert ledger.schedule() is None  # nothing was changed


def test_a_state_that_does_not_know_it_takes_nothing_down(connection, ledger, tmp_path):
    on_aws(connection)
    ledger.write_schedule({**HOURLY.to_json(), "code": package.key()})
    knows_nothing = engine(Workspace(ledger, plan=PlanSummary((), 0, 0, 0, True)))
    project = Project(tmp_path, tmp_path / "local")
    with pytest.raises(
        Misuse, match=r"^The schedule dev-idle stays: Terraform's state here does not know it"
    ):
        schedule.prepare_removal(connection, project, print, knows_nothing)
    said: list[str] = []
    schedule.remove_with_the_last_stack(connection, project, said.append, knows_nothing)
    assert said[-1].startswith("The schedule dev-idle stays")


def test_it_says_in_one_line_what_it_does():
    assert HOURLY.line == (
        "rate(1 hour) puts to sleep what is not used for 48 h, at most 3 workloads, and none that was made or "
        "changed within 24 h"
    )
    assert "only tells (dry run)" in Schedule("rate(1 hour)", IdleRule(48)).line
