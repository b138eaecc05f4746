"""A body that stops coming does not hold the host."""

import asyncio

import pytest
from starlette.requests import Request

from model_packaging.hosts.exchange import Refusal, TooSlow, body_of, failure
from model_packaging.hosts.journal import Journal
from model_packaging.hosts.settings import Settings

SCOPE = {"type": "http", "method": "POST", "path": "/invocations", "headers": []}


def request(*pieces, still=False):
    """A request whose body comes in `pieces`; `still` after them nothing comes any more."""
    left = list(pieces)

    async def receive():
        if still and not left:
            await asyncio.Event().wait()
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or still}

    return Request(SCOPE, receive)


def test_a_body_that_stands_still_is_given_up():
    with pytest.raises(
        TooSlow, match=r"Nothing of the body came for 0\.05 seconds, after 4 bytes; send it again\."
    ):
        asyncio.run(body_of(request(b"half", still=True), 100, 0.05))


def test_a_body_that_never_begins_is_given_up():
    with pytest.raises(TooSlow, match="after 0 bytes"):
        asyncio.run(body_of(request(still=True), 100, 0.05))


def test_a_slow_body_that_goes_on_is_taken_however_long_it_takes():
    assert asyncio.run(body_of(request(*[b"ab"] * 8), 100, 0.2)) == b"ab" * 8


def test_the_answer_ends_the_connection_for_the_rest_may_still_come():
    async def answered():
        answer, sent = failure(request(still=True), Journal(Settings()), TooSlow.status, "Nothing came."), []

        async def send(message):
            sent.append(message)

        async def receive():
            return {"type": "http.disconnect"}

        await answer({**SCOPE}, receive, send)
        return answer, sent

    answer, sent = asyncio.run(answered())
    assert isinstance(answer, Refusal) and sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
