"""One request to one kind of endpoint, over boto3, and its whole answer."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from infra.connection import Connection
from infra.errors import Misuse
from infra.ledger import Deployed
from infra.naming import ALIAS
from infra.operations import endpoints
from infra.operations.attempts import Patience, until_answered
from infra.operations.fates import Broken, NotYet
from infra.operations.request import JSON, Answer, Request


def endpoint(target: Deployed, request: Request, connection: Connection, patience: Patience) -> Answer:
    """An endpoint that answers at once."""
    runtime = connection.once("sagemaker-runtime")

    def send() -> tuple[bytes, str]:
        with coming(target.name, connection):
            answer = runtime.invoke_endpoint(**asked_of(target, request))
        return answer["Body"].read(), answer["ContentType"]

    (body, content_type), attempts = until_answered(f"Endpoint {target.name}", send, patience)
    return Answer(body, content_type, attempts)


def asked_of(target: Deployed, request: Request) -> dict[str, Any]:
    """The request as SageMaker's client takes it."""
    model = (
        {} if request.model is None else {"TargetModel": f"{request.model.removesuffix('.tar.gz')}.tar.gz"}
    )
    return {
        "EndpointName": target.name,
        "Body": request.body,
        "ContentType": request.content_type,
        "Accept": request.accept,
        **model,
    }


@contextlib.contextmanager
def coming(name: str, connection: Connection) -> Iterator[None]:
    """Tells an endpoint that is still being made from one that is not there: SageMaker calls both 'not found'."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            with contextlib.suppress(ClientError):  # a caller needs no right to look
                found = endpoints.describe(name, connection.client("sagemaker"))
                if found is not None and found["EndpointStatus"] in endpoints.UNDER_WAY:
                    raise NotYet(f"the endpoint is {found['EndpointStatus']}.") from error
        raise


def function(target: Deployed, request: Request, connection: Connection, patience: Patience) -> Answer:
    """A function, by its alias."""
    require_json(request)
    client = connection.once("lambda")

    def send() -> bytes:
        answer = client.invoke(FunctionName=target.name, Qualifier=ALIAS, Payload=request.body)
        payload: bytes = answer["Payload"].read()
        if "FunctionError" in answer:
            raise Broken(_words(payload))
        return payload

    body, attempts = until_answered(f"Function {target.name}", send, patience)
    return Answer(body, JSON, attempts)


def _words(payload: bytes) -> str:
    """What a function says of its failure: type and message, without the stack trace, which its log has."""
    text = payload.decode(errors="replace")
    try:
        told = json.loads(text)
        return f"{told['errorType']}: {told['errorMessage']}"
    except (ValueError, KeyError, TypeError):
        return text


def require_json(request: Request) -> None:
    """Raise `Misuse` for what a function cannot take as its event."""
    if request.content_type != JSON:
        raise Misuse(
            f"A function takes {JSON} when it is invoked directly, not {request.content_type}; send JSON."
        )
