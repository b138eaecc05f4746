"""What SageMaker tells SNS of an asynchronous request, in AWS's JSON."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infra.local.overlay.backlog import Waiting
from infra.local.overlay.sites import Site

SUCCESS, ERROR = "SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC"
TOPICS = {SUCCESS: "SuccessTopic", ERROR: "ErrorTopic"}
MAX_RESPONSE_BYTES = 128 * 1024
"""A longer response is left out of the message."""


def success(site: Site, request: Waiting, content_type: str) -> dict[str, Any]:
    """The message of a request whose answer is written."""
    return {
        **_common(site, request),
        "invocationStatus": "Completed",
        "responseParameters": {"contentType": content_type, "outputLocation": request.output},
    }


def failure(site: Site, request: Waiting, reason: str, written: bool) -> dict[str, Any]:
    """The message of a request that got no answer; `written` is whether its failure file is there."""
    message = {**_common(site, request), "invocationStatus": "Failed", "failureReason": reason}
    if written and request.failure is not None:
        message["failureLocation"] = request.failure
    return message


def publish(
    site: Site, config: Mapping[str, Any], kind: str, message: Mapping[str, Any], response: bytes | None
) -> bool:
    """Tell the topic of `kind`, where one is configured; False where that failed."""
    from moto.core.exceptions import ServiceException
    from moto.sns.models import sns_backends

    notification = config.get("OutputConfig", {}).get("NotificationConfig", {})
    topic = notification.get(TOPICS[kind])
    if topic is None:
        return True
    included = response is not None and kind in notification.get("IncludeInferenceResponseIn", [])
    if included and response is not None and len(response) <= MAX_RESPONSE_BYTES:
        # The name and the shape of this field are from memory: AWS's pages that we could read do not show it.
        body = {"content": base64.b64encode(response).decode(), "encoding": "BASE64"}
        message = {**message, "responseBody": body}
    try:
        sns_backends[site.account_id][topic.split(":")[3]].publish(message=json.dumps(message), arn=topic)
    except ServiceException:
        return False
    return True


def _common(site: Site, request: Waiting) -> dict[str, Any]:
    parameters = {"endpointName": site.endpoint}
    if isinstance(request.source, str):
        parameters["inputLocation"] = request.source
    for name, header in (("contentType", "Content-Type"), ("accept", "Accept")):
        if header in request.headers:
            parameters[name] = request.headers[header]
    return {
        "awsRegion": site.region,
        "eventTime": _shown(site.machine.clock()),
        "receivedTime": _shown(request.received),
        "requestParameters": parameters,
        "inferenceId": request.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def _shown(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"
