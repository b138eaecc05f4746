"""One real request to whatever a deploy has made or changed: that AWS calls it InService does not say that it answers.

It is the model's own sample.json, sent as soon as what answers is there, while the engine works on the rest. What did
not answer rightly, or was not asked, since a deploy failed or was cut short, is asked by the next one, whether that
changes anything or not.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from infra.blueprint import Blueprint
from infra.connection import Connection
from infra.engines.events import ResourceEvent
from infra.engines.plan import PlanSummary
from infra.errors import InvocationFailed, Misuse, ModelyardError
from infra.ledger import Deployed, Ledger, Samples
from infra.operations import expectation, invoke, logs
from infra.operations.attempts import Patience
from infra.operations.request import Request
from infra.stack import Stack
from model_packaging import latency
from model_packaging.manifest import SAMPLE_ANSWER

PATIENCE = Patience(60.0, harmless=True)
"""A cold start, throttling and AWS's own faults are waited out. What the model itself answers is told at once."""

ANSWERS = {
    "RealtimeEndpoint": "aws_sagemaker_endpoint",
    "ServerlessEndpoint": "aws_sagemaker_endpoint",
    "MultiModelEndpoint": "aws_sagemaker_endpoint",
    "LambdaEndpoint": "aws_lambda_alias",
}
"""The resource that answers, by kind.

An asynchronous endpoint tells its topic of each answer, and a job costs a machine: those requests are their user's.
"""


def _address(record: Deployed) -> str:
    """Of the resource that answers."""
    return f"{ANSWERS[record.kind]}.{record.workload}"


def of(stack: Stack) -> Samples:
    """The samples that the models of `stack` have in their folders. Raises `Misuse` for an answer that is no JSON."""
    found = {
        workload.name: {
            model.name: sample
            for model in workload.models
            if (sample := _sample(model.name, model.directory(stack.base)))
        }
        for workload in stack.workloads
    }
    return {name: samples for name, samples in found.items() if samples}


def _sample(model: str, directory: Path) -> dict[str, str]:
    request, answer = latency.sample(directory), latency.sample_answer(directory)
    if request is None:
        return {}
    if answer is None:
        return {"request": request.decode()}
    try:
        json.loads(answer)
    except ValueError as error:
        raise Misuse(
            f"{model}/{SAMPLE_ANSWER} is no JSON: {error}; write the answer to sample.json."
        ) from None
    return {"request": request.decode(), "answer": answer.decode()}


@dataclass
class Trials:
    """The requests of one deploy: they are begun by the engine's events, and `check` says what came of them.

    `due` are the workloads that are to be asked.
    """

    stack: str
    records: Mapping[str, Deployed]
    samples: Samples
    due: frozenset[str]
    ledger: Ledger
    connection: Connection
    say: Callable[[str], None]
    _under_way: list[tuple[threading.Thread, str, list[str]]] = field(default_factory=list)

    @classmethod
    def begin(
        cls,
        stack: Stack,
        content: Blueprint,
        plan: PlanSummary,
        ledger: Ledger,
        connection: Connection,
        say: Callable[[str], None],
    ) -> "Trials":
        """Those of a stack that the ledger has on record, where `plan` is about to be carried out."""
        records = {record.workload: record for record in ledger.of(stack.name)}
        answering = {_address(one): one.workload for one in records.values() if one.kind in ANSWERS}
        made = {one.address for one in plan.changes if one.action != "delete"} & answering.keys()
        unproven = ledger.unproven(stack.name)
        # What sleeps has nothing that answers, and stays to be asked when it wakes.
        there = {answering[one.address] for one in content.resources if one.address in answering}
        trials = cls(
            stack.name,
            records,
            ledger.samples(stack.name),
            frozenset(answering[address] for address in made) | (unproven & there),
            ledger,
            connection,
            say,
        )
        trials._record(unproven & records.keys() | trials.due, unproven)
        return trials

    def watching(self, watch: Callable[[ResourceEvent], None]) -> Callable[[ResourceEvent], None]:
        """`watch`, and a request to whatever it is told to be done."""
        answering = {_address(record): record for record in self.records.values() if record.kind in ANSWERS}

        def told(event: ResourceEvent) -> None:
            watch(event)
            if (
                event.kind == "complete"
                and event.action in ("create", "update")
                and event.address in answering
            ):
                self._ask(answering[event.address])

        return told

    def check(self) -> list[str]:
        """What is wrong, in lines; asks those that no event has told of, and waits for the last answer."""
        for workload in sorted(self.due - {workload for _, workload, _ in self._under_way}):
            self._ask(self.records[workload])
        for thread, _, _ in self._under_way:
            thread.join()
        failed = {workload for _, workload, found in self._under_way if found}
        asked = {workload for _, workload, _ in self._under_way}
        unproven = self.ledger.unproven(self.stack)
        self._record(unproven - (asked - failed), unproven)
        return [line for _, _, found in self._under_way for line in found]

    def _record(self, unproven: Set[str], before: Set[str]) -> None:
        if unproven != before:
            self.ledger.write_unproven(self.stack, unproven)

    def _ask(self, record: Deployed) -> None:
        found: list[str] = []
        # A daemon: an apply that fails, or that somebody interrupts, does not wait for it.
        thread = threading.Thread(target=lambda: found.extend(self._findings(record)), daemon=True)
        self._under_way.append((thread, record.workload, found))
        thread.start()

    def _findings(self, record: Deployed) -> Iterator[str]:
        samples = self.samples.get(record.workload, {})
        if not samples:
            self.say(f"{record.workload}: not asked, for its model has no sample.json")
        for model, sample in samples.items():
            named = model if record.kind in invoke.WITH_MODELS else None
            request = Request(sample["request"].encode(), model=named)
            try:
                response = invoke.invoke(record, request, self.connection, PATIENCE)
            except InvocationFailed as error:
                yield from self._failure(record, model, str(error))
                continue
            except ModelyardError as error:
                yield f"{record.name} was not asked the sample.json of {model}: {error}"
                continue
            expected = sample.get("answer")
            wrong = expectation.difference(expected, response.body) if expected else ""
            if wrong:
                yield from self._failure(record, model, f"{record.name} answers otherwise: {wrong}")
            else:
                of_model = f" of {model}" if named else ""
                rightly = " as expected" if expected else ""
                self.say(
                    f"{record.workload}: answers the sample{of_model}{rightly} in {response.latency_ms:.0f} ms"
                )

    def _failure(self, record: Deployed, model: str, what: str) -> Iterator[str]:
        yield f"Asked the sample.json of {model}: {what}"
        yield from logs.last(record.kind, record.name, self.connection)
        yield (
            f"This version of {record.workload} is what serves now. Mend the model, or its sample.json, and deploy "
            "again; a deploy of the sources of before brings that version back."
        )
