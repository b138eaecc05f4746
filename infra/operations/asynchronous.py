"""One request to an asynchronous endpoint: its body into S3, then the queue, and a wait for what comes back."""

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from infra.blueprint.asynchronous import LONGEST_SECONDS
from infra.connection import Connection
from infra.errors import InvocationFailed
from infra.ledger import Deployed
from infra.operations.attempts import Patience, until_answered
from infra.operations.request import Answer, Request
from infra.operations.senders import coming

DEADLINE_SECONDS = 1800.0
"""From zero an instance takes minutes to come, and a large image and model some more."""

_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS, _GROWTH = 0.1, 3.0, 1.5

_ABSENT = ("404", "NoSuchKey")


def ask(target: Deployed, request: Request, connection: Connection, patience: Patience) -> Answer:
    """The answer; raises `InvocationFailed` with what the endpoint wrote instead of one.

    Within `patience.deadline_seconds` it has to be there. Uploads and reads can be repeated as they are; what is put
    into the queue twice would run twice.
    """
    from botocore.exceptions import ClientError

    began, s3 = patience.clock(), connection.client("s3")
    prefix = connection.environment.data_uri(target.stack, target.workload, "input")
    bucket, key = _place(f"{prefix}{uuid.uuid4()}")
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=request.body, ContentType=request.content_type)
        uploaded = patience.clock()
        queued, attempts = until_answered(
            f"Endpoint {target.name}",
            lambda: _queue(target, request, f"s3://{bucket}/{key}", connection),
            patience,
        )
        answered_from = patience.clock()
        for _ in _polls(began + patience.deadline_seconds, patience):
            found = _look(target, queued, s3)
            if found is not None:
                stages = {"uploading": uploaded - began, "queue and model": patience.clock() - answered_from}
                return Answer(*found, attempts, stages)
    except ClientError as error:
        raise InvocationFailed(
            f"Endpoint {target.name} was not asked, or its answer not read: {error.response['Error']['Message']}"
        ) from None
    raise InvocationFailed(
        f"Endpoint {target.name} has not answered within {patience.deadline_seconds / 60:.0f} minutes; its answer will "
        f"be at {queued['OutputLocation']}. Look at its state: modelyard status --env {connection.environment.name}"
    )


def _queue(target: Deployed, request: Request, location: str, connection: Connection) -> dict[str, Any]:
    with coming(target.name, connection):
        queued: dict[str, Any] = connection.once("sagemaker-runtime").invoke_endpoint_async(
            EndpointName=target.name,
            InputLocation=location,
            ContentType=request.content_type,
            Accept=request.accept,
            # By itself SageMaker gives up after 15 minutes.
            InvocationTimeoutSeconds=LONGEST_SECONDS,
        )
    return queued


def _look(target: Deployed, queued: dict[str, Any], s3: Any) -> tuple[bytes, str] | None:
    """The answer, where it is there. Raises `InvocationFailed` where a failure is there instead."""
    found = _read(queued["OutputLocation"], s3)
    if found is not None:
        return found
    failure = queued.get("FailureLocation")
    failed = _read(failure, s3) if failure else None
    if failed is not None:
        words = failed[0].decode(errors="replace").strip()
        raise InvocationFailed(f"Endpoint {target.name} failed: {words}")
    return None


def _polls(deadline: float, patience: Patience) -> Iterator[None]:
    pause = _FIRST_POLL_SECONDS
    while patience.clock() < deadline:
        yield
        patience.sleep(pause)
        pause = min(pause * _GROWTH, _LONGEST_POLL_SECONDS)


def _read(uri: str, s3: Any) -> tuple[bytes, str] | None:
    from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

    bucket, key = _place(uri)
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
        return answer["Body"].read(), answer["ContentType"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return None
        raise
    except (HTTPClientError, IncompleteReadError):
        return None  # half of it came; the next look reads it again


def _place(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, parts.path.removeprefix("/")
