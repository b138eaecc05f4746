"""SageMaker Runtime: InvokeEndpoint reaches the process that stands for the endpoint's instance."""

import http.client
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from moto.core.common_types import TYPE_RESPONSE
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from infra.local import exchange
from infra.local.exchange import Reply
from infra.local.overlay.capture import capture
from infra.local.overlay.hosted import Endpoint, choose
from infra.local.overlay.hosting import HostingBackend, hosting_backends
from infra.local.overlay.multi_model import TARGET_MODEL, MultiModel
from infra.local.overlay.runtime_errors import ModelError, RuntimeValidationError, ThrottlingException
from infra.local.overlay.serverless import Serverless
from infra.local.overlay.variants import Admission, Answer, Call, Throttled, Variant
from infra.local.telemetry import Metric

MAX_BODY_BYTES = 6_291_456
MAX_SERVERLESS_BODY_BYTES = 4 * 1024 * 1024
CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
FORWARDED = {
    name: name for name in ("Content-Type", "Accept", CUSTOM_ATTRIBUTES, "X-Amzn-SageMaker-Inference-Id")
}
"""Headers of a request, and as which the container gets them."""

MICROSECONDS = 1_000_000
ACTIONS = {
    "invocations": "InvokeEndpoint",
    "async-invocations": "InvokeEndpointAsync",
    "invocations-response-stream": "InvokeEndpointWithResponseStream",
}


moto_setup_class = SageMakerRuntimeResponse.setup_class


def setup_class(
    self: SageMakerRuntimeResponse,
    request: Any,
    full_url: str | None = None,
    headers: Any = None,
    use_raw_body: bool | None = None,
) -> None:
    """moto's; but a body that is a form stays a body: the model gets it."""
    request.get_data(cache=True, parse_form_data=False)
    moto_setup_class(self, request, full_url, headers, use_raw_body)


def get_action(self: SageMakerRuntimeResponse) -> str:
    """Off the path alone; moto looks for `Action` in the body first."""
    return ACTIONS[self.path.rstrip("/").rsplit("/", 1)[-1]]


def determine_response_protocol(self: SageMakerRuntimeResponse, service_model: Any) -> str:
    """Always the same; moto takes a body that is a form for the query protocol."""
    return "rest-json"


def invoke_endpoint(self: SageMakerRuntimeResponse) -> TYPE_RESPONSE:
    endpoint, variant, admission, call = admitted(self, FORWARDED)
    try:
        return _answer(self, endpoint, variant, admission, call)
    finally:
        admission.leave()


def admitted(
    self: SageMakerRuntimeResponse, forwarded: Mapping[str, str]
) -> tuple[Endpoint, Variant, Admission, Call]:
    """What takes the request, and the request; the admission has to be left. Raises AWS's errors."""
    name = unquote(self.path.split("/")[2])
    _refuse_unmodelled(self.headers)
    body = body_of(self)
    if len(body) > MAX_BODY_BYTES:
        raise RuntimeValidationError(
            "1 validation error detected: Value at 'body' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_BODY_BYTES}"
        )
    headers = {shown: self.headers[name] for name, shown in forwarded.items() if name in self.headers}
    target_model = self.headers.get(TARGET_MODEL)
    backend = hosting_backends[self.current_account][self.region]
    with backend.lock:
        endpoint = find(backend, self.current_account, name)
        if endpoint.is_async:
            raise RuntimeValidationError(
                f"Endpoint {name} of account {self.current_account} is asynchronous; use InvokeEndpointAsync."
            )
        variant = _variant(endpoint, self.headers.get("X-Amzn-SageMaker-Target-Variant"))
        if target_model is not None and not isinstance(variant, MultiModel):
            raise RuntimeValidationError(
                f"Endpoint {name} has one model; TargetModel is for multi-model endpoints."
            )
        if isinstance(variant, Serverless) and len(body) > MAX_SERVERLESS_BODY_BYTES:
            raise RuntimeValidationError(f"Request {uuid.uuid4()} has oversize body.")
        # while the lock is held: else an update may end it before the request is in
        try:
            admission = variant.admit()
        except Throttled:
            raise ThrottlingException("Rate exceeded") from None
    return endpoint, variant, admission, Call(body, headers, target_model)


