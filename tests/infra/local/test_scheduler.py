"""EventBridge Scheduler: what cannot be read or run is refused, and what is due fires once."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from botocore.exceptions import ClientError
from moto.scheduler.models import Schedule

from infra.local import daemon
from infra.local.overlay import scheduler
from tests.infra.local.conftest import RUNTIME, client_of, make_role, new_name, packed_zip, until
from tests.infra.local.jobs import make_job

MADE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
TARGET = {
    "Arn": "arn:aws:scheduler:::aws-sdk:batch:submitJob",
    "RoleArn": "arn:aws:iam::123456789012:role/any",
    "Input": json.dumps({"JobName": "a", "JobQueue": "b", "JobDefinition": "c"}),
}


@pytest.fixture
def create(client):
    def make(expression: str, zone: str = "UTC", **target) -> None:
        client("scheduler").create_schedule(
            Name=new_name("schedule"),
            ScheduleExpression=expression,
            ScheduleExpressionTimezone=zone,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={**TARGET, **target},
            State="DISABLED",
        )

    return make


def test_a_schedule_that_can_be_read_is_kept(create):
    create("cron(0 2 * * ? *)", "Europe/Berlin")
    create("rate(5 minutes)")


@pytest.mark.parametrize(
    ("expression", "zone", "code"),
    [
        ("cron(0 2 * * *)", "UTC", "ValidationException"),
        ("every day", "UTC", "ValidationException"),
        ("rate(1 hour)", "Mars/Olympus", "ValidationException"),
    ],
)
def test_what_cannot_be_read_is_refused(create, expression, zone, code):
    with pytest.raises(ClientError) as error:
        create(expression, zone)
    assert error.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    "target",
    [
        {"Arn": "arn:aws:sqs:us-east-1:123456789012:q"},
        {"Arn": "arn:aws:lambda:us-east-1:123456789012:function:f:live"},
        {"Arn": FUNCTION, "Input": "no JSON"},
    ],
)
def test_what_would_never_run_is_refused(create, target):
    with pytest.raises(ClientError) as error:
        create("rate(1 hour)", **target)
    assert error.value.response["Error"]["Code"] == "NotImplemented"


def test_a_function_may_be_started(create):
    create("rate(1 hour)", Arn=FUNCTION, Input="{}")


def schedule(expression: str, zone: str = "UTC") -> Schedule:
    made = Schedule(
        "us-east-1", "123456789012", "default", "s", None, expression, zone,
        {"Mode": "OFF"}, dict(TARGET), "ENABLED", None, None, None, None,
    )  # fmt: skip
    made.creation_date = MADE.timestamp()
    return made


@pytest.mark.parametrize(
    ("expression", "zone", "due"),
    [
        ("rate(1 hour)", "UTC", [timedelta(hours=1), timedelta(hours=2)]),
        ("cron(0 14 * * ? *)", "Europe/Berlin", [timedelta(hours=1), timedelta(hours=25)]),
        ("at(2026-03-02T12:30:00)", "UTC", [timedelta(minutes=30)]),
    ],
)
def test_each_time_that_is_due_fires_once(expression, zone, due):
    made, fired = schedule(expression, zone), []
    for minute in range(26 * 60 if "cron" in expression else 150):
        now = MADE + timedelta(minutes=minute + 1)
        if scheduler._is_due(made, now - timedelta(minutes=1), now):
            fired.append(now - MADE)
    assert fired == due


def test_what_the_scheduler_sends_is_what_batch_takes():
    sent = {"JobName": "Keep", "ArrayProperties": {"Size": 4}, "Tags": {"Team": "x"}}
    assert scheduler._as_sent(sent)["arrayProperties"] == {"size": 4}
    assert scheduler._as_sent(sent)["jobName"] == "Keep"
    assert scheduler._as_sent(sent)["tags"] == {"Team": "x"}


def test_a_due_schedule_submits_its_job(tmp_path):
    running = daemon.up(tmp_path / "local", parent_pipe=True, speed=60)
    try:
        job = make_job(running, ["sh", "-c", "true"])
        names = {
            "JobName": "nightly",
            "JobQueue": job.queue,
            "JobDefinition": job.definition,
            "ArrayProperties": {"Size": 2},
        }
        client_of(running.endpoint_url, "scheduler").create_schedule(
            Name="nightly",
            ScheduleExpression="cron(*/10 * * * ? *)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={**TARGET, "Input": json.dumps(names)},
        )
        found = lambda: job.batch.list_jobs(jobQueue=job.queue, jobStatus="SUCCEEDED")["jobSummaryList"]  # noqa: E731
        until(lambda: len(found()) >= 2, 40)
        times = sorted(datetime.fromtimestamp(one["createdAt"] / 1000, UTC) for one in found())
        assert all(time.minute % 10 == 0 for time in times)
        assert {(one["jobName"], one["arrayProperties"]["size"]) for one in found()} == {("nightly", 2)}
    finally:
        daemon.down(tmp_path / "local")


def test_a_due_schedule_invokes_its_function_with_its_input(tmp_path):
    running = daemon.up(tmp_path / "local", parent_pipe=True, speed=60)
    try:
        client = partial(client_of, running.endpoint_url)
        role = make_role(client("iam"), "function", "lambda.amazonaws.com")
        arn = client("lambda").create_function(
            FunctionName="told",
            Role=role,
            Runtime=RUNTIME,
            Handler="app.handler",
            Code={
                "ZipFile": packed_zip({"app.py": "def handler(event, context): print('got', event['by'])\n"})
            },
        )["FunctionArn"]
        client("scheduler").create_schedule(
            Name="told",
            ScheduleExpression="rate(1 minute)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={**TARGET, "Arn": arn, "Input": '{"by": "the schedule"}'},
        )
        logs = client("logs")

        def lines() -> list[str]:
            groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/told")["logGroups"]
            events = logs.filter_log_events(logGroupName="/aws/lambda/told")["events"] if groups else []
            return [event["message"] for event in events]

        until(lambda: sum("got the schedule" in line for line in lines()) >= 2, 40)
    finally:
        daemon.down(tmp_path / "local")
