"""`modelyard invoke` of an asynchronous endpoint, against the embedded AWS."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from infra.environment import Environment
from infra.errors import InvocationFailed
from infra.ledger import Deployed
from infra.operations.asynchronous import ask
from infra.operations.attempts import Patience
from infra.operations.request import Request
from tests.infra.local.conftest import new_name


@dataclass(frozen=True)
class Connection:
    """The embedded AWS as an environment whose data lies in a bucket of its own."""

    client: Any
    environment: Environment

    def once(self, service: str) -> Any:
        return self.client(service)


@pytest.fixture
def asked(client, sagemaker, make_model, settle, bucket):
    """The answer to a body, of an asynchronous endpoint that is made for it."""
    name = new_name("asked")
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": make_model(),
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
        AsyncInferenceConfig={
            "OutputConfig": {
                "S3OutputPath": f"s3://{bucket}/data/shop/{name}/output",
                "S3FailurePath": f"s3://{bucket}/data/shop/{name}/failure",
            }
        },
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    assert settle(name)[0][-1] == "InService"
    environment = Environment(name="local", region="us-east-1", account_id="123456789012", data_bucket=bucket)
    target = Deployed("shop", name, "AsyncEndpoint", name, "any")
    yield lambda body: ask(
        target, Request(body, "text/plain"), Connection(client, environment), Patience(deadline_seconds=20)
    )
    sagemaker.delete_endpoint(EndpointName=name)


def test_an_answer_comes_back_through_s3(asked):
    answer = asked(b"question")
    assert answer.content_type == "application/json"
    seen = json.loads(answer.body)
    assert (seen["length"], seen["content_type"], seen["accept"]) == (8, "text/plain", "application/json")


def test_a_failure_comes_back_in_the_models_own_words(asked):
    with pytest.raises(InvocationFailed, match=r"^Endpoint \S+ failed: .*\"length\": 10"):
        asked(b"status 400")
