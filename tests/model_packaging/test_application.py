"""The ASGI application in this process: what waits, what is refused, what is counted; mounted, and over several loops."""

import asyncio
import contextlib
import json
import threading

import pytest
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.routing import Mount

from model_packaging.hosts.application import Application
from model_packaging.hosts.handler import Handler
from model_packaging.hosts.settings import Settings


class Gate:
    """A handler that waits until it is opened, and knows what it was asked."""

    def __init__(self):
        self.opened, self.entered, self.asked = threading.Event(), threading.Event(), []

    def predict(self, data, model):
        return self.predict_batch([data], model)[0]

    def predict_batch(self, items, model):
        self.asked.append(items)
        self.entered.set()
        assert self.opened.wait(20)
        return items


async def call(app, body=b"1", path="/invocations", method="POST", gone=None, **headers):
    """Status, headers and body of one request; `gone` is an event after which its caller is."""
    sent, left = [], [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        if left:
            return left.pop()
        await (gone.wait() if gone else asyncio.Event().wait())
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": named,
    }
    await app(scope, receive, send)
    if not sent:
        return None
    back = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], back, b"".join(message.get("body", b"") for message in sent[1:])


@contextlib.contextmanager
def served(handler, **settings):
    app = Application(handler, Settings(**settings))
    try:
        yield app
    finally:
        app.close()


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.opened.set()


def batched(gate):
    return Handler(model=None, predict_fn=gate.predict, predict_batch_fn=gate.predict_batch)


async def until(happened):
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.001)


def test_what_queued_up_while_the_model_was_busy_is_one_batch(gate):
    async def run(app):
        first = asyncio.ensure_future(call(app, b"0"))
        await until(gate.entered.is_set)
        others = [asyncio.ensure_future(call(app, b"%d" % number)) for number in range(1, 6)]
        await until(lambda: b"queue_depth 5.0" in app._metrics.page())
        gate.opened.set()
        return await asyncio.gather(first, *others)

    with served(batched(gate)) as app:
        assert [answer for _, _, answer in asyncio.run(run(app))] == [b"%d" % number for number in range(6)]
    assert gate.asked == [[0], [1, 2, 3, 4, 5]]


def test_a_full_queue_refuses_at_once_and_says_when_to_come_again(gate, capfd):
    async def run(app):
        let_in = [asyncio.ensure_future(call(app))]
        await until(gate.entered.is_set)
        let_in += [asyncio.ensure_future(call(app)) for _ in range(2)]
        await until(lambda: b"queue_depth 2.0" in app._metrics.page())
        refused = await call(app, b"1", x_amzn_requestid="request-4")
        gate.opened.set()
        return refused, await asyncio.gather(*let_in)

    with served(batched(gate), queue_size=2) as app:
        (status, headers, answer), let_in = asyncio.run(run(app))
        page = app._metrics.page().decode()
    assert (status, headers["retry-after"]) == (503, "1")
    assert json.loads(answer) == {
        "error": "2 requests wait already; try again later.",
        "request_id": "request-4",
    }
    assert [one[0] for one in let_in] == [200] * 3
    assert (
        'modelyard_requests_total{status="503"} 1.0' in page
        and 'modelyard_requests_total{status="200"} 3.0' in page
    )
    assert "modelyard_batch_size_sum 3.0" in page and "modelyard_request_seconds_count 3.0" in page
    logged = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [(one["level"], one["status"]) for one in logged] == [("warning", 503)] + [("info", 200)] * 3
    assert all(one["queue_ms"] >= 0 and one["model_ms"] >= 0 and one["batch_size"] for one in logged[1:])


def test_who_went_away_while_waiting_is_not_computed(gate):
    async def run(app):
        first = asyncio.ensure_future(call(app, b'"first"'))
        await until(gate.entered.is_set)
        gone = asyncio.Event()
        second = asyncio.ensure_future(call(app, b'"second"', gone=gone))
        third = asyncio.ensure_future(call(app, b'"third"'))
        await until(lambda: b"queue_depth 2.0" in app._metrics.page())
        gone.set()
        assert await second is None
        gate.opened.set()
        await asyncio.gather(first, third)

    with served(batched(gate)) as app:
        asyncio.run(run(app))
    assert gate.asked == [["first"], ["third"]]


def test_who_is_not_answered_before_the_host_ends_is_told_so(gate):
    async def run(app):
        waiting = asyncio.ensure_future(call(app))
        await until(gate.entered.is_set)
        waiting.cancel()
        return await waiting

    with served(batched(gate)) as app:
        status, headers, answer = asyncio.run(run(app))
    assert (status, headers["retry-after"]) == (503, "1")
    assert json.loads(answer)["error"] == "The host ends before the answer; try again."


