"""The watchman of an environment: made, looked at and taken down, in a Terraform state of its own."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra import rules
from infra.blueprint import Blueprint
from infra.blueprint.watchman import LABEL, name_of, watchman
from infra.connection import Connection
from infra.engines.events import ResourceEvent, ignore
from infra.engines.plan import PlanSummary
from infra.engines.terraform.workspace import TERRAFORM
from infra.engines.workspace import Engine, Workspace
from infra.errors import Misuse
from infra.ledger import Ledger
from infra.operations import adoption, bootstrap, engines
from infra.operations.idle import IdleRule
from infra.operations.watchman import package, settings
from infra.operations.watchman.settings import Settings
from infra.project import Project
from infra.stack import Stack

STATE = "_schedule"
"""The name of its state; no stack can have it, since no stack's name starts with an underscore."""

CODE = "code"
"""In what is recorded, the key of the code that it runs."""

MOST = 5
"""How many workloads one round puts to sleep where nobody says how many."""

Say = Callable[[str], None]
Watch = Callable[[ResourceEvent], None]


@dataclass(frozen=True)
class Schedule:
    """When a round begins, what is idle then, how many are put to sleep at the most, and whether any is."""

    expression: str
    rule: IdleRule
    most: int = MOST
    armed: bool = False

    def to_json(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "expression": self.expression,
            "hours": self.rule.hours,
            "grace_hours": self.rule.grace_hours,
            "max": self.most,
            "armed": self.armed,
        }

    @property
    def line(self) -> str:
        """What it does, in one line."""
        does = "puts to sleep" if self.armed else "only tells (dry run)"
        return (
            f"{self.expression} {does} what is not used for {self.rule.hours:g} h, at most {self.most} workloads, "
            f"and none that was made or changed within {self.rule.grace_hours:g} h"
        )


@dataclass(frozen=True)
class Prepared:
    """A schedule that is planned; `schedule` is None where it is to go."""

    schedule: Schedule | None
    connection: Connection
    workspace: Workspace
    plan: PlanSummary


def prepare(
    schedule: Schedule, connection: Connection, project: Project, say: Say, engine: Engine = TERRAFORM
) -> Prepared:
    """Plan it; nothing on AWS is changed. Raises `Misuse` where nothing is deployed that it could look at."""
    environment = connection.environment
    connection.check_account()
    bootstrap.require(connection)
    ledger = Ledger.on(connection)
    if not ledger.exists() or not ledger.stacks():
        raise Misuse(
            f"Nothing is deployed on {environment.name}, so that there is nothing to look at; deploy a stack first."
        )
    _tell_what_is_not_recorded(ledger, environment.name, say)
    content = watchman(
        environment,
        package.key(),
        schedule.expression,
        Settings(
            environment.name, environment.artifact_bucket, schedule.rule, schedule.most, schedule.armed
        ).variables(),
        settings.LOG,
        armed=schedule.armed,
    )
    rules.check(Stack(LABEL, environment, ()), content)
    workspace = engines.workspace(engine, content, STATE, connection, project, say)
    adoption.take_over(STATE, content, workspace, connection, say)
    return Prepared(schedule, connection, workspace, workspace.plan())


def prepare_removal(
    connection: Connection, project: Project, say: Say, engine: Engine = TERRAFORM
) -> Prepared:
    """Plan to take it down. Raises `Misuse` where it is there, and the state here does not know it."""
    connection.check_account()
    bootstrap.require(connection)
    prepared = _planned_removal(connection, project, say, engine)
    if prepared.plan.empty and is_there(connection):
        raise Misuse(_unknown(connection))
    return prepared


def carry_out(prepared: Prepared, say: Say, watch: Watch = ignore) -> None:
    """Do what was planned."""
    ledger, schedule = Ledger.on(prepared.connection), prepared.schedule
    code = package.key()
    if schedule is not None:
        # Before the apply: where that is cut short, it is known that there may be one.
        ledger.write_schedule({**schedule.to_json(), CODE: code})
        _upload(ledger, code, say)
    if not prepared.plan.empty:
        prepared.workspace.apply(watch)
    if schedule is not None:
        ledger.clear(package.PREFIX, keep=code)
    elif ledger.exists():
        ledger.clear(package.PREFIX)
        ledger.forget_schedule()


def remove_with_the_last_stack(
    connection: Connection, project: Project, say: Say, engine: Engine = TERRAFORM
) -> None:
    """Take it down where there is one; where the state here does not know it, say that it stays."""
    if Ledger.on(connection).schedule() is None:
        return
    say(f"No stack is left in environment {connection.environment.name}: removing the schedule of idle")
    prepared = _planned_removal(connection, project, say, engine)
    carry_out(prepared, say)
    if is_there(connection):
        say(_unknown(connection))


def look(connection: Connection) -> tuple[Schedule, str] | None:
    """What is recorded of it, and what is wrong with it on AWS, empty where nothing is; None where there is none."""
    ledger = Ledger.on(connection)
    found = ledger.schedule() if ledger.exists() else None
    if found is None:
        return None
    rule = IdleRule(found["hours"], found["grace_hours"])
    schedule = Schedule(found["expression"], rule, found["max"], found["armed"])
    environment = connection.environment.name
    return schedule, _problem(schedule, found[CODE], _on_aws(connection), environment)


def _problem(schedule: Schedule, code: str, on_aws: dict[str, Any] | None, environment: str) -> str:
    if on_aws is None:
        return (
            "it is recorded, and not on AWS; run the same --schedule again, or: modelyard idle --env "
            f"{environment} --unschedule"
        )
    if on_aws["State"] != "ENABLED":
        return f"it is {on_aws['State']} on AWS: somebody switched it off by hand"
    if on_aws["ScheduleExpression"] != schedule.expression:
        return f"on AWS it is {on_aws['ScheduleExpression']}: somebody changed it by hand"
    if code != package.key():
        return "it runs the code of another version of the kit; run the same --schedule again"
    return ""


def is_there(connection: Connection) -> bool:
    """Whether AWS has it."""
    return _on_aws(connection) is not None


def _on_aws(connection: Connection) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        found: dict[str, Any] = connection.client("scheduler").get_schedule(
            Name=name_of(connection.environment)
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    return found


def _planned_removal(connection: Connection, project: Project, say: Say, engine: Engine) -> Prepared:
    workspace = engines.workspace(engine, Blueprint(()), STATE, connection, project, say)
    return Prepared(None, connection, workspace, workspace.plan(destroy=True))


def _unknown(connection: Connection) -> str:
    environment = connection.environment
    return (
        f"The schedule {name_of(environment)} stays: Terraform's state here does not know it; run modelyard idle --env "
        f"{environment.name} --unschedule where it was made, or name its state_bucket in the environment's file."
    )


def _tell_what_is_not_recorded(ledger: Ledger, environment: str, say: Say) -> None:
    """Of a stack that an older version of the kit has deployed, nobody but its file knows what goes."""
    for stack in ledger.stacks():
        if ledger.hourly(stack) is None:
            say(
                f"What of {stack} sleeps is not recorded yet, and it is left alone until you run: modelyard deploy "
                f"{stack} --env {environment}"
            )


def _upload(ledger: Ledger, key: str, say: Say) -> None:
    """Its code, a few KB, under the digest of its content."""
    body = io.BytesIO()
    package.write(body)
    ledger.client.put_object(Bucket=ledger.bucket, Key=key, Body=body.getvalue())
    say(f"uploaded s3://{ledger.bucket}/{key}")
