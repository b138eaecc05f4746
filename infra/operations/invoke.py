"""Sends requests to what is deployed, over boto3: from the command line, and from any Python program.

    from infra.operations.invoke import Client

    with_models = Client.of("dev")
    with_models.invoke("classify", b'{"text": "I was charged twice"}').body

What did not run is sent again until it is answered or the deadline is over: throttling, a cold start, a model that is
being loaded. What may have run is not, unless `retry_unsafe` says that it may run twice.
"""

import functools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from infra import environment, project
from infra.blueprint.sleep import GONE
from infra.connection import Connection, connect
from infra.errors import Misuse
from infra.ledger import Deployed, Ledger
from infra.operations import asynchronous, items, jobs, senders
from infra.operations.attempts import DEADLINE_SECONDS, Attempt, Patience
from infra.operations.request import JSON, Answer, Request
from infra.operations.streaming import EVENTS, Stream
from infra.operations.streaming import stream as begin

__all__ = ["JSON", "Client", "Request", "Response", "find", "invoke"]


PREPARING = "preparing"


@dataclass(frozen=True)
class Response:
    """What came back, how long it took as the caller sees it, and where that went, in milliseconds."""

    body: bytes
    content_type: str
    latency_ms: float
    attempts: tuple[Attempt, ...] = ()
    spent_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def retries(self) -> int:
        """How often it was sent again."""
        return max(0, len(self.attempts) - 1)


def find(name: str, connection: Connection) -> Deployed:
    """What is deployed as `name`: a workload, `stack/workload`, or a name on AWS. Raises `Misuse` if not one."""
    ledger = Ledger.on(connection)
    deployed = ledger.deployed() if ledger.exists() else []
    matches = [record for record in deployed if record.is_named(name)]
    if len(matches) == 1:
        [found] = matches
        if found.kind in GONE and found.workload in ledger.asleep(found.stack):
            raise Misuse(
                f"{found.workload} of {found.stack} sleeps; wake it first: modelyard wake {found.stack} "
                f"{found.workload} --env {connection.environment.name}"
            )
        return found
    where = f"environment {connection.environment.name}"
    if matches:
        names = ", ".join(record.path for record in matches)
        raise Misuse(f"{name!r} is deployed more than once in {where}; write one of {names}.")
    known = ", ".join(record.path for record in deployed) or "nothing"
    raise Misuse(f"Nothing named {name!r} is deployed in {where}; deployed: {known}. Deploy its stack first.")


def invoke(
    target: Deployed,
    request: Request,
    connection: Connection,
    patience: Patience | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Response:
    """The answer of `target`; raises `InvocationFailed` with the handler's own words where it failed."""
    check(target, request)
    started = clock()
    answer = INVOKERS[target.kind](target, request, connection, patience or patience_for(target))
    latency_ms = (clock() - started) * 1000
    told = {stage: seconds * 1000 for stage, seconds in answer.spent.items()}
    # The first request makes a client, which takes longer than many an answer.
    spent = {PREPARING: max(0.0, latency_ms - sum(told.values())), **told}
    return Response(answer.body, answer.content_type, latency_ms, answer.attempts, spent)


def remarks(target: Deployed, response: Response, connection: Connection) -> Iterator[str]:
    """Lines for people about an answer of `target`, beside it."""
    return REMARKS[target.kind](target, response, connection) if target.kind in REMARKS else iter(())


def check(target: Deployed, request: Request) -> None:
    """Raise `Misuse` where a model is named of an endpoint that has one, or none of an endpoint that has several."""
    if request.model is not None and target.kind not in WITH_MODELS:
        raise Misuse(f"{target.name} is {target.a_kind} and has one model; leave --target out.")
    if request.model is None and target.kind in WITH_MODELS:
        raise Misuse(f"{target.name} has several models; say which one: --target MODEL.")


def patience_for(
    target: Deployed, deadline_seconds: float | None = None, retry_unsafe: bool = False
) -> Patience:
    """As long as its kind may need to wake up, unless it is said."""
    usual = _DEADLINES.get(target.kind, DEADLINE_SECONDS)
    return Patience(usual if deadline_seconds is None else deadline_seconds, retry_unsafe)


_DEADLINES: Mapping[str, float] = {
    "AsyncEndpoint": asynchronous.DEADLINE_SECONDS,
    "BatchJob": float("inf"),
}

INVOKERS: Mapping[str, Callable[[Deployed, Request, Connection, Patience], Answer]] = {
    "RealtimeEndpoint": senders.endpoint,
    "AsyncEndpoint": asynchronous.ask,
    "ServerlessEndpoint": senders.endpoint,
    "MultiModelEndpoint": senders.endpoint,
    "LambdaEndpoint": senders.function,
    "BatchJob": lambda target, _request, connection, patience: Answer(
        jobs.run(target.name, connection, patience), JSON
    ),
}

REMARKS: Mapping[str, Callable[[Deployed, Response, Connection], Iterator[str]]] = {
    "BatchJob": lambda target, response, connection: items.told(
        target.name, json.loads(response.body)["job"], connection
    ),
}
"""What there is to say of an answer beside it, by kind."""

WITHOUT_REQUEST = frozenset({"BatchJob"})
"""The kinds that read what they work on by themselves."""

WITH_MODELS = frozenset({"MultiModelEndpoint"})
"""The kinds whose requests name a model."""


@dataclass(frozen=True, eq=False)
class Client:
    """Requests to what is deployed in one environment; one client serves many threads.

    `name` is a workload, `stack/workload`, or a name on AWS. Every method raises `Misuse` for what is not deployed,
    `InvocationFailed` with the reason where it failed, and `Unanswered` where it may have run.
    """

    connection: Connection
    deadline_seconds: float | None = None
    retry_unsafe: bool = False

    @classmethod
    def of(cls, environment_name: str, folder: Path | None = None) -> "Client":
        """A client of stacks/environments/NAME.toml, in the project that `folder`, or this directory, lies in."""
        found = project.find(folder or Path.cwd())
        connection = connect(environment.load(environment_name, found.root), found)
        connection.check_account()
        return cls(connection)

    @functools.cache  # noqa: B019  (one client per program)
    def find(self, name: str) -> Deployed:
        """What is deployed as `name`; looked up once."""
        return find(name, self.connection)

    def invoke(
        self, name: str, body: bytes = b"", content_type: str = JSON, model: str | None = None
    ) -> Response:
        """The whole answer; an asynchronous endpoint is waited for, and a job until its end."""
        target = self.find(name)
        request = Request(body, content_type, model=model)
        return invoke(target, request, self.connection, self._patience(target))

    def stream(self, name: str, body: bytes, content_type: str = JSON, model: str | None = None) -> Stream:
        """The answer in parts, as they come."""
        target = self.find(name)
        return stream(
            target, Request(body, content_type, model=model), self.connection, self._patience(target)
        )

    def _patience(self, target: Deployed) -> Patience:
        return patience_for(target, self.deadline_seconds, self.retry_unsafe)


def stream(target: Deployed, request: Request, connection: Connection, patience: Patience) -> Stream:
    """The answer of `target` in parts, as they come."""
    check(target, request)
    return begin(target, replace(request, accept=EVENTS), connection, patience)
