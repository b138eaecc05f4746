"""What a deploy has made is asked its model's sample, and what it says to that is told."""

import io
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.blueprint import blueprint
from infra.engines.events import ResourceEvent
from infra.engines.plan import Change, PlanSummary
from infra.errors import Misuse
from infra.ledger import records
from infra.operations import trials
from infra.operations.trials import Trials
from tests.infra.conftest import asynchronous, function, multi_model, realtime, serverless


@dataclass
class Account:
    """SageMaker, Lambda and CloudWatch Logs: every endpoint answers with its name, but for those that fail."""

    failing: frozenset[str] = frozenset()
    asked: list[tuple[str, str | None, bytes]] = field(default_factory=list)

    def once(self, _service: str) -> "Account":
        return self

    client = once

    def invoke_endpoint(self, EndpointName: str, Body: bytes, **more: Any) -> dict[str, Any]:
        self.asked.append((EndpointName, more.get("TargetModel"), Body))
        if EndpointName in self.failing:
            error = {"Code": "ModelError", "Message": "Received server error (500) from primary"}
            answer = {
                "OriginalStatusCode": 500,
                "OriginalMessage": "ValueError: no such label",
                "Error": error,
            }
            raise ClientError({**answer, "ResponseMetadata": {"HTTPStatusCode": 424}}, "InvokeEndpoint")
        return {"Body": io.BytesIO(b"{}"), "ContentType": "application/json"}

    def invoke(self, FunctionName: str, Qualifier: str, Payload: bytes) -> dict[str, Any]:
        self.asked.append((FunctionName, None, Payload))
        if FunctionName in self.failing:
            said = {"errorType": "ValueError", "errorMessage": "no such label", "stackTrace": ["..."]}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(said).encode())}
        return {"Payload": io.BytesIO(b"{}")}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_log_streams"
        return SimpleNamespace(paginate=lambda **_: [{"logStreams": [{"logStreamName": "one"}]}])

    def get_log_events(self, **_named: Any) -> dict[str, Any]:
        return {"events": [{"message": "Traceback\n"}, {"message": "ValueError: no such label\n"}]}


@dataclass
class Kept:
    """What the ledger has of one stack."""

    left: frozenset[str] = frozenset()
    records: tuple[Any, ...] = ()
    writes: list[set[str]] = field(default_factory=list)

    def unproven(self, stack: str) -> frozenset[str]:
        assert stack == "shop"
        return self.left

    def write_unproven(self, stack: str, workloads: Any) -> None:
        assert stack == "shop"
        self.left = frozenset(workloads)
        self.writes.append(set(workloads))

    def of(self, stack: str) -> tuple[Any, ...]:
        return self.records

    def samples(self, stack: str) -> dict[str, Any]:
        return {record.workload: {"tiny": {"request": "{}"}} for record in self.records}


WORKLOADS = (realtime(), function(), serverless(), asynchronous(), multi_model())
ENDPOINT, ALIAS = "aws_sagemaker_endpoint", "aws_lambda_alias"


def done(address: str, action: str = "create", kind: Any = "complete") -> ResourceEvent:
    return ResourceEvent(kind, address, action, 1.0, None)


def begun(
    make_stack, account: Account, *events: ResourceEvent, samples: Any = None
) -> tuple[list[str], list[str]]:
    """What is found and said after these events."""
    stack = make_stack(*WORKLOADS)
    keys = {workload.name: "models/tiny/0/model.tar.gz" for workload in stack.workloads}
    told = {name: {"tiny": {"request": "{}"}} for name in ("rank", "rank-small", "rare", "queue")}
    said: list[str] = []
    seen: list[ResourceEvent] = []
    made = Trials(
        stack.name,
        {record.workload: record for record in records(stack, keys)},
        told if samples is None else samples,
        frozenset(),
        Kept(),
        account,
        said.append,
    )
    watch = made.watching(seen.append)
    for event in events:
        watch(event)
    found = made.check()
    assert seen == list(events)
    return found, said


def test_the_samples_are_those_of_the_models_folders(make_stack, base):
    stack = make_stack(realtime(), function())
    assert trials.of(stack) == {}
    (base / "models" / "tiny" / "sample.json").write_text('{"x": 1}')
    asked = {"tiny": {"request": '{"x": 1}'}}
    assert trials.of(stack) == {"rank": asked, "rank-small": asked}
    answer = base / "models" / "tiny" / "sample_answer.json"
    answer.write_text('{"y": 2}')
    assert trials.of(stack)["rank"]["tiny"] == {"request": '{"x": 1}', "answer": '{"y": 2}'}
    answer.write_text("y=2")
    with pytest.raises(
        Misuse, match=r"tiny/sample_answer\.json is no JSON: .*; write the answer to sample\.json\."
    ):
        trials.of(stack)


def test_each_is_asked_once_it_is_there(make_stack):
    account = Account()
    found, said = begun(
        make_stack,
        account,
        done(f"{ENDPOINT}.rank"),
        done(f"{ALIAS}.rank-small", "update"),
        done(f"{ENDPOINT}.rare"),
    )
    assert found == []
    assert {name for name, _, _ in account.asked} == {"dev-shop-rank", "dev-shop-rank-small", "dev-shop-rare"}
    assert len(said) == 3 and all("answers the sample in" in line for line in said)


@pytest.mark.parametrize(
    "event",
    [
        done(f"{ENDPOINT}.rank", "delete"),
        done(f"{ENDPOINT}.rank", kind="start"),
        done("aws_sagemaker_model.rank"),
        done("aws_lambda_function.rank-small"),
        done(f"{ENDPOINT}.queue"),
    ],
    ids=["deleted", "begun", "a model", "not yet its alias", "asynchronous"],
)
def test_who_is_not_there_or_has_consequences_is_not_asked(make_stack, event):
    account = Account()
    assert begun(make_stack, account, event) == ([], [])
    assert account.asked == []


