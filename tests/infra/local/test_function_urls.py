"""Requests to function URLs, by their host name."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

CODE = """
import json

def handler(event, context):
    if event["rawPath"] == "/plain":
        return {"plain": True}
    if event["rawPath"] == "/fail":
        raise ValueError("no")
    if event["rawPath"] == "/given":
        return json.loads(event["body"])
    headers = {"Content-Type": "text/x-event", "X-Extra": "1"}
    return {"statusCode": 201, "headers": headers, "body": json.dumps(event)}
"""
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/lambda/aws4_request, ..."}


@pytest.fixture(scope="module")
def url(make_function, functions) -> dict:
    name = make_function(CODE, Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return functions.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="AWS_IAM")


@pytest.fixture
def send(running):
    """Sends a request to the embedded AWS, for the host of a URL."""

    def call(url: str, path: str = "/", body: bytes = b"", **headers: str) -> tuple[int, bytes, dict]:
        address = urlsplit(running.endpoint_url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        connection.request("POST", path, body, {"Host": urlsplit(url).netloc, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read(), {key.lower(): value for key, value in answer.getheaders()}

    return call


def test_the_configuration_is_that_of_the_alias(url, functions):
    name = url["FunctionArn"].split(":")[-2]
    assert url["FunctionArn"].endswith(":live")
    assert url["FunctionUrl"].endswith(".lambda-url.us-east-1.on.aws/")
    found = functions.get_function_url_config(FunctionName=name, Qualifier="live")
    assert (found["FunctionUrl"], found["AuthType"], found["InvokeMode"]) == (
        url["FunctionUrl"],
        "AWS_IAM",
        "BUFFERED",
    )
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function_url_config(FunctionName=name)


def test_without_a_signature_it_is_forbidden(url, send):
    status, body, _ = send(url["FunctionUrl"])
    assert (status, json.loads(body)) == (403, {"Message": "Forbidden"})


def test_the_event_is_of_format_two(url, send):
    headers = {**SIGNED, "Content-Type": "application/json", "Cookie": "a=1; b=2"}
    status, body, answered = send(url["FunctionUrl"], "/some/path?x=1&x=2&y=", b'{"q": 1}', **headers)
    assert (status, answered["content-type"], answered["x-extra"]) == (201, "text/x-event", "1")
    event = json.loads(body)
    assert event["version"] == "2.0"
    assert (event["rawPath"], event["rawQueryString"]) == ("/some/path", "x=1&x=2&y=")
    assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["cookies"] == ["a=1", "b=2"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"q": 1}', False)
    context = event["requestContext"]
    assert context["http"]["method"] == "POST"
    assert context["domainName"] == urlsplit(url["FunctionUrl"]).netloc


def test_other_bodies_come_in_base64(url, send):
    headers = {**SIGNED, "Content-Type": "application/octet-stream"}
    event = json.loads(send(url["FunctionUrl"], "/", b"\xff\x00", **headers)[1])
    assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)


def test_a_result_without_a_status_is_the_body(url, send):
    status, body, answered = send(url["FunctionUrl"], "/plain", **SIGNED)
    assert (status, json.loads(body), answered["content-type"]) == (200, {"plain": True}, "application/json")


def test_an_error_of_the_function_is_a_bad_gateway(url, send):
    status, body, _ = send(url["FunctionUrl"], "/fail", **SIGNED)
    assert (status, body) == (502, b"Internal Server Error")


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "abc"},
        {"statusCode": 99},
        {"statusCode": 1e400},
        {"statusCode": 200, "headers": "x"},
        {"statusCode": 200, "headers": {"X-A": "b\r\n\r\n<html>"}},
        {"statusCode": 200, "headers": {"X-A": "\u20ac"}},
        {"statusCode": 200, "headers": {"X A:": "b"}},
        {"statusCode": 200, "body": "abc", "isBase64Encoded": True},
    ],
    ids=str,
)
def test_a_response_that_is_none_is_a_bad_gateway(url, send, result):
    headers = {**SIGNED, "Content-Type": "application/json"}
    answer = send(url["FunctionUrl"], "/given", json.dumps(result).encode(), **headers)
    assert answer[:2] == (502, b"Internal Server Error")


def test_a_status_without_a_name(url, send):
    headers = {**SIGNED, "Content-Type": "application/json"}
    body = json.dumps({"statusCode": 299, "body": "x"}).encode()
    assert send(url["FunctionUrl"], "/given", body, **headers)[:2] == (299, b"x")


def test_a_url_that_does_not_exist(send):
    assert send("https://0123456789abcdef.lambda-url.us-east-1.on.aws/", **SIGNED)[0] == 404


def test_it_goes_with_its_alias(make_function, functions, send):
    name = make_function(CODE, Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    url = functions.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="AWS_IAM")
    assert send(url["FunctionUrl"], **SIGNED)[0] == 201
    functions.delete_alias(FunctionName=name, Name="live")
    assert send(url["FunctionUrl"], **SIGNED)[0] == 404


def test_a_url_without_authorization_needs_two_statements_for_anybody(make_function, functions, send):
    name = make_function(CODE, Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    url = functions.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="NONE")

    def allow(sid: str, action: str, **condition) -> None:
        functions.add_permission(
            FunctionName=name, Qualifier="live", StatementId=sid, Action=action, Principal="*", **condition
        )

    assert send(url["FunctionUrl"])[0] == 403
    allow("url", "lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE")
    assert send(url["FunctionUrl"])[0] == 403
    allow("function", "lambda:InvokeFunction", InvokedViaFunctionUrl=True)
    assert send(url["FunctionUrl"])[0] == 201
    functions.remove_permission(FunctionName=name, Qualifier="live", StatementId="url")
    assert send(url["FunctionUrl"])[0] == 403


def test_each_qualifier_has_a_policy_of_its_own(make_function, functions):
    name = make_function(CODE, Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    allowed = {"FunctionName": name, "StatementId": "one", "Action": "lambda:InvokeFunction"}
    functions.add_permission(
        **allowed, Qualifier="live", Principal="s3.amazonaws.com", SourceAccount="111122223333"
    )
    (statement,) = json.loads(functions.get_policy(FunctionName=name, Qualifier="live")["Policy"])[
        "Statement"
    ]
    assert statement["Resource"].endswith(f":function:{name}:live")
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceAccount": "111122223333"}}
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_policy(FunctionName=name)
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.remove_permission(FunctionName=name, StatementId="one")
    with pytest.raises(functions.exceptions.ResourceConflictException):
        functions.add_permission(**allowed, Qualifier="live", Principal="s3.amazonaws.com")


PAGE = "https://app.example.com"


@pytest.fixture(scope="module")
def for_pages(make_function, functions) -> str:
    name = make_function(CODE, Publish=True)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    rules = {
        "AllowOrigins": [PAGE],
        "AllowMethods": ["POST"],
        "AllowHeaders": ["content-type"],
        "MaxAge": 300,
    }
    return functions.create_function_url_config(
        FunctionName=name, Qualifier="live", AuthType="AWS_IAM", Cors=rules
    )["FunctionUrl"]


@pytest.fixture
def ask(running):
    """A browser's question before a call; gives the status and what it is allowed."""

    def call(url: str, origin: str) -> tuple[int, dict]:
        address = urlsplit(running.endpoint_url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
        given = {"Host": urlsplit(url).netloc, "Origin": origin, "Access-Control-Request-Method": "POST"}
        connection.request("OPTIONS", "/", headers=given)
        answer = connection.getresponse()
        allowed = {k: v for k, v in answer.getheaders() if k.lower().startswith("access-control-")}
        return answer.status, allowed

    return call


def test_a_browser_is_told_what_its_page_may_do_without_a_signature(for_pages, ask):
    assert ask(for_pages, PAGE) == (
        200,
        {
            "Access-Control-Allow-Origin": PAGE,
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "content-type",
            "Access-Control-Max-Age": "300",
        },
    )
    assert ask(for_pages, "https://evil.example.com") == (200, {})


def test_an_answer_says_which_page_may_read_it(for_pages, send):
    assert send(for_pages, "/plain", **SIGNED, Origin=PAGE)[2]["access-control-allow-origin"] == PAGE
    assert "access-control-allow-origin" not in send(for_pages, "/plain", **SIGNED, Origin="https://x.y")[2]
    assert send(for_pages, "/plain", Origin=PAGE)[0] == 403
