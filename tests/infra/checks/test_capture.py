import pytest

from infra import DataCapture
from tests.infra.checks.told import told
from tests.infra.conftest import asynchronous, multi_model, realtime, serverless

CAPTURE = DataCapture()
WHY = {
    "rare": "SageMaker Serverless captures no data",
    "many": "SageMaker captures no data of an endpoint with several models",
    "queue": "an asynchronous endpoint keeps every request and answer in S3 anyway",
}


@pytest.mark.parametrize("make", [serverless, multi_model, asynchronous])
def test_capture_on_a_kind_that_aws_does_not_capture(make_stack, make):
    workload = make(data_capture=CAPTURE)
    assert told(make_stack(workload)) == [
        f"{workload.name}: {WHY[workload.name]}; leave data_capture out, or use a RealtimeEndpoint."
    ]


@pytest.mark.parametrize("make", [serverless, multi_model])
def test_an_environment_that_captures(make_stack, make):
    workload = make()
    assert told(make_stack(workload), data_capture=CAPTURE) == [
        f"{workload.name}: {WHY[workload.name]}; write data_capture=False to let it go without what environment dev "
        "sets, or use a RealtimeEndpoint."
    ]
    assert told(make_stack(make(data_capture=False)), data_capture=CAPTURE) == []


@pytest.mark.parametrize("make", [realtime, asynchronous])
def test_kinds_that_are_captured_or_need_not_be(make_stack, make):
    assert told(make_stack(make()), data_capture=CAPTURE) == []
