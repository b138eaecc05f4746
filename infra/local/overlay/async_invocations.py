"""SageMaker Runtime: InvokeEndpointAsync takes a request into the queue of its endpoint."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from moto.core.common_types import TYPE_RESPONSE
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from infra.local.overlay import constraints, objects, runtime
from infra.local.overlay.backlog import Waiting
from infra.local.overlay.hosting import hosting_backends
from infra.local.overlay.runtime_errors import RuntimeValidationError

PREFIX = "X-Amzn-SageMaker-"
MAX_BODY_BYTES = 128_000
TTL_SECONDS, TIMEOUT_SECONDS = 21_600, 900
FORWARDED = {
    "ContentType": "Content-Type",
    "Accept": "Accept",
    "CustomAttributes": runtime.CUSTOM_ATTRIBUTES,
    "InferenceId": f"{PREFIX}Inference-Id",
}
"""What of a request reaches the container, and as which header."""


def invoke_endpoint_async(self: SageMakerRuntimeResponse) -> TYPE_RESPONSE:
    request = _request(self)
    backend = hosting_backends[self.current_account][self.region]
    with backend.lock:
        endpoint = runtime.find(backend, self.current_account, request["EndpointName"])
        if endpoint.inference is None:
            raise RuntimeValidationError(
                f"Endpoint {endpoint.name} of account {self.current_account} is not asynchronous; "
                "use InvokeEndpoint."
            )
        config = endpoint.config.request["AsyncInferenceConfig"]
        waiting = _waiting(request, config["OutputConfig"], backend.machine.clock())
        endpoint.inference.put(waiting)
    headers = {f"{PREFIX}OutputLocation": waiting.output, "Content-Type": "application/json"}
    if waiting.failure is not None:
        headers[f"{PREFIX}FailureLocation"] = waiting.failure
    return 202, {**headers, "status": "202"}, json.dumps({"InferenceId": waiting.inference_id})


def _request(self: SageMakerRuntimeResponse) -> dict[str, Any]:
    """The request's parameters, checked against botocore's model. Raises AWS's error."""
    shape = constraints.service_model("sagemaker-runtime").operation_model("InvokeEndpointAsync").input_shape
    request: dict[str, Any] = {"EndpointName": unquote(self.path.split("/")[2])}
    for name, member in shape.members.items():
        if member.serialization.get("location") == "header":
            value = self.headers.get(member.serialization["name"])
            if value is not None:
                request[name] = _number(name, value) if member.type_name == "integer" else value
    body = runtime.body_of(self)
    findings = constraints.violations("sagemaker-runtime", "InvokeEndpointAsync", request)
    if findings:
        raise RuntimeValidationError(constraints.message(findings))
    if len(body) > MAX_BODY_BYTES:
        raise RuntimeValidationError(
            "1 validation error detected: Value at 'body' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_BODY_BYTES}"
        )
    if bool(body) == ("InputLocation" in request):
        raise RuntimeValidationError("A request needs either InputLocation or Body, and not both.")
    location = request.get("InputLocation", "s3://")
    if not location.startswith("s3://") or (body == b"" and not objects.split(location)[1]):
        raise RuntimeValidationError(f"InputLocation {location} is not a valid S3 URI of an object.")
    return {**request, "Body": body}


def _number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal()):
        raise RuntimeValidationError(f"Value '{value}' at '{name}' is no whole number.")
    return int(value)


def _waiting(request: Mapping[str, Any], config: Mapping[str, Any], now: datetime) -> Waiting:
    inference_id = request.get("InferenceId") or str(uuid.uuid4())
    name = request.get("Filename")
    extension = request.get("S3OutputPathExtension", "")
    failures = config.get("S3FailurePath")
    return Waiting(
        inference_id=inference_id,
        source=request.get("InputLocation") or request["Body"],
        headers={header: request[key] for key, header in FORWARDED.items() if key in request},
        output=objects.join(config["S3OutputPath"], extension, name or f"{inference_id}.out"),
        failure=None if failures is None else objects.join(failures, extension, f"{inference_id}-error.out"),
        received=now,
        expires=now + timedelta(seconds=request.get("RequestTTLSeconds", TTL_SECONDS)),
        timeout_seconds=request.get("InvocationTimeoutSeconds", TIMEOUT_SECONDS),
    )


OPERATIONS = {"invoke_endpoint_async": invoke_endpoint_async}
