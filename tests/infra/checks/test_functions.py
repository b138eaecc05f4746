"""What Lambda would refuse, with the line that a user sees."""

import pytest

from infra import FunctionUrl, Network, TargetTracking
from tests.infra.checks.told import told
from tests.infra.conftest import function

VPC = Network(subnet_ids=("subnet-1",), security_group_ids=("sg-1",))
STREAMING = FunctionUrl(streaming=True)


@pytest.fixture
def streams(base):
    """Gives the model's handler a stream_fn."""
    file = base / "models" / "tiny" / "inference.py"
    file.write_text(f"{file.read_text()}\ndef stream_fn(data, model):\n    yield 'a'\n")


def test_a_runtime_that_lambda_keeps_no_more(make_stack):
    assert told(make_stack(function(runtime="python3.10"))) == [
        "rank-small: Lambda has no runtime 'python3.10' for a handler in Python that is kept up to date; allowed are "
        "python3.11, python3.12, python3.13, python3.14."
    ]


def test_variables_of_more_than_4_kb(make_stack):
    assert told(make_stack(function(environment={"AA": "x" * 4087}))) == []
    assert told(make_stack(function(environment={"AA": "x" * 4088}))) == [
        "rank-small: its environment has 4097 bytes as JSON; Lambda takes 4096: put what is long into a file of the "
        "model's folder."
    ]


@pytest.mark.parametrize(("value", "refused"), [(0.05, True), (0.1, False), (0.9, False), (1, True)])
def test_a_utilization_that_lambda_takes(make_stack, value, refused):
    scaling = TargetTracking(max_capacity=2, utilization=value)
    line = f"rank-small: utilization is {value:g}; Lambda takes 0.1 to 0.9: write utilization=0.7."
    stack = make_stack(function(provisioned_concurrency=1, autoscaling=scaling))
    assert told(stack) == ([line] if refused else [])


def test_a_url_for_every_web_page(make_stack):
    assert told(make_stack(function(url=FunctionUrl(cors_origins=["*"])))) == [
        "rank-small: cors_origins has '*', which lets every web page call it with its visitor's browser; write the "
        "pages that may, such as 'https://app.example.com'."
    ]


@pytest.mark.parametrize("origin", ["https://app.example.com/", "app.example.com", "https://*.example.com"])
def test_an_origin_that_is_none(make_stack, origin):
    assert told(make_stack(function(url=FunctionUrl(cors_origins=[origin])))) == [
        f"rank-small: {origin!r} is no origin of a web page; write scheme and host in lower case and nothing after, "
        "such as 'https://app.example.com'."
    ]


@pytest.mark.parametrize("origin", ["https://app.example.com", "http://localhost:3000"])
def test_origins_of_web_pages(make_stack, origin):
    assert told(make_stack(function(url=FunctionUrl(cors_origins=[origin])))) == []


def test_streaming_without_a_stream_fn(make_stack):
    assert told(make_stack(function(url=STREAMING))) == [
        "rank-small: its URL streams, and models/tiny/inference.py has no stream_fn; write stream_fn(data, model) "
        "that yields the answer's parts, or leave streaming out."
    ]


def test_streaming_from_a_vpc(make_stack, streams):
    assert told(make_stack(function(url=STREAMING))) == []
    assert told(make_stack(function(url=STREAMING, network=VPC))) == [
        "rank-small: its URL streams, and Lambda streams from no URL of a function in a VPC; leave streaming out, or "
        "write network=False."
    ]


def test_streaming_with_a_wrapper_of_ones_own(make_stack, streams):
    stack = make_stack(function(url=STREAMING, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/x"}))
    assert told(stack) == [
        "rank-small: streaming needs the variable 'AWS_LAMBDA_EXEC_WRAPPER' for itself; leave it or streaming out."
    ]


def test_an_answer_that_lambda_does_not_carry(make_stack, streams):
    usage = {"rank-small": {"response_kb": 7000}}
    assert told(make_stack(function()), usage=usage) == [
        "rank-small: stacks/environments/dev.toml says response_kb = 7000; Lambda answers in one piece with at most "
        "6144 KB: answer less, or write FunctionUrl(streaming=True)."
    ]
    assert told(make_stack(function(url=STREAMING)), usage=usage) == []
    assert told(make_stack(function(url=STREAMING)), usage={"rank-small": {"response_kb": 300000}}) == [
        "rank-small: stacks/environments/dev.toml says response_kb = 300000; Lambda streams at most 204800 KB: answer "
        "less, or use an AsyncEndpoint, which writes to S3."
    ]


def test_isolation_that_lambda_does_not_have(make_stack):
    assert told(make_stack(function(network=Network(isolated=True)))) == [
        "rank-small: isolated cuts off containers of SageMaker, and Lambda has no such switch; write "
        "network=Network(subnet_ids=..., security_group_ids=...) of a VPC without a way out."
    ]
    assert told(make_stack(function()), network=Network(isolated=True)) == []
