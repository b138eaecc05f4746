"""How each type goes: the calls, and that what is gone already is no error, and any other answer is."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.operations.watchman.deletions import BILLED, DELETIONS, PROBES, remove

TARGET = "sagemaker/endpoint/dev-shop-rank/variant/AllTraffic/sagemaker:variant:DesiredInstanceCount"
CALLS = {
    "aws_sagemaker_endpoint": (
        "dev-shop-rank",
        ("sagemaker", "delete_endpoint", {"EndpointName": "dev-shop-rank"}),
        "ValidationException",
    ),
    "aws_appautoscaling_target": (
        TARGET,
        (
            "application-autoscaling",
            "deregister_scalable_target",
            {
                "ServiceNamespace": "sagemaker",
                "ResourceId": "endpoint/dev-shop-rank/variant/AllTraffic",
                "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            },
        ),
        "ObjectNotFoundException",
    ),
    "aws_cloudwatch_metric_alarm": (
        "dev-shop-rank-latency",
        ("cloudwatch", "delete_alarms", {"AlarmNames": ["dev-shop-rank-latency"]}),
        "ResourceNotFound",
    ),
    "aws_lambda_provisioned_concurrency_config": (
        "dev-shop-rank-small,live",
        (
            "lambda",
            "delete_provisioned_concurrency_config",
            {"FunctionName": "dev-shop-rank-small", "Qualifier": "live"},
        ),
        "ResourceNotFoundException",
    ),
}


class Aws:
    """Notes each call, and answers with the error that it is given."""

    environment: Any = None

    def __init__(self, code: str | None = None, **answer: Any) -> None:
        self.code, self.answer, self.calls = code, answer, []

    def client(self, service: str) -> Any:
        aws = self

        class Client:
            def __getattr__(self, operation: str):
                def call(**request: Any) -> dict[str, Any]:
                    aws.calls.append((service, operation, request))
                    if aws.code is not None:
                        raise ClientError({"Error": {"Code": aws.code, "Message": ""}}, operation)
                    return aws.answer

                return call

        return Client()


def test_every_type_is_tried():
    assert set(CALLS) == set(DELETIONS) == set(PROBES) > BILLED


@pytest.mark.parametrize("type", CALLS)
def test_it_goes_by_the_call_that_aws_has_for_it_and_what_is_gone_is_no_error(type):
    identifier, call, absent = CALLS[type]
    for code in (None, absent):
        aws = Aws(code)
        DELETIONS[type](aws, identifier)
        assert aws.calls == [call]
    with pytest.raises(ClientError, match="AccessDenied"):
        DELETIONS[type](Aws("AccessDenied"), identifier)


@pytest.mark.parametrize(
    ("type", "aws", "there"),
    [
        ("aws_sagemaker_endpoint", Aws(EndpointStatus="InService"), True),
        ("aws_sagemaker_endpoint", Aws(EndpointStatus="Updating"), True),
        ("aws_sagemaker_endpoint", Aws(EndpointStatus="Deleting"), False),
        ("aws_sagemaker_endpoint", Aws("ValidationException"), False),
        ("aws_appautoscaling_target", Aws(ScalableTargets=[{}]), True),
        ("aws_appautoscaling_target", Aws(ScalableTargets=[]), False),
        ("aws_cloudwatch_metric_alarm", Aws(MetricAlarms=[{}]), True),
        ("aws_cloudwatch_metric_alarm", Aws(MetricAlarms=[]), False),
        ("aws_lambda_provisioned_concurrency_config", Aws(Status="READY"), True),
        (
            "aws_lambda_provisioned_concurrency_config",
            Aws("ProvisionedConcurrencyConfigNotFoundException"),
            False,
        ),
    ],
)
def test_whether_it_is_there(type, aws, there):
    assert PROBES[type](aws, CALLS[type][0]) is there


@pytest.mark.parametrize("type", PROBES)
def test_what_cannot_be_read_is_an_error_and_not_gone(type):
    with pytest.raises(ClientError, match="AccessDenied"):
        PROBES[type](Aws("AccessDenied"), CALLS[type][0])


GONE = {
    "aws_sagemaker_endpoint": {"EndpointStatus": "Deleting"},
    "aws_appautoscaling_target": {"ScalableTargets": []},
    "aws_cloudwatch_metric_alarm": {"MetricAlarms": []},
}


@pytest.mark.parametrize("type", GONE)
def test_what_is_gone_is_not_removed_for_aws_would_answer_that_it_may_not(type):
    aws = Aws(**GONE[type])
    remove(aws, type, CALLS[type][0])
    assert CALLS[type][1] not in aws.calls and len(aws.calls) == 1
