"""InvokeEndpointWithResponseStream: parts as they come, in AWS's event stream, read by botocore."""

import pytest
from botocore.exceptions import ClientError, EventStreamError

from infra.local.overlay.streamed_invocations import event
from tests.infra.local.test_runtime import error_of, total


@pytest.fixture(scope="module")
def endpoint(make_endpoint) -> str:
    return make_endpoint()


def test_each_part_comes_when_it_is_made(client, runtime, make_endpoint, tmp_path):
    name, go = make_endpoint(), tmp_path / "go"
    answer = runtime.invoke_endpoint_with_response_stream(
        EndpointName=name, Body=f"stream {go}".encode(), ContentType="text/plain", Accept="text/event-stream"
    )
    assert answer["ContentType"] == "application/json"
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    parts = iter(answer["Body"])
    assert next(parts)["PayloadPart"]["Bytes"] == b"first "
    go.touch()  # the second part is made only now
    assert [part["PayloadPart"]["Bytes"] for part in parts] == [b"second"]
    assert total(client, name, "Invocations") == 1
    assert 0 < total(client, name, "FirstChunkModelLatency") <= total(client, name, "ModelLatency")


def test_the_container_gets_the_caller_s_accept(runtime, endpoint):
    answer = runtime.invoke_endpoint_with_response_stream(
        EndpointName=endpoint, Body=b"x", Accept="text/event-stream"
    )
    body = b"".join(part["PayloadPart"]["Bytes"] for part in answer["Body"])
    assert b'"accept": "text/event-stream"' in body


def test_an_error_before_the_first_part(runtime, endpoint):
    response = error_of(
        runtime.invoke_endpoint_with_response_stream, EndpointName=endpoint, Body=b"status 400"
    )
    assert (response["Error"]["Code"], response["OriginalStatusCode"]) == ("ModelError", 400)


def test_an_answer_that_breaks_off(runtime, make_endpoint):
    answer = runtime.invoke_endpoint_with_response_stream(EndpointName=make_endpoint(), Body=b"tear")
    seen = []
    with pytest.raises(EventStreamError, match="ModelStreamError"):
        for part in answer["Body"]:
            seen.append(part["PayloadPart"]["Bytes"])
    assert seen == [b"first "]


def test_an_endpoint_that_does_not_exist(runtime):
    with pytest.raises(ClientError, match="Endpoint none of account 123456789012 not found"):
        runtime.invoke_endpoint_with_response_stream(EndpointName="none", Body=b"x")


def test_a_message_is_what_botocore_reads():
    from botocore.eventstream import EventStreamBuffer

    buffer = EventStreamBuffer()
    buffer.add_data(event({":event-type": "PayloadPart"}, b"payload"))
    (message,) = buffer
    assert message.payload == b"payload"
    assert message.headers == {":message-type": "event", ":event-type": "PayloadPart"}
