"""The one place where the overlay is put onto moto."""

from collections.abc import Callable, Mapping
from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.awslambda import urls as lambda_urls
from moto.awslambda.models import LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.batch.responses import BatchResponse
from moto.budgets.responses import BudgetsResponse
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.common_types import TYPE_RESPONSE
from moto.core.request import Request
from moto.core.responses import BaseResponse
from moto.ec2.models import EC2Backend
from moto.ec2.responses import EC2Response
from moto.ecr.responses import ECRResponse
from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import FakeBucket, FakeDeleteMarker
from moto.s3.responses import S3Response
from moto.sagemaker import urls as sagemaker_urls
from moto.sagemaker.responses import SageMakerResponse
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse
from moto.scheduler.responses import EventBridgeSchedulerResponse
from moto.sqs.models import Queue

from infra.local.machine import Machine
from infra.local.overlay import (
    alarm_responses,
    async_invocations,
    batch_responses,
    batch_runs,
    buckets,
    budgets,
    function_responses,
    function_settings,
    heartbeat,
    hosting_responses,
    invocations,
    launch_templates,
    metrics,
    network,
    provisioned,
    queues,
    refusals,
    registry,
    runtime,
    scaling,
    scheduler,
    serialization,
    streamed_invocations,
    streams,
)
from infra.local.overlay.batch import BatchBackend
from infra.local.overlay.faults import NotModelled
from infra.local.overlay.gauges import publish_on
from infra.local.overlay.hosting import HostingBackend
from infra.local.overlay.pool import Pool

Operations = Mapping[str, Callable[..., Any]]

OVERLAY: dict[str, tuple[type[BaseResponse], Operations]] = {
    "sagemaker": (SageMakerResponse, hosting_responses.OPERATIONS),
    "sagemaker-runtime": (
        SageMakerRuntimeResponse,
        {**runtime.OPERATIONS, **async_invocations.OPERATIONS, **streamed_invocations.OPERATIONS},
    ),
    "lambda": (LambdaResponse, function_responses.OPERATIONS),
    "application-autoscaling": (ApplicationAutoScalingResponse, scaling.OPERATIONS),
    "cloudwatch": (CloudWatchResponse, {**alarm_responses.OPERATIONS, **metrics.OPERATIONS}),
    "budgets": (BudgetsResponse, budgets.OPERATIONS),
    "s3": (S3Response, buckets.OPERATIONS),
    "ecr": (ECRResponse, registry.OPERATIONS),
    "batch": (BatchResponse, batch_responses.OPERATIONS),
    "scheduler": (EventBridgeSchedulerResponse, scheduler.OPERATIONS),
    "ec2": (EC2Response, launch_templates.OPERATIONS),
}
"""botocore's name of the service: moto's class, and the operations that the overlay answers in its place."""

_moto_dispatch = BaseResponse._dispatch
_moto_call_action = BaseResponse.call_action


def install(machine: Machine) -> None:
    """Put the overlay onto moto; `machine` is what it runs on. May be called again with another machine."""
    HostingBackend.machine = Pool.machine = BatchBackend.machine = registry.Store.machine = machine
    publish_on(machine)
    SageMakerRuntimeResponse.use_raw_body = True  # bodies may be binary; moto decodes them as UTF-8
    for path in (*provisioned.PATHS, *streams.PATHS):
        lambda_urls.url_paths[path] = LambdaResponse.dispatch
    for path in streamed_invocations.PATHS:
        sagemaker_urls.url_paths[path] = SageMakerRuntimeResponse.dispatch
    for target, methods in (*OVERLAY.values(), *PLUMBING):
        for name, function in methods.items():
            setattr(target, name, function)
    heartbeat.start(machine)
    scheduler.start(machine)
    machine.every(batch_runs.SECONDS, batch_runs.watch)


def _dispatch(
    self: BaseResponse, request: Request, full_url: str | None = None, headers: Any = None
) -> TYPE_RESPONSE:
    """Moto's, for what AWS could read."""

    def route() -> str | None:
        return self._get_action_from_method_and_request_uri(request)

    serialization.check(self.boto3_service_name, request, route)
    return _moto_dispatch(self, request, full_url, headers)


def _call_action(self: BaseResponse) -> Any:
    """Moto's, but what is not modelled or only pretended is refused in AWS's words."""
    operation = self._get_action()
    if operation is None:
        raise NotModelled(self.boto3_service_name, f"{self.method} {self.path}")
    if refusals.is_refused(self.boto3_service_name, operation):
        raise NotModelled(self.boto3_service_name, operation)
    try:
        return _moto_call_action(self)
    except NotImplementedError:
        raise NotModelled(self.boto3_service_name, operation) from None


PLUMBING: tuple[tuple[type, Operations], ...] = (
    (BaseResponse, {"_dispatch": _dispatch, "call_action": _call_action}),
    (SageMakerRuntimeResponse, runtime.PLUMBING),
    (S3Response, buckets.PLUMBING),
    (FakeDeleteMarker, {"dispose": buckets.dispose}),
    (Queue, queues.PLUMBING),
    (FakeBucket, {"get_permission": buckets.get_permission}),
    (LambdaFunction, function_settings.PLUMBING),
    (LambdaResponse, invocations.PLUMBING),
    (EC2Backend, network.PLUMBING),
    (BatchResponse, batch_responses.PLUMBING),
)
"""Methods of moto that are no operations, and what takes their place."""


def application(service: Any) -> Any:
    """moto's application for one service, by moto's name of it; None is a service that moto does not have."""
    if service is None:
        raise NotImplementedError
    return create_backend_app(service)