def test_each_model_of_several_is_asked_by_its_name(make_stack):
    account = Account()
    samples = {"many": {"tiny": {"request": "1"}, "small": {"request": "2"}}}
    found, said = begun(make_stack, account, done(f"{ENDPOINT}.many"), samples=samples)
    assert found == []
    assert [(model, body) for _, model, body in account.asked] == [
        ("tiny.tar.gz", b"1"),
        ("small.tar.gz", b"2"),
    ]
    assert [line.partition(" in ")[0] for line in said] == [
        "many: answers the sample of tiny",
        "many: answers the sample of small",
    ]


@pytest.mark.parametrize(
    "name, address, group",
    [
        ("dev-shop-rank", f"{ENDPOINT}.rank", "/aws/sagemaker/Endpoints/dev-shop-rank"),
        ("dev-shop-rank-small", f"{ALIAS}.rank-small", "/aws/lambda/dev-shop-rank-small"),
    ],
)
def test_who_fails_is_told_with_its_words_its_log_and_the_remedy(make_stack, name, address, group):
    found, said = begun(make_stack, Account(frozenset({name})), done(address))
    assert said == []
    first, heading, *lines, last = found
    assert first.startswith("Asked the sample.json of tiny: ") and first.endswith("ValueError: no such label")
    assert heading == f"The last lines of its log ({group}):"
    assert lines == ["  Traceback", "  ValueError: no such label"]
    assert "is what serves now" in last and "deploy again" in last


def test_a_wrong_answer_is_a_failure_and_a_right_one_is_said_to_be(make_stack):
    asked = {"rank": {"tiny": {"request": "{}", "answer": "{}"}}}
    found, (said,) = begun(make_stack, Account(), done(f"{ENDPOINT}.rank"), samples=asked)
    assert found == [] and said.startswith("rank: answers the sample as expected in ")
    asked = {"rank": {"tiny": {"request": "{}", "answer": '{"label": "spam"}'}}}
    found, said = begun(make_stack, Account(), done(f"{ENDPOINT}.rank"), samples=asked)
    assert found[0] == (
        "Asked the sample.json of tiny: dev-shop-rank answers otherwise: keys is [], expected ['label']"
    )
    assert "deploy again" in found[-1] and said == []


def test_without_a_sample_it_says_so(make_stack):
    account = Account()
    assert begun(make_stack, account, done(f"{ENDPOINT}.rank"), samples={}) == (
        [],
        ["rank: not asked, for its model has no sample.json"],
    )
    assert account.asked == []


@dataclass
class Deploy:
    """A deploy of everything but what `asleep` names; `unproven` is what an earlier one left."""

    stack: Any
    account: Account
    asleep: frozenset[str] = frozenset()
    unproven: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.keys = {workload.name: "models/tiny/0/model.tar.gz" for workload in self.stack.workloads}
        self.ledger = Kept(self.unproven, tuple(records(self.stack, self.keys)))

    def begin(self, *changes: tuple[str, str]) -> Trials:
        """`changes` are the plan's, each an action and an address."""
        made = tuple(Change(address, *address.split("."), action, None) for action, address in changes)
        plan = PlanSummary(made, len(made), 0, 0, empty=not made)
        content = blueprint(self.stack, self.keys, self.asleep)
        return Trials.begin(self.stack, content, plan, self.ledger, self.account, lambda _: None)

    @property
    def asked(self) -> list[str]:
        return [name.removeprefix("dev-shop-") for name, _, _ in self.account.asked]


def test_what_failed_is_asked_again_by_the_next_deploy_though_it_changes_nothing(make_stack):
    broken = Deploy(make_stack(*WORKLOADS), Account(failing=frozenset({"dev-shop-rank"})))
    made = [
        ("create", f"{ENDPOINT}.rank"),
        ("create", f"{ALIAS}.rank-small"),
        ("create", f"{ENDPOINT}.queue"),
    ]
    first = broken.begin(*made)
    assert broken.ledger.left == {"rank", "rank-small"}  # while it is under way, and where it is killed
    watch = first.watching(lambda _: None)
    for _, address in made:
        watch(done(address))
    assert first.check() and broken.ledger.left == {"rank"}
    assert broken.begin().check() and broken.ledger.left == {"rank"}
    broken.account.failing = frozenset()
    assert broken.begin().check() == [] and broken.ledger.left == frozenset()
    before = list(broken.asked)
    assert broken.begin().check() == [] and broken.asked == before
    assert sorted(before) == ["rank", "rank", "rank", "rank-small"]


def test_what_is_taken_over_is_asked_though_no_event_tells_of_it(make_stack):
    deploy = Deploy(make_stack(*WORKLOADS), Account())
    assert deploy.begin(("import", f"{ENDPOINT}.rank")).check() == []
    assert deploy.asked == ["rank"]


def test_what_sleeps_is_asked_when_it_wakes(make_stack):
    sleeping = Deploy(
        make_stack(*WORKLOADS), Account(), frozenset({"rank"}), frozenset({"rank", "long-gone"})
    )
    assert sleeping.begin(("delete", f"{ENDPOINT}.rank")).check() == []
    assert sleeping.asked == [] and sleeping.ledger.left == {"rank"}
    sleeping.asleep = frozenset()
    assert sleeping.begin().check() == []
    assert sleeping.asked == ["rank"] and sleeping.ledger.left == frozenset()


def test_where_nothing_is_due_nothing_is_written(make_stack):
    deploy = Deploy(make_stack(*WORKLOADS), Account())
    assert deploy.begin().check() == []
    assert deploy.ledger.writes == [] and deploy.asked == []
