"""A thousand invocations of an endpoint that fails as it pleases: each answered or failed with its reason, none run twice."""

import collections
import concurrent.futures
import json
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config

from infra.connection import ONCE
from infra.errors import InvocationFailed, Unanswered
from infra.ledger import Deployed
from infra.operations.attempts import Patience
from infra.operations.invoke import Request, Response, invoke
from tests.infra.operations.faulty import PATIENCE_SECONDS, Faulty, serving

INVOCATIONS, CALLERS = 1000, 50
TARGET = Deployed("shop", "rank", "RealtimeEndpoint", "dev-shop-rank", "any")
RUNS = ("500 after", "model's 500", "model's 400", "reset after", "hangs", "half an answer")
REPEATED = {"throttled", "not ready"}


@dataclass
class Caller:
    """One program's connection, with the product's own settings but for how long it waits; endpoints are in service."""

    url: str
    runtime: Any = field(init=False)

    def __post_init__(self) -> None:
        config = Config(**ONCE, read_timeout=PATIENCE_SECONDS, max_pool_connections=1)
        self.runtime = boto3.client(
            "sagemaker-runtime",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
            config=config,
        )

    def once(self, _service: str) -> Any:
        return self.runtime

    def client(self, _service: str) -> "Caller":
        return self

    def describe_endpoint(self, EndpointName: str) -> dict[str, str]:
        return {"EndpointStatus": "InService"}

    def invoke(self, id: int, patience: Patience) -> Response | InvocationFailed:
        try:
            return invoke(TARGET, Request(json.dumps({"id": id}).encode()), self, patience)
        except InvocationFailed as error:
            return error


def run(
    faulty: Faulty, patience: Patience, invocations: int = INVOCATIONS
) -> dict[int, Response | InvocationFailed]:
    """Each caller's share, all callers at once."""

    def share(caller: Caller, first: int) -> dict[int, Response | InvocationFailed]:
        return {id: caller.invoke(id, patience) for id in range(first, invocations, CALLERS)}

    with serving(faulty) as url, concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        callers = [Caller(url) for _ in range(CALLERS)]
        found = list(pool.map(share, callers, range(CALLERS)))
    return {id: outcome for one in found for id, outcome in one.items()}


@pytest.mark.parametrize("seed", [6])
def test_each_is_answered_or_fails_with_its_reason_and_none_runs_twice(seed):
    faulty = Faulty(seed)
    outcomes = run(faulty, Patience(60))
    assert sorted(outcomes) == list(range(INVOCATIONS))
    for id, outcome in outcomes.items():
        met = faulty.met[id]
        if isinstance(outcome, Response):
            assert json.loads(outcome.body) == {"answer": id}
            assert len(outcome.attempts) == faulty.received[id]
            assert met[-1] in ("none", "slow")
        else:
            assert str(outcome).startswith("Endpoint dev-shop-rank ")
            assert outcome.attempts == faulty.received[id]
        # Nothing was repeated but what the server had not run.
        assert set(met[:-1]) <= REPEATED
        assert faulty.ran[id] <= 1
    kinds = collections.Counter(type(outcome) for outcome in outcomes.values())
    assert kinds[Response] > 600 and kinds[Unanswered] > 50 and kinds[InvocationFailed] > 20
    assert sum(faulty.received.values()) > INVOCATIONS


def test_told_that_it_may_run_twice_it_goes_on_until_it_is_answered():
    faulty = Faulty(7)
    outcomes = run(faulty, Patience(60, retry_unsafe=True), 200)
    failed = {id: outcome for id, outcome in outcomes.items() if isinstance(outcome, InvocationFailed)}
    # What the model itself finds fault with stays so.
    assert {faulty.met[id][-1] for id in failed} <= {"invalid", "model's 400"}
    assert max(faulty.ran.values()) > 1
