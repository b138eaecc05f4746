"""Batches through a handler: one outcome for each, and what is wrong with one leaves the others alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.hosts.backlog import Job
from model_packaging.hosts.engine import answers
from model_packaging.hosts.faults import BadRequest, Fault, HandlerFault, NotAcceptable
from model_packaging.hosts.handler import Handler

calls, said = [], []


def predict_fn(data, model):
    calls.append([data])
    if data == "exit":
        raise SystemExit(3)
    if data == "refuse":
        raise ValueError("not this")
    if data == "break":
        raise KeyError("k")
    return object() if data == "object" else {"got": data}


def predict_batch_fn(items, model):
    calls.append(list(items))
    if bad := {"refuse", "break"} & {item for item in items if isinstance(item, str)}:
        raise ValueError(f"one of them is {bad}")
    if "short" in items:
        return [1]
    return [predict_fn(item, model) for item in items]


HANDLER = Handler(model=None, predict_fn=predict_fn, predict_batch_fn=predict_batch_fn)


def outcomes(*bodies, handler=HANDLER, accept=None):
    calls.clear()
    said.clear()
    made = answers(
        handler, [Job(body, "application/json", accept, future=None) for body in bodies], said.append
    )
    return [one if isinstance(one, Fault) else json.loads(one[0]) for one in made]


def test_a_batch_is_one_call_and_one_request_is_predict_fn():
    assert outcomes(b"1", b"2", b"3") == [{"got": 1}, {"got": 2}, {"got": 3}]
    assert calls[0] == [1, 2, 3]
    assert outcomes(b"1") == [{"got": 1}] and calls == [[1]]


def test_what_cannot_be_read_does_not_reach_the_batch():
    first, second, third, fourth = outcomes(b"1", b"{", b"NaN", b"4")
    assert (first, fourth) == ({"got": 1}, {"got": 4}) and calls[0] == [1, 4]
    assert isinstance(second, BadRequest) and isinstance(third, BadRequest)


@pytest.mark.parametrize(
    "bad, fault, told", [("refuse", BadRequest, "not this"), ("break", HandlerFault, "KeyError")]
)
def test_only_the_guilty_one_fails(bad, fault, told):
    first, second, third = outcomes(b"1", json.dumps(bad).encode(), b"3")
    assert (first, third) == ({"got": 1}, {"got": 3})
    assert type(second) is fault and told in str(second)
    assert said == [f"predict_batch_fn: one of them is {{'{bad}'}} The 3 items are predicted one by one."]


def test_too_few_predictions_are_none():
    assert outcomes(b'"short"', b"2") == [{"got": "short"}, {"got": 2}]
    assert calls == [["short", 2], ["short"], [2]]


def test_what_the_codec_cannot_write_is_one_requests_fault():
    first, second = outcomes(b"1", b'"object"')
    assert first == {"got": 1} and isinstance(second, HandlerFault) and "no JSON form" in str(second)


def test_an_accept_that_cannot_be_is_one_requests_fault():
    (only,) = outcomes(b"1", accept="image/png")
    assert isinstance(only, NotAcceptable)


def test_a_handler_that_ends_the_process_ends_its_request():
    (only,) = outcomes(b'"exit"')
    assert isinstance(only, HandlerFault) and "SystemExit: 3" in str(only)
    assert all(isinstance(one, HandlerFault) for one in outcomes(b'"exit"', b"1"))


@given(
    st.lists(
        st.sampled_from([b"1", b'"a"', b"{", b'"refuse"', b'"break"', b'"short"', b'"object"', b""]),
        max_size=8,
    )
)
def test_a_batch_says_what_each_would_have_got_alone(bodies):
    def plain(outcome):
        return (type(outcome), str(outcome)) if isinstance(outcome, Fault) else outcome

    alone = [plain(outcomes(body)[0]) for body in bodies]
    assert [plain(one) for one in outcomes(*bodies)] == alone
