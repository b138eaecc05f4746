"""What a request or a handler can do wrong, with the HTTP status that says so.

Fault                         500
|-- BadRequest                400  the body, or what it holds
|-- NotAcceptable             406  no answer in a type that `Accept` allows
|-- UnsupportedMediaType      415  no codec for the body's type
`-- HandlerFault              500  the handler raised
"""


class Fault(Exception):
    """A request that gets no prediction; `status` is its HTTP status, the message is one line."""

    status = 500


class BadRequest(Fault):
    """The body cannot be read, or the handler refused what it holds."""

    status = 400


class NotAcceptable(Fault):
    """The answer cannot be given in a type that `Accept` allows."""

    status = 406


class UnsupportedMediaType(Fault):
    """No codec reads the body's type."""

    status = 415


class HandlerFault(Fault):
    """The handler raised something that is not the request's fault; the cause is chained."""


class InvalidHandler(Exception):
    """The handler's file is missing, or lacks what a handler needs."""


def one_line(error: BaseException, limit: int = 500) -> str:
    """The error's text as one line of at most `limit` characters; its type where it has no text."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else text[: limit - 3] + "..."
