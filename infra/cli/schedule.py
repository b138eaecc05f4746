"""What `modelyard idle` does with --schedule and --unschedule, and what it says of a schedule."""

from typing import TYPE_CHECKING, Any

import typer

from infra.checks import schedules
from infra.cli import console, report
from infra.cli.options import open_environment
from infra.errors import Misuse

if TYPE_CHECKING:
    from infra.connection import Connection
    from infra.operations.schedule import Prepared, Schedule


def put(env: str, schedule: "Schedule", yes: bool, json: bool) -> None:
    """Make it, or make it as it now is to be, after the plan was shown."""
    from infra.connection import connect
    from infra.engines.terraform.synth import warm_up
    from infra.operations import schedule as operation

    if wrong := schedules.wrong_schedule(schedule.expression):
        raise Misuse(f"--schedule: {wrong}")
    project, environment = open_environment(env)
    warm_up()
    connection = connect(environment, project)
    prepared = operation.prepare(schedule, connection, project, console.say)
    console.say(f"{env}: {schedule.line}")
    _do(prepared, f"Put this on a schedule on {env}?", yes)
    if json:
        console.put_json(schedule.to_json())
    else:
        console.say(f"It is there; to take it off: modelyard idle --env {env} --unschedule")


def take_off(env: str, yes: bool) -> None:
    """Take it down. What sleeps stays asleep."""
    from infra.connection import connect
    from infra.operations import schedule as operation

    project, environment = open_environment(env)
    connection = connect(environment, project)
    prepared = operation.prepare_removal(connection, project, console.say)
    _do(prepared, f"Take the schedule of idle off {env}?", yes)
    console.say(f"Nothing is on a schedule on {env}; what sleeps goes on sleeping.")


def _do(prepared: "Prepared", question: str, yes: bool) -> None:
    from infra.operations import schedule as operation

    report.plan(prepared.plan)
    if not yes and not prepared.plan.empty and not console.confirm(question):
        raise typer.Exit(1)
    operation.carry_out(prepared, console.say, report.watch)


def found(connection: "Connection") -> dict[str, Any] | None:
    """What there is, for programs."""
    from infra.operations import schedule as operation

    looked = operation.look(connection)
    if looked is None:
        return None
    schedule, problem = looked
    return {**schedule.to_json(), "problem": problem or None}


def tell(connection: "Connection") -> None:
    """Say what there is."""
    from infra.operations import schedule as operation

    looked = operation.look(connection)
    if looked is None:
        console.say("Nothing puts it to sleep by itself; --schedule would (README, 'idle').")
        return
    schedule, problem = looked
    console.say(f"On a schedule: {schedule.line}.")
    if problem:
        console.say(f"The schedule has a problem: {problem}")
