"""A queue that costs nothing while it is empty: from no instance to all answers and back, on a fast clock."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.conftest import CLONE, Yard, make_project

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

SPEED = 60
SERVICES = ("sagemaker", "sagemaker-runtime", "s3", "sqs", "sns", "cloudwatch")
ENDPOINT, VARIANT = "local-inbox-sort", "AllTraffic"
BUCKET = "modelyard-local-123456789012-us-east-1"
TICKETS = (2 * json.loads((CLONE / "stacks" / "tickets.json").read_text()))[:10]
MINUTES_TO_ANSWER = 25
"""Of AWS's time: the alarm needs two of them, and the start of a process, which takes real time, the rest."""
MINUTES_TO_REST = 40
"""Target tracking scales in after 15 datapoints below the target, once a cooldown is over."""


@dataclass(frozen=True)
class Queue:
    """The deployed endpoint, with its topics as queues to read from."""

    yard: Yard
    clients: Mapping[str, Any]
    told: dict[str, str]

    @property
    def instances(self) -> tuple[int, int]:
        """Current and desired count."""
        found = self.clients["sagemaker"].describe_endpoint(EndpointName=ENDPOINT)
        (variant,) = found["ProductionVariants"]
        return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]

    def comes_to(self, reached: Any, minutes: float) -> bool:
        """Whether it comes to that within so many minutes of AWS's time."""
        deadline = time.monotonic() + minutes * 60 / SPEED
        while time.monotonic() < deadline:
            if reached():
                return True
            time.sleep(0.1)
        return False

    def send(self, bodies: list[bytes]) -> list[dict[str, str]]:
        """One request for each body, through S3."""
        sent = []
        for number, body in enumerate(bodies):
            key = f"data/inbox/sort/input/{time.time_ns()}-{number}.json"
            self.clients["s3"].put_object(Bucket=BUCKET, Key=key, Body=body)
            answer = self.clients["sagemaker-runtime"].invoke_endpoint_async(
                EndpointName=ENDPOINT, InputLocation=f"s3://{BUCKET}/{key}", ContentType="application/json"
            )
            sent.append({name: answer[name] for name in ("InferenceId", "OutputLocation", "FailureLocation")})
        return sent

    def read(self, uri: str) -> bytes | None:
        """What lies at an S3 address; None where nothing does."""
        key = uri.removeprefix(f"s3://{BUCKET}/")
        s3 = self.clients["s3"]
        if not s3.list_objects_v2(Bucket=BUCKET, Prefix=key).get("Contents"):
            return None
        return bytes(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def messages(self, outcome: str) -> list[dict[str, Any]]:
        """What the topic has said since the last look."""
        sqs, found = self.clients["sqs"], []
        while batch := sqs.receive_message(QueueUrl=self.told[outcome], MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in batch:
                sqs.delete_message(QueueUrl=self.told[outcome], ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(json.loads(message["Body"])["Message"]))
        return found

    def wakes_and_answers(self, bodies: list[bytes]) -> list[Any] | None:
        """The answers to requests that were sent at no instance, in time; None where they are not all there."""
        assert self.instances == (0, 0)
        sent = self.send(bodies)
        if not self.comes_to(
            lambda: all(self.read(one["OutputLocation"]) for one in sent), MINUTES_TO_ANSWER
        ):
            return None
        return [json.loads(self.read(one["OutputLocation"]) or b"") for one in sent]


@pytest.fixture(scope="module")
def fast_yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    """A project with an embedded AWS whose time runs fast."""
    made = Yard(make_project(tmp_path_factory.mktemp("fast")))
    file = made.root / "stacks" / "inbox.py"
    # Ten requests are then no reason for target tracking to scale: whether one can wake is up to the alarm alone.
    text = file.read_text()
    assert "backlog_per_instance=5" in text
    file.write_text(text.replace("backlog_per_instance=5", "backlog_per_instance=20"))
    made.run("local", "up", "--idle-hours", "0.5", "--speed", str(SPEED))
    try:
        yield made
    finally:
        made.run("local", "down")


@pytest.fixture(scope="module")
def queue(fast_yard: Yard) -> Iterator[Queue]:
    """The stack, deployed, and somebody who listens; taken down afterwards whatever happened."""
    fast_yard.run("deploy", "inbox", "--env", "local", "--yes")
    try:
        # Once: each finds out by a verb where the embedded AWS is.
        clients = {name: fast_yard.client(name) for name in SERVICES}
        config = clients["sagemaker"].describe_endpoint(EndpointName=ENDPOINT)
        topics = config["AsyncInferenceConfig"]["OutputConfig"]["NotificationConfig"]
        told = {
            outcome: listen(clients, topics[f"{outcome}Topic"], f"told-{outcome.lower()}")
            for outcome in ("Success", "Error")
        }
        yield Queue(fast_yard, clients, told)
    finally:
        fast_yard.run("destroy", "inbox", "--env", "local", "--yes")


def listen(clients: Mapping[str, Any], topic: str, name: str) -> str:
    """A queue that is subscribed to the topic; its URL."""
    sqs = clients["sqs"]
    url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    clients["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


# They change the deployment, and run in this order.
def test_a_second_plan_changes_nothing(queue):
    assert "plan: no changes" in queue.yard.run("plan", "inbox", "--env", "local").stdout


def test_it_goes_down_to_no_instance_when_nothing_waits(queue):
    assert queue.comes_to(lambda: queue.instances == (0, 0), MINUTES_TO_REST)


def test_ten_requests_wake_it_are_all_answered_and_told_and_it_rests_again(queue):
    answers = queue.wakes_and_answers([json.dumps({"text": one["text"]}).encode() for one in TICKETS])
    assert answers is not None and len(answers) == 10
    assert [answer["label"] for answer in answers] == [ticket["label"] for ticket in TICKETS]
    assert queue.comes_to(lambda: queue.instances[0] >= 1, 2)
    told: list[dict[str, Any]] = []
    queue.comes_to(lambda: len(told.extend(queue.messages("Success")) or told) >= 10, MINUTES_TO_ANSWER)
    assert len({message["inferenceId"] for message in told}) == len(told) == 10, queue.messages("Error")
    assert queue.comes_to(lambda: queue.instances == (0, 0), MINUTES_TO_REST)
    assert queue.messages("Success") == [] and queue.messages("Error") == []


def test_a_request_that_cannot_be_answered_gives_one_failure_and_one_message(queue):
    (poison,) = queue.send([b"not JSON"])
    assert queue.comes_to(lambda: queue.read(poison["FailureLocation"]), MINUTES_TO_ANSWER)
    assert b"The body is not JSON" in queue.read(poison["FailureLocation"])
    told: list[dict[str, Any]] = []
    assert queue.comes_to(lambda: told.extend(queue.messages("Error")) or told, 5)
    assert [message["inferenceId"] for message in told] == [poison["InferenceId"]]
    assert "Received client error (400)" in told[0]["failureReason"]
    assert queue.read(poison["OutputLocation"]) is None


def test_a_changed_model_is_rolled_out(queue):
    handler = queue.yard.root / "stacks" / "models" / "triage" / "inference.py"
    handler.write_text(
        handler.read_text()
        + "\n\ndef output_fn(prediction, accept):\n    return '{\"changed\": true}', 'application/json'\n"
    )
    queue.yard.run("deploy", "inbox", "--env", "local", "--yes")
    (sent,) = queue.send([json.dumps({"text": "x"}).encode()])
    assert queue.comes_to(lambda: queue.read(sent["OutputLocation"]), MINUTES_TO_ANSWER)
    assert json.loads(queue.read(sent["OutputLocation"])) == {"changed": True}


def test_without_the_alarm_that_wakes_it_nobody_is_answered(queue):
    cloudwatch = queue.clients["cloudwatch"]
    names = [
        alarm["AlarmName"]
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]
        if alarm.get("MetricName") == "HasBacklogWithoutCapacity"
    ]
    assert len(names) == 1
    assert queue.comes_to(lambda: queue.instances == (0, 0), MINUTES_TO_REST)
    cloudwatch.delete_alarms(AlarmNames=names)
    assert queue.wakes_and_answers([json.dumps({"text": one["text"]}).encode() for one in TICKETS]) is None
    assert queue.instances == (0, 0)


def test_destroy_leaves_nothing(queue):
    gone = queue.yard.run("destroy", "inbox", "--env", "local", "--yes")
    assert re.search(
        r"inbox is the last stack of local: its bucket goes, and with it \d+ objects", gone.stderr
    )
    sqs = queue.clients["sqs"]
    for url in queue.told.values():
        sqs.delete_queue(QueueUrl=url)
    for subscription in queue.clients["sns"].list_subscriptions()["Subscriptions"]:
        queue.clients["sns"].unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    assert queue.yard.census() == []
