"""The requests and answers of SageMaker hosting, in the shape of moto's response methods.

Each function takes moto's `SageMakerResponse` as `self`; the name is the operation's.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from infra.local.overlay import constraints
from infra.local.overlay.hosted import Endpoint, Record
from infra.local.overlay.hosting import HostingBackend, hosting_backends

moto_add_tags = SageMakerResponse.add_tags
moto_list_tags = SageMakerResponse.list_tags
moto_delete_tags = SageMakerResponse.delete_tags

PAGE = 10
"""Items of a page where the request does not say, as on AWS."""


def _backend(response: SageMakerResponse) -> HostingBackend:
    return hosting_backends[response.current_account][response.region]


def _request(response: SageMakerResponse) -> dict[str, Any]:
    """The request's parameters, checked against botocore's model."""
    parameters = dict(response.params)
    findings = constraints.violations("sagemaker", response._get_action(), parameters)
    if findings:
        raise ValidationError(constraints.message(findings))
    return parameters


def create_model(self: SageMakerResponse) -> ActionResult:
    return ActionResult({"ModelArn": _backend(self).create_model(_request(self)).arn})


def describe_model(self: SageMakerResponse) -> ActionResult:
    record = _backend(self).describe_model(_request(self)["ModelName"])
    return ActionResult(_description(record, "ModelArn"))


def delete_model(self: SageMakerResponse) -> ActionResult:
    _backend(self).delete_model(_request(self)["ModelName"])
    return EmptyResult()


def list_models(self: SageMakerResponse) -> ActionResult:
    summaries = [
        {"ModelName": name, "ModelArn": record.arn, "CreationTime": record.created}
        for name, record in list(_backend(self).models.items())
    ]
    return _page(_request(self), summaries, "Models", "ModelName")


def create_endpoint_config(self: SageMakerResponse) -> ActionResult:
    return ActionResult({"EndpointConfigArn": _backend(self).create_endpoint_config(_request(self)).arn})


def describe_endpoint_config(self: SageMakerResponse) -> ActionResult:
    record = _backend(self).describe_endpoint_config(_request(self)["EndpointConfigName"])
    return ActionResult(_description(record, "EndpointConfigArn"))


def delete_endpoint_config(self: SageMakerResponse) -> ActionResult:
    _backend(self).delete_endpoint_config(_request(self)["EndpointConfigName"])
    return EmptyResult()


def list_endpoint_configs(self: SageMakerResponse) -> ActionResult:
    summaries = [
        {"EndpointConfigName": name, "EndpointConfigArn": record.arn, "CreationTime": record.created}
        for name, record in list(_backend(self).configs.items())
    ]
    return _page(_request(self), summaries, "EndpointConfigs", "EndpointConfigName")


def create_endpoint(self: SageMakerResponse) -> ActionResult:
    return ActionResult({"EndpointArn": _backend(self).create_endpoint(_request(self)).arn})


def describe_endpoint(self: SageMakerResponse) -> ActionResult:
    backend = _backend(self)
    with backend.lock:
        endpoint = backend.describe_endpoint(_request(self)["EndpointName"])
        return ActionResult(_endpoint_description(endpoint))


def update_endpoint(self: SageMakerResponse) -> ActionResult:
    return ActionResult({"EndpointArn": _backend(self).update_endpoint(_request(self)).arn})


def update_endpoint_weights_and_capacities(self: SageMakerResponse) -> ActionResult:
    endpoint = _backend(self).update_endpoint_weights_and_capacities(_request(self))
    return ActionResult({"EndpointArn": endpoint.arn})


def delete_endpoint(self: SageMakerResponse) -> ActionResult:
    _backend(self).delete_endpoint(_request(self)["EndpointName"])
    return EmptyResult()


def list_endpoints(self: SageMakerResponse) -> ActionResult:
    request = _request(self)
    summaries = [
        {
            "EndpointName": endpoint.name,
            "EndpointArn": endpoint.arn,
            "CreationTime": endpoint.created,
            "LastModifiedTime": endpoint.modified,
            "EndpointStatus": endpoint.status,
        }
        for endpoint in list(_backend(self).endpoints.values())
        if request.get("StatusEquals") in (None, endpoint.status)
    ]
    return _page(request, summaries, "Endpoints", "EndpointName")


def add_tags(self: SageMakerResponse) -> ActionResult:
    request = _request(self)
    tags = _backend(self).tags(request["ResourceArn"])
    if tags is None:
        return moto_add_tags(self)
    tags.update({tag["Key"]: tag["Value"] for tag in request["Tags"]})
    return ActionResult({"Tags": _tag_list(tags)})


def list_tags(self: SageMakerResponse) -> ActionResult:
    tags = _backend(self).tags(_request(self)["ResourceArn"])
    return moto_list_tags(self) if tags is None else ActionResult({"Tags": _tag_list(tags)})


def delete_tags(self: SageMakerResponse) -> ActionResult:
    request = _request(self)
    tags = _backend(self).tags(request["ResourceArn"])
    if tags is None:
        return moto_delete_tags(self)
    for key in request["TagKeys"]:
        tags.pop(key, None)
    return EmptyResult()


def _description(record: Record, arn_key: str) -> dict[str, Any]:
    return {**record.request, arn_key: record.arn, "CreationTime": record.created}


def _endpoint_description(endpoint: Endpoint) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config.request["EndpointConfigName"],
        "EndpointStatus": endpoint.status,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
    }
    if endpoint.variants:
        shown["ProductionVariants"] = [variant.description() for variant in endpoint.variants]
    if endpoint.failure_reason is not None:
        shown["FailureReason"] = endpoint.failure_reason
    if endpoint.deployment_config is not None:
        shown["LastDeploymentConfig"] = endpoint.deployment_config
    if endpoint.pending is not None:
        name = endpoint.pending.request["EndpointConfigName"]
        shown["PendingDeploymentSummary"] = {"EndpointConfigName": name}
    if (asynchronous := endpoint.config.request.get("AsyncInferenceConfig")) is not None:
        shown["AsyncInferenceConfig"] = asynchronous
    if (capture := endpoint.config.request.get("DataCaptureConfig")) is not None:
        shown["DataCaptureConfig"] = {
            "EnableCapture": capture.get("EnableCapture", False),
            "CaptureStatus": "Started" if capture.get("EnableCapture") else "Stopped",
            "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
            "DestinationS3Uri": capture["DestinationS3Uri"],
            "KmsKeyId": capture.get("KmsKeyId", ""),
        }
    return shown


def _tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _page(
    request: dict[str, Any], summaries: Iterable[dict[str, Any]], key: str, name_key: str
) -> ActionResult:
    """One page of `summaries`, filtered and sorted as the request asks."""
    sort_keys = {"Name": name_key, "CreationTime": "CreationTime", "Status": "EndpointStatus"}
    sort_key = sort_keys[request.get("SortBy", "CreationTime")]
    found = sorted(
        (summary for summary in summaries if _wanted(request, summary, name_key)),
        key=lambda summary: str(summary[sort_key]),
        reverse=request.get("SortOrder", "Descending") == "Descending",
    )
    start = _start(request.get("NextToken"))
    end = start + request.get("MaxResults", PAGE)
    following = {"NextToken": str(end)} if end < len(found) else {}
    return ActionResult({key: found[start:end], **following})


def _start(token: str | None) -> int:
    if token is None:
        return 0
    if not (token.isascii() and token.isdecimal()):
        raise ValidationError("Invalid pagination token. Take the NextToken of the page before.")
    return int(token)


def _wanted(request: dict[str, Any], summary: dict[str, Any], name_key: str) -> bool:
    if request.get("NameContains", "").lower() not in summary[name_key].lower():
        return False
    return all(
        compare(summary[attribute], _aware(request[key]))
        for key, (attribute, compare) in _TIME_FILTERS.items()
        if request.get(key) is not None
    )


def _aware(time: datetime) -> datetime:
    """moto reads the times of a request as naive ones, in UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


_TIME_FILTERS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "CreationTimeBefore": ("CreationTime", lambda time, limit: time < limit),
    "CreationTimeAfter": ("CreationTime", lambda time, limit: time > limit),
    "LastModifiedTimeBefore": ("LastModifiedTime", lambda time, limit: time < limit),
    "LastModifiedTimeAfter": ("LastModifiedTime", lambda time, limit: time > limit),
}

OPERATIONS = {
    function.__name__: function
    for function in (
        create_model,
        describe_model,
        delete_model,
        list_models,
        create_endpoint_config,
        describe_endpoint_config,
        delete_endpoint_config,
        list_endpoint_configs,
        create_endpoint,
        describe_endpoint,
        update_endpoint,
        update_endpoint_weights_and_capacities,
        delete_endpoint,
        list_endpoints,
        add_tags,
        list_tags,
        delete_tags,
    )
}
