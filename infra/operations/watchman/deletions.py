"""How what AWS bills by the hour goes, by the type of resource, and whether it is there; what is gone is no error."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from infra.aws import Aws
from infra.operations import endpoints


@contextmanager
def _absence(code: str) -> Iterator[None]:
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise


def _endpoint(aws: Aws, name: str) -> None:
    with endpoints.absence_allowed():
        aws.client("sagemaker").delete_endpoint(EndpointName=name)


def _target(aws: Aws, name: str) -> None:
    """Its policies and timetables go with it, and the alarms of its target tracking."""
    namespace, resource, dimension = _target_parts(name)
    with _absence("ObjectNotFoundException"):
        aws.client("application-autoscaling").deregister_scalable_target(
            ServiceNamespace=namespace, ResourceId=resource, ScalableDimension=dimension
        )


def _target_parts(name: str) -> tuple[str, str, str]:
    """Namespace, resource and dimension, of which an import makes one text."""
    namespace, _, rest = name.partition("/")
    resource, _, dimension = rest.rpartition("/")
    return namespace, resource, dimension


def _alarm(aws: Aws, name: str) -> None:
    with _absence("ResourceNotFound"):
        aws.client("cloudwatch").delete_alarms(AlarmNames=[name])


def _concurrency(aws: Aws, name: str) -> None:
    function, _, qualifier = name.rpartition(",")
    with _absence("ResourceNotFoundException"):
        aws.client("lambda").delete_provisioned_concurrency_config(FunctionName=function, Qualifier=qualifier)


def _endpoint_is_there(aws: Aws, name: str) -> bool:
    found = endpoints.describe(name, aws.client("sagemaker"))
    return found is not None and found["EndpointStatus"] != endpoints.DELETING


def _target_is_there(aws: Aws, name: str) -> bool:
    namespace, resource, dimension = _target_parts(name)
    found = aws.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace=namespace, ResourceIds=[resource], ScalableDimension=dimension
    )
    return bool(found["ScalableTargets"])


def _alarm_is_there(aws: Aws, name: str) -> bool:
    return bool(aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"])


def _concurrency_is_there(aws: Aws, name: str) -> bool:
    function, _, qualifier = name.rpartition(",")
    with _absence("ProvisionedConcurrencyConfigNotFoundException"):
        aws.client("lambda").get_provisioned_concurrency_config(FunctionName=function, Qualifier=qualifier)
        return True
    return False


DELETIONS: Mapping[str, Callable[[Aws, str], None]] = {
    "aws_sagemaker_endpoint": _endpoint,
    "aws_appautoscaling_target": _target,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_lambda_provisioned_concurrency_config": _concurrency,
}
"""Takes the identifier that an import takes."""

PROBES: Mapping[str, Callable[[Aws, str], bool]] = {
    "aws_sagemaker_endpoint": _endpoint_is_there,
    "aws_appautoscaling_target": _target_is_there,
    "aws_cloudwatch_metric_alarm": _alarm_is_there,
    "aws_lambda_provisioned_concurrency_config": _concurrency_is_there,
}

BILLED = frozenset({"aws_sagemaker_endpoint", "aws_lambda_provisioned_concurrency_config"})
"""Of each workload that sleeps one of these goes: what it is billed for."""

GO_ALONG = frozenset({"aws_appautoscaling_policy", "aws_appautoscaling_scheduled_action"})
"""What AWS drops with its scalable target."""


def remove(aws: Aws, type: str, name: str) -> None:
    """Have it go, if it is there.

    It is looked for first, since the watchman may remove only what has its environment's tag: what is gone has none,
    and AWS answers AccessDenied, not that it is gone. A round that was cut short could never be finished.
    """
    if PROBES[type](aws, name):
        DELETIONS[type](aws, name)
