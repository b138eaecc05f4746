"""What an error says of a request: whether it ran, and so whether it may be sent again."""

import enum
from collections.abc import Mapping
from typing import Any


class NotYet(Exception):
    """What takes the request is not there yet, by what AWS says of it."""


class Broken(Exception):
    """The model ran, and said that it failed."""


class Fate(enum.Enum):
    """What became of a request that was not answered; the value is how it is told."""

    NOT_RUN = "was not run"
    """Worth another try: it was turned away at the door, for now."""
    REFUSED = "was refused"
    """Not run, and not run the next time either: a wrong name, no right, a body that is too large."""
    MAY_HAVE_RUN = "may have run"
    """It was sent, and nobody knows."""
    FAILED = "ran and failed"
    """The model said so: 5xx, or an exception of the function."""
    ANSWERED = "was answered with an error"
    """The model found fault with the request: 4xx."""


_CODES: Mapping[str, Fate] = {
    # SageMaker loads a model of several when it is asked for, and answers this until it has it.
    "ModelNotReadyException": Fate.NOT_RUN,
    # Lambda is making the function, or wakes it after weeks without a call.
    "ResourceConflictException": Fate.NOT_RUN,
    "ResourceNotReadyException": Fate.NOT_RUN,
    "SnapStartNotReadyException": Fate.NOT_RUN,
    "EC2ThrottledException": Fate.NOT_RUN,
    **dict.fromkeys(
        (
            "LimitExceededException",
            "RequestLimitExceeded",
            "SlowDown",
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "TooManyRequestsException",
        ),
        Fate.NOT_RUN,
    ),
    # 5xx of the service itself: nobody says whether the model was reached before it.
    "InternalDependencyException": Fate.MAY_HAVE_RUN,
    "ModelStreamError": Fate.MAY_HAVE_RUN,
    "InternalStreamFailure": Fate.MAY_HAVE_RUN,
}

_TOO_MANY, _SERVER = 429, 500


def fate_of(error: Exception) -> Fate:
    """What `error`, of botocore or of ours, says of the request. Raises `error` itself where it says nothing of one."""
    from botocore import exceptions as aws

    if isinstance(error, NotYet):
        return Fate.NOT_RUN
    if isinstance(error, Broken):
        return Fate.FAILED
    if isinstance(error, aws.ClientError):
        return _told(error.response)
    # Nothing had been sent: the connection was refused, or never made.
    if isinstance(error, (aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ProxyConnectionError)):
        return Fate.NOT_RUN
    if isinstance(error, (aws.HTTPClientError, aws.IncompleteReadError)):
        # A read timeout, a reset, half an answer: all of them after the first byte was on its way.
        return Fate.MAY_HAVE_RUN
    if isinstance(error, aws.BotoCoreError):
        return Fate.REFUSED  # such as no credentials, or a parameter that cannot be
    raise error


def _told(response: Mapping[str, Any]) -> Fate:
    code = response.get("Error", {}).get("Code", "")
    if code == "ModelError":
        status = response.get("OriginalStatusCode", 0)
        # 0 is no status: the container did not answer in time.
        return Fate.ANSWERED if 400 <= status < _SERVER else Fate.FAILED
    if code in _CODES:
        return _CODES[code]
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == _TOO_MANY:
        return Fate.NOT_RUN
    return Fate.MAY_HAVE_RUN if status >= _SERVER else Fate.REFUSED


def reason_of(error: Exception) -> str:
    """Why, in the words of the model, else of AWS, else of botocore."""
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return str(error)
    told = error.response.get("Error", {})
    words = error.response.get("OriginalMessage") or told.get("Message") or told.get("message")
    return str(words or told.get("Code") or error)
