"""An answer in parts, as they come: from an endpoint, or from a function's URL that streams."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from infra.connection import Connection
from infra.errors import Misuse, Unanswered
from infra.ledger import Deployed
from infra.naming import ALIAS
from infra.operations.attempts import Attempt, Patience, until_answered
from infra.operations.fates import Broken, NotYet, reason_of
from infra.operations.request import Request
from infra.operations.senders import asked_of, coming, require_json

EVENTS = "text/event-stream"
"""What our host streams for; what comes is what `stream_fn` yields."""

_NOT_ACCEPTABLE, _TOO_MANY, _SERVER_ERROR = 406, 429, 500
_CHUNK_BYTES = 8192


@dataclass(frozen=True)
class Stream:
    """An answer that has begun. `parts` can be read once; it raises `Unanswered` where the answer breaks off."""

    content_type: str
    attempts: tuple[Attempt, ...]
    parts: Iterator[bytes]


def stream(target: Deployed, request: Request, connection: Connection, patience: Patience) -> Stream:
    """The answer of `target` as it is made; sent again only before it has begun. Raises `InvocationFailed`."""
    if target.kind not in STREAMERS:
        raise Misuse(
            f"{target.name} is {target.a_kind}, and AWS streams from none; leave --stream out. "
            f"What streams: {', '.join(STREAMERS)}."
        )
    return STREAMERS[target.kind](target, request, connection, patience)


def _endpoint(target: Deployed, request: Request, connection: Connection, patience: Patience) -> Stream:
    runtime = connection.once("sagemaker-runtime")

    def send() -> Any:
        with _streaming(target.name), coming(target.name, connection):
            return runtime.invoke_endpoint_with_response_stream(**asked_of(target, request))

    answer, attempts = until_answered(f"Endpoint {target.name}", send, patience)
    parts = (event["PayloadPart"]["Bytes"] for event in answer["Body"] if "PayloadPart" in event)
    return Stream(answer["ContentType"], attempts, _whole(f"Endpoint {target.name}", parts))


@contextlib.contextmanager
def _streaming(name: str) -> Iterator[None]:
    """Says what to do of a model that does not stream: its 406 lists types, and nobody named one."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response.get("OriginalStatusCode") == _NOT_ACCEPTABLE:
            raise Misuse(
                f"{name}: the model has no stream_fn; leave --stream out, or write one: stream_fn(data, model) yields "
                "the answer's parts. (AWS's own image does not stream: see README, 'What you write'.)"
            ) from error
        raise


def _function(target: Deployed, request: Request, connection: Connection, patience: Patience) -> Stream:
    require_json(request)
    url = _url(target, connection)
    whom = f"Function {target.name}"

    def send() -> Any:
        answer = _post(url, request, connection)
        status = answer.status_code
        if status == _TOO_MANY:
            raise NotYet("Rate exceeded.")
        if status >= _SERVER_ERROR:
            raise Broken(answer.content.decode(errors="replace"))
        if status != 200:
            raise Misuse(f"{whom} answered {status}: {answer.content.decode(errors='replace')}")
        return answer

    answer, attempts = until_answered(whom, send, patience)
    parts = answer.raw.stream(_CHUNK_BYTES)
    return Stream(answer.headers.get("content-type", ""), attempts, _whole(whom, parts))


def _url(target: Deployed, connection: Connection) -> str:
    from botocore.exceptions import ClientError

    try:
        found = connection.client("lambda").get_function_url_config(FunctionName=target.name, Qualifier=ALIAS)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        found = {}
    if found.get("InvokeMode") != "RESPONSE_STREAM":
        raise Misuse(
            f"{target.name} has no URL that streams; write url=FunctionUrl(streaming=True) and deploy it, or leave "
            "--stream out."
        )
    return str(found["FunctionUrl"])


def _post(url: str, request: Request, connection: Connection) -> Any:
    """A signed request to a function's URL: boto3 has no method for it, as it is no operation of Lambda's."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    environment = connection.environment
    headers = {
        "Host": urlsplit(url).netloc,
        "Content-Type": request.content_type,
        "Accept": request.accept,
    }
    # The embedded AWS has no names in DNS, and tells its functions apart by the host's name.
    where = connection.variables["AWS_ENDPOINT_URL"] if environment.embedded_aws else url
    made = AWSRequest("POST", where, headers=headers, data=request.body, stream_output=True)
    SigV4Auth(connection.credentials, "lambda", environment.region).add_auth(made)
    return URLLib3Session(timeout=910).send(made.prepare())


def _whole(whom: str, parts: Iterator[bytes]) -> Iterator[bytes]:
    """The parts; where they end before the answer does, that is told, and never taken for its end."""
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        yield from parts
    except (BotoCoreError, ClientError, HTTPError) as error:
        raise Unanswered(
            f"{whom} broke off in the middle of its answer: {reason_of(error)} It ran, so the request is not repeated."
        ) from error


STREAMERS: Mapping[str, Callable[[Deployed, Request, Connection, Patience], Stream]] = {
    "RealtimeEndpoint": _endpoint,
    "MultiModelEndpoint": _endpoint,
    "LambdaEndpoint": _function,
}
"""What AWS streams from; a serverless or asynchronous endpoint it does not."""
