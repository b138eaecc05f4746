"""One real request to whatever a deploy has made or changed: that AWS calls it InService does not say that it answers.

It is the model's own sample.json, sent as soon as what answers is there, while the engine works on the rest.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from infra.connection import Connection
from infra.engines.events import ResourceEvent
from infra.errors import InvocationFailed, ModelyardError
from infra.ledger import Deployed, Ledger
from infra.operations import invoke, logs
from infra.operations.attempts import Patience
from infra.operations.request import Request
from infra.stack import Stack
from model_packaging import latency

Samples = Mapping[str, Mapping[str, str]]
"""Of each workload's models, by their names, the text of an example request."""

DEADLINE_SECONDS = 60.0
"""For how long a cold start and throttling are waited out."""

ANSWERS = {
    "RealtimeEndpoint": "aws_sagemaker_endpoint",
    "ServerlessEndpoint": "aws_sagemaker_endpoint",
    "MultiModelEndpoint": "aws_sagemaker_endpoint",
    "LambdaEndpoint": "aws_lambda_alias",
}
"""The resource that answers, by kind.

An asynchronous endpoint tells its topic of each answer, and a job costs a machine: those requests are their user's.
"""


def of(stack: Stack) -> Samples:
    """The samples that the models of `stack` have in their folders."""
    found = {
        workload.name: {
            model.name: request.decode()
            for model in workload.models
            if (request := latency.sample(model.directory(stack.base))) is not None
        }
        for workload in stack.workloads
    }
    return {name: samples for name, samples in found.items() if samples}


@dataclass
class Trials:
    """The requests of one deploy: they are begun by the engine's events, and `check` says what came of them."""

    records: Mapping[str, Deployed]
    samples: Samples
    connection: Connection
    say: Callable[[str], None]
    _under_way: list[tuple[threading.Thread, list[str]]] = field(default_factory=list)

    @classmethod
    def begin(
        cls, stack: Stack, ledger: Ledger, connection: Connection, say: Callable[[str], None]
    ) -> "Trials":
        """Those of a stack that the ledger has on record."""
        records = {record.workload: record for record in ledger.of(stack.name)}
        return cls(records, ledger.samples(stack.name), connection, say)

    def watching(self, watch: Callable[[ResourceEvent], None]) -> Callable[[ResourceEvent], None]:
        """`watch`, and a request to whatever it is told to be done."""
        answering = {
            f"{ANSWERS[record.kind]}.{name}": record
            for name, record in self.records.items()
            if record.kind in ANSWERS
        }

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
        """What is wrong, in lines; waits for the last answer."""
        for thread, _ in self._under_way:
            thread.join()
        return [line for _, found in self._under_way for line in found]

    def _ask(self, record: Deployed) -> None:
        found: list[str] = []
        # A daemon: an apply that fails, or that somebody interrupts, does not wait for it.
        thread = threading.Thread(target=lambda: found.extend(self._findings(record)), daemon=True)
        self._under_way.append((thread, found))
        thread.start()

    def _findings(self, record: Deployed) -> Iterator[str]:
        samples = self.samples.get(record.workload, {})
        if not samples:
            self.say(f"{record.workload}: not asked, for its model has no sample.json")
        for model, text in samples.items():
            named = model if record.kind in invoke.WITH_MODELS else None
            try:
                response = invoke.invoke(
                    record, Request(text.encode(), model=named), self.connection, Patience(DEADLINE_SECONDS)
                )
            except InvocationFailed as error:
                yield from self._failure(record, model, error)
            except ModelyardError as error:
                yield f"{record.name} was not asked the sample.json of {model}: {error}"
            else:
                of_model = f" of {model}" if named else ""
                self.say(f"{record.workload}: answers the sample{of_model} in {response.latency_ms:.0f} ms")

    def _failure(self, record: Deployed, model: str, error: InvocationFailed) -> Iterator[str]:
        yield f"Asked the sample.json of {model}: {error}"
        yield from logs.last(record.kind, record.name, self.connection)
        yield (
            f"This version of {record.workload} is what serves now. Mend the model, or its sample.json, and deploy "
            "again; a deploy of the sources of before brings that version back."
        )