def find(backend: HostingBackend, account_id: str, name: str) -> Endpoint:
    """The endpoint that takes requests under `name`. Raises AWS's error."""
    endpoint = backend.endpoints.get(name)
    if endpoint is None or not endpoint.variants or endpoint.status == "Deleting":
        raise RuntimeValidationError(f"Endpoint {name} of account {account_id} not found.")
    return endpoint


def _answer(
    self: SageMakerRuntimeResponse, endpoint: Endpoint, variant: Variant, admission: Admission, call: Call
) -> TYPE_RESPONSE:
    started = time.monotonic()
    answer = ask(admission, call)
    count(endpoint, variant, answer, time.monotonic() - started)
    reply = answer.reply
    if reply.status != 200:
        message = reply.body.decode(errors="replace")
        raise ModelError(endpoint.name, self.region, self.current_account, reply.status, message)
    capture(endpoint.config.request.get("DataCaptureConfig"), variant, call, reply)
    answered = {name.lower(): value for name, value in reply.headers.items()}
    shown = {
        "Content-Type": answered.get("content-type", "application/octet-stream"),
        "x-Amzn-Invoked-Production-Variant": variant.name,
    }
    if CUSTOM_ATTRIBUTES.lower() in answered:
        shown[CUSTOM_ATTRIBUTES] = answered[CUSTOM_ATTRIBUTES.lower()]
    # moto's types know text bodies only; werkzeug takes bytes, and an answer may be binary
    return 200, shown, reply.body


def ask(admission: Admission, call: Call) -> Answer:
    """The container's answer, or what SageMaker says in its place."""
    try:
        return admission.answer(call)
    except exchange.TimedOut:
        message = (
            "Your invocation timed out while waiting for a response from container primary. Review the "
            "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
        )
        return Answer(Reply(0, {}, message.encode(), call.timeout_seconds))
    except (OSError, http.client.HTTPException) as error:
        words = f"The container did not answer: {type(error).__name__}: {error}"
        return Answer(Reply(500, {}, words.encode(), 0))


def count(endpoint: Endpoint, variant: Variant, answer: Answer, total_seconds: float) -> None:
    """Publish what AWS publishes of one request."""
    reply = answer.reply
    server_error = reply.status == 0 or reply.status >= 500
    metrics = (
        Metric("Invocations", 1, "None"),
        Metric("Invocation4XXErrors", float(400 <= reply.status < 500), "None"),
        Metric("Invocation5XXErrors", float(server_error), "None"),
        Metric("ModelLatency", reply.seconds * MICROSECONDS, "Microseconds"),
        Metric("OverheadLatency", max(0.0, total_seconds - reply.seconds) * MICROSECONDS, "Microseconds"),
        *variant.per_request(),
        *answer.metrics,
    )
    endpoint.site.publish(metrics, variant=variant.name)


def _variant(endpoint: Endpoint, target: str | None) -> Variant:
    if target is None:
        return choose(endpoint.serving())
    for variant in endpoint.serving():
        if variant.name == target:
            return variant
    raise RuntimeValidationError(f"Variant {target} of endpoint {endpoint.name} not found.")


def _refuse_unmodelled(headers: Mapping[str, str]) -> None:
    from infra.local.overlay.faults import NotModelled

    for name in ("Target-Container-Hostname", "Inference-Component", "Session-Id"):
        if f"X-Amzn-SageMaker-{name}" in headers:
            raise NotModelled("sagemaker-runtime", "InvokeEndpoint", f"with {name.replace('-', '')}")


def body_of(self: SageMakerRuntimeResponse) -> bytes:
    """The body as it came."""
    body: Any = self.raw_body
    return body.encode() if isinstance(body, str) else bytes(body)


OPERATIONS = {"invoke_endpoint": invoke_endpoint}
PLUMBING: dict[str, Callable[..., Any]] = {
    "setup_class": setup_class,
    "_get_action": get_action,
    "determine_response_protocol": determine_response_protocol,
}
"""Methods of moto's class that are no operations."""
