"""One request to an asynchronous endpoint: its body into S3, then the queue, and a wait for what comes back."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from infra.connection import Connection
from infra.errors import InvocationFailed
from infra.ledger import Deployed

PATIENCE_SECONDS = 1800.0
"""From zero an instance takes minutes to come, and a large image and model some more."""

_FIRST_POLL_SECONDS, _LONGEST_POLL_SECONDS, _GROWTH = 0.1, 3.0, 1.5

_ABSENT = ("404", "NoSuchKey")


def ask(
    target: Deployed,
    body: bytes,
    content_type: str,
    accept: str,
    connection: Connection,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[bytes, str]:
    """The answer and its content type; raises `InvocationFailed` with what the endpoint wrote instead of one."""
    from botocore.exceptions import ClientError

    s3 = connection.client("s3")
    prefix = connection.environment.data_uri(target.stack, target.workload, "input")
    bucket, key = _place(f"{prefix}{uuid.uuid4()}")
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
        queued = connection.client("sagemaker-runtime").invoke_endpoint_async(
            EndpointName=target.name,
            InputLocation=f"s3://{bucket}/{key}",
            ContentType=content_type,
            Accept=accept,
        )
        output, failure = queued["OutputLocation"], queued.get("FailureLocation")
        for _ in _polls(clock() + patience_seconds, clock, sleep):
            found = _read(output, s3)
            if found is not None:
                return found
            failed = _read(failure, s3) if failure else None
            if failed is not None:
                words = failed[0].decode(errors="replace").strip()
                raise InvocationFailed(f"Endpoint {target.name} failed: {words}")
    except ClientError as error:
        raise InvocationFailed(
            f"Endpoint {target.name} was not asked, or its answer not read: {error.response['Error']['Message']}"
        ) from None
    raise InvocationFailed(
        f"Endpoint {target.name} has not answered within {patience_seconds / 60:.0f} minutes; its answer will be at "
        f"{output}. Look at its state: modelyard status --env {connection.environment.name}"
    )


def _polls(deadline: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> Iterator[None]:
    pause = _FIRST_POLL_SECONDS
    while clock() < deadline:
        yield
        sleep(pause)
        pause = min(pause * _GROWTH, _LONGEST_POLL_SECONDS)


def _read(uri: str, s3: Any) -> tuple[bytes, str] | None:
    from botocore.exceptions import ClientError

    bucket, key = _place(uri)
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return None
        raise
    return answer["Body"].read(), answer["ContentType"]


def _place(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return parts.netloc, parts.path.removeprefix("/")