def test_pings_and_metrics_are_answered_while_the_model_is_busy(gate):
    async def run(app):
        first = asyncio.ensure_future(call(app))
        await until(gate.entered.is_set)
        ping = await call(app, path="/ping", method="GET")
        _, headers, page = await call(app, path="/metrics", method="GET")
        gate.opened.set()
        await first
        return ping, headers, page

    with served(batched(gate)) as app:
        ping, headers, page = asyncio.run(run(app))
    assert (ping[0], ping[2]) == (200, b"")
    assert headers["content-type"].startswith("text/plain") and b"modelyard_in_flight 1.0" in page


@pytest.mark.parametrize(
    "settings, is_batched, transforms, payload_mb",
    [
        ({}, False, 2, 6),  # one at a time: one at work, one that waits
        ({"max_batch_size": 4}, True, 8, 6),
        ({"max_batch_size": 64}, True, 16, 6),  # no more than 100 MB together
        ({"max_batch_size": 64, "queue_size": 5}, True, 5, 6),
        ({"body_limit_bytes": 1_073_741_824}, False, 1, 100),
        ({"body_limit_bytes": 1000}, False, 2, 1),
    ],
)
def test_a_transform_job_is_told_how_to_ask(gate, settings, is_batched, transforms, payload_mb):
    handler = batched(gate) if is_batched else Handler(model=None, predict_fn=gate.predict)
    with served(handler, **settings) as app:
        status, headers, answer = asyncio.run(call(app, path="/execution-parameters", method="GET"))
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(answer) == {
        "MaxConcurrentTransforms": transforms,
        "BatchStrategy": "SINGLE_RECORD",
        "MaxPayloadInMB": payload_mb,
    }


def test_safe_handlers_run_in_several_threads():
    together = threading.Barrier(2, timeout=20)
    handler = Handler(model=None, predict_fn=lambda data, model: together.wait(), thread_safe=True)

    async def run(app):
        return await asyncio.gather(call(app), call(app))

    with served(handler, threads=2) as app:
        assert [one[0] for one in asyncio.run(run(app))] == [200, 200]


def test_others_run_in_one_thread_always():
    threads = []
    handler = Handler(model=None, predict_fn=lambda data, model: threads.append(threading.get_ident()))

    async def run(app):
        await asyncio.gather(*(call(app) for _ in range(20)))

    with served(handler, threads=2) as app:
        asyncio.run(run(app))
        asyncio.run(run(app))  # in another loop
    assert len(threads) == 40 and len(set(threads)) == 1


class Input(BaseModel):
    text: str


class Output(BaseModel):
    length: int


def test_input_and_output_are_models():
    handler = Handler(
        model=None,
        predict_fn=lambda data, model: Output(length=len(data.text)),
        input_model=Input,
        output_model=Output,
    )
    with served(handler) as app:
        assert asyncio.run(call(app, b'{"text": "four"}'))[2] == b'{"length": 4}'
        status, _, answer = asyncio.run(call(app, b'{"txt": 1}'))
    assert (status, json.loads(answer)["error"]) == (400, "text: Field required.")


def test_it_works_below_another_application_without_lifespan_events():
    handler = Handler(model=None, predict_fn=lambda data, model: data)
    with served(handler) as app:
        outer = Starlette(routes=[Mount("/model", app), Mount("/", app)])
        for prefix in ("/model", ""):
            assert asyncio.run(call(outer, path=f"{prefix}/invocations"))[0::2] == (200, b"1")
            assert asyncio.run(call(outer, path=f"{prefix}/ping", method="GET"))[0] == 200
            assert asyncio.run(call(outer, path=f"{prefix}/other"))[0] == 404


def test_a_stream_whose_caller_leaves_frees_the_thread():
    closed = threading.Event()

    def stream_fn(data, model):
        try:
            while True:
                yield "part"
        finally:
            closed.set()

    handler = Handler(model=None, predict_fn=lambda data, model: data, stream_fn=stream_fn)

    async def run(app):
        gone = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, gone.set)
        await call(app, gone=gone, accept="text/event-stream")
        return await call(app)

    with served(handler) as app:
        assert asyncio.run(run(app))[0] == 200
    assert closed.is_set()


def test_a_stream_that_fails_is_broken_off(capfd):
    def stream_fn(data, model):
        yield "part"
        raise RuntimeError("no more")

    handler = Handler(model=None, predict_fn=lambda data, model: data, stream_fn=stream_fn)
    with served(handler) as app, pytest.raises(BaseException) as caught:
        asyncio.run(call(app, accept="text/event-stream"))
    assert "no more" in repr(caught.value)
    assert '"message": "stream_fn raised RuntimeError: no more"' in capfd.readouterr().err
