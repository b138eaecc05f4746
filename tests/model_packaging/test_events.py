"""What a function answers to each kind of event."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.hosts.events import answer
from model_packaging.hosts.faults import BadRequest, HandlerFault
from model_packaging.hosts.handler import Handler

ECHO = Handler(model=None, predict_fn=lambda data, model: {"got": data})


def url_event(body, method="POST", encoded=False, **headers):
    """A function URL's or an HTTP API's event (payload 2.0)."""
    return {
        "version": "2.0",
        "rawPath": "/",
        "headers": {"content-type": "application/json", **headers},
        "requestContext": {"http": {"method": method, "path": "/"}},
        "body": body,
        "isBase64Encoded": encoded,
    }


def rest_event(body):
    """A REST API's event (payload 1.0)."""
    return {
        "httpMethod": "POST",
        "path": "/",
        "headers": {"Content-Type": "application/json"},
        "requestContext": {"stage": "prod"},
        "body": body,
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    "event", [{"text": "a"}, {"texts": ["a", "b"]}, [1, 2], "text", None, {"body": "x"}, {}]
)
def test_a_direct_event_is_the_input(event):
    assert answer(ECHO, event, "r") == {"got": event}


@pytest.mark.parametrize("event", [url_event("[1]"), url_event("WzFd", encoded=True), rest_event("[1]")])
def test_an_http_event_is_answered_over_http(event):
    assert answer(ECHO, event, "r") == {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": '{"got": [1]}',
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    "event, status, told",
    [
        (url_event("{"), 400, "not JSON"),
        (url_event(None), 400, "body is empty"),
        (url_event("%%", encoded=True), 400, "marked as base64 and is not"),
        (url_event("\ud800"), 400, "not UTF-8"),
        (url_event("1", **{"content-type": "image/png"}), 415, "image/png is not supported"),
        (url_event("1", accept="image/png"), 406, "image/png cannot be given"),
        (url_event("", method="GET"), 405, "GET is not served; send POST"),
        ({"httpMethod": "POST", "requestContext": {}, "headers": None, "body": None}, 400, "body is empty"),
        (url_event([1], encoded=True), 400, "body is an array; send text"),
        (url_event([]), 400, "body is an array; send text"),
        (url_event({"a": 1}), 400, "body is an object; send text"),
        (url_event(0), 400, "body is a number; send text"),
        (url_event("é", encoded=True), 400, "marked as base64 and is not"),
        ({**url_event("1"), "headers": [1]}, 400, "headers are an array; send an object"),
        ({**url_event("1"), "headers": "a: b"}, 400, "headers are text; send an object"),
    ],
)
def test_a_fault_over_http_is_its_status_with_the_request_id(event, status, told):
    response = answer(ECHO, event, "request-7")
    said = json.loads(response["body"])
    assert response["statusCode"] == status
    assert told in said["error"] and said["request_id"] == "request-7"


def test_bytes_over_http_go_as_base64():
    image = Handler(None, lambda data, model: b"\x00\xff", output_fn=lambda p, accept: (p, "image/png"))
    response = answer(image, url_event("1"), "r")
    assert base64.b64decode(response["body"]) == b"\x00\xff" and response["isBase64Encoded"] is True
    assert answer(image, {"direct": 1}, "r") == response


def test_text_in_another_charset_goes_as_base64_too():
    latin = Handler(
        None, lambda data, model: data, output_fn=lambda p, a: (b"\xe9", "text/plain; charset=latin-1")
    )
    response = answer(latin, url_event("1"), "r")
    assert (base64.b64decode(response["body"]), response["isBase64Encoded"]) == (b"\xe9", True)


def test_an_answer_that_is_not_the_json_that_it_says_is_the_handlers_fault():
    with pytest.raises(HandlerFault, match=r"said to be application/json\. The body is not JSON"):
        answer(Handler(None, lambda data, model: "{", output_fn=lambda p, accept: p), {"direct": 1}, "r")


@pytest.mark.parametrize(
    "event, told",
    [({"x": float("nan")}, "NaN or infinity"), ([float("inf")], "NaN or infinity")],
)
def test_a_direct_event_that_is_no_json_is_raised(event, told):
    with pytest.raises(BadRequest, match=told):
        answer(ECHO, event, "r")


def test_a_direct_event_that_is_nested_too_deeply_is_raised():
    event = []
    for _ in range(100_000):
        event = [event]
    with pytest.raises(BadRequest, match="nested too deeply"):
        answer(ECHO, event, "r")


def test_what_the_handler_raises_fails_the_invocation():
    def broken(data, model):
        raise OSError("no disk")

    with pytest.raises(HandlerFault, match="predict_fn raised OSError: no disk"):
        answer(Handler(None, broken), {}, "r")


@pytest.mark.parametrize(
    "path, method, status",
    [
        ("/ping", "GET", 200),
        ("/prod/ping", "HEAD", 200),
        ("/", "GET", 405),
        ("/", "HEAD", 405),
        ("/a", "OPTIONS", 204),
    ],
)
def test_a_request_without_input_has_an_answer_of_its_own(path, method, status):
    event = {**url_event(None, method=method), "rawPath": path}
    response = answer(ECHO, event, "r")
    assert response["statusCode"] == status
    if status == 405 and method != "HEAD":
        assert "GET is not served" in response["body"]
    else:
        assert response["body"] == ""
    assert response["headers"].get("allow") == (None if status == 200 else "OPTIONS, POST")


def test_a_load_balancer_that_sends_lists_is_given_lists():
    event = {
        "requestContext": {"elb": {}},
        "httpMethod": "POST",
        "path": "/",
        "multiValueHeaders": {"Content-Type": ["image/png"], "accept": ["text/html", "application/json"]},
        "body": "1",
    }
    refused = answer(ECHO, event, "r")
    assert refused["statusCode"] == 415 and "headers" not in refused
    assert refused["multiValueHeaders"] == {"content-type": ["application/json"]}
    event["multiValueHeaders"]["Content-Type"] = ["application/json"]
    assert answer(ECHO, event, "r")["body"] == '{"got": 1}'


def test_an_answer_that_lambda_would_not_send_is_told():
    long = Handler(None, lambda data, model: "a" * data)
    assert answer(long, url_event("6000000"), "r")["statusCode"] == 200
    response = answer(long, url_event("6300000"), "r")
    assert response["statusCode"] == 500
    assert "Lambda sends at most 6291556" in json.loads(response["body"])["error"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
EVENTS = st.fixed_dictionaries(
    {
        "requestContext": st.just({"elb": {}})
        | st.builds(lambda method: {"http": {"method": method}}, JSON_VALUES),
        "httpMethod": st.sampled_from(["POST", "GET", "HEAD", "OPTIONS", "BREW"]),
    },
    optional={
        name: JSON_VALUES
        for name in ("headers", "multiValueHeaders", "body", "isBase64Encoded", "path", "rawPath", "cookies")
    },
)


@given(event=EVENTS)
def test_whatever_an_http_event_holds_it_has_an_answer_over_http(event):
    response = answer(ECHO, event, "r")
    assert isinstance(response["statusCode"], int) and isinstance(response["body"], str)
    assert ("headers" in response) is not ("multiValueHeaders" in response)
    assert json.loads(json.dumps(response)) == response
