"""Sends one request to what is deployed, over boto3."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infra.connection import Connection
from infra.errors import InvocationFailed, Misuse
from infra.ledger import Deployed, Ledger
from infra.naming import ALIAS
from infra.operations import asynchronous, jobs

JSON = "application/json"


@dataclass(frozen=True)
class Response:
    """What came back, and how long it took as the caller sees it."""

    body: bytes
    content_type: str
    latency_ms: float


def find(name: str, connection: Connection) -> Deployed:
    """What is deployed as `name`: a workload, `stack/workload`, or a name on AWS. Raises `Misuse` if not one."""
    ledger = Ledger(connection.client("s3"), connection.environment.artifact_bucket)
    deployed = ledger.deployed() if ledger.exists() else []
    matches = [
        record
        for record in deployed
        if name in (record.workload, record.name, f"{record.stack}/{record.workload}")
    ]
    if len(matches) == 1:
        return matches[0]
    where = f"environment {connection.environment.name}"
    if matches:
        names = ", ".join(f"{record.stack}/{record.workload}" for record in matches)
        raise Misuse(f"{name!r} is deployed more than once in {where}; write one of {names}.")
    known = ", ".join(f"{record.stack}/{record.workload}" for record in deployed) or "nothing"
    raise Misuse(f"Nothing named {name!r} is deployed in {where}; deployed: {known}. Deploy its stack first.")


@dataclass(frozen=True)
class Request:
    """What is sent. `model` is the one meant, of an endpoint that has several."""

    body: bytes
    content_type: str = JSON
    accept: str = JSON
    model: str | None = None


def invoke(
    target: Deployed,
    request: Request,
    connection: Connection,
    clock: Callable[[], float] = time.perf_counter,
) -> Response:
    """The answer of `target`; raises `InvocationFailed` with the handler's own words where it failed."""
    if request.model is not None and target.kind not in WITH_MODELS:
        raise Misuse(f"{target.name} is a {target.kind} and has one model; leave --target out.")
    started = clock()
    answer, answered_type = INVOKERS[target.kind](target, request, connection)
    return Response(answer, answered_type, (clock() - started) * 1000)


def _endpoint(target: Deployed, request: Request, connection: Connection, **more: str) -> tuple[bytes, str]:
    from botocore.exceptions import ClientError

    try:
        answer = connection.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=target.name,
            Body=request.body,
            ContentType=request.content_type,
            Accept=request.accept,
            **more,
        )
    except ClientError as error:
        reason = error.response.get("OriginalMessage") or error.response["Error"]["Message"]
        raise InvocationFailed(f"Endpoint {target.name} answered: {reason}") from None
    return answer["Body"].read(), answer["ContentType"]


def _multi_model(target: Deployed, request: Request, connection: Connection) -> tuple[bytes, str]:
    if request.model is None:
        raise Misuse(f"{target.name} has several models; say which one: --target MODEL.")
    return _endpoint(
        target, request, connection, TargetModel=f"{request.model.removesuffix('.tar.gz')}.tar.gz"
    )


def _function(target: Deployed, request: Request, connection: Connection) -> tuple[bytes, str]:
    from botocore.exceptions import ClientError

    if request.content_type != JSON:
        raise Misuse(
            f"A function takes {JSON} when it is invoked directly, not {request.content_type}; send JSON."
        )
    try:
        answer = connection.client("lambda").invoke(
            FunctionName=target.name, Qualifier=ALIAS, Payload=request.body
        )
    except ClientError as error:
        raise InvocationFailed(
            f"Function {target.name} answered: {error.response['Error']['Message']}"
        ) from None
    payload = answer["Payload"].read()
    if "FunctionError" in answer:
        raise InvocationFailed(f"Function {target.name} failed: {payload.decode(errors='replace')}")
    return payload, JSON


INVOKERS: Mapping[str, Callable[[Deployed, Request, Connection], tuple[bytes, str]]] = {
    "RealtimeEndpoint": _endpoint,
    "AsyncEndpoint": lambda target, request, connection: asynchronous.ask(
        target, request.body, request.content_type, request.accept, connection
    ),
    "ServerlessEndpoint": _endpoint,
    "MultiModelEndpoint": _multi_model,
    "LambdaEndpoint": _function,
    "BatchJob": lambda target, _request, connection: (jobs.run(target.name, connection), JSON),
}

WITHOUT_REQUEST = frozenset({"BatchJob"})
"""The kinds that read what they work on by themselves."""

WITH_MODELS = frozenset({"MultiModelEndpoint"})
"""The kinds whose requests name a model."""
