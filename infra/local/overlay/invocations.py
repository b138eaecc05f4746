"""Lambda's Invoke: the deployed zip runs in a warm process, with Lambda's answers, logs and metrics."""

import base64
import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.core.common_types import TYPE_RESPONSE

from infra.local.overlay import constraints, functions, provisioned
from infra.local.overlay.faults import Fault
from infra.local.overlay.pool import Pool, PoolClosed
from infra.local.sandbox import OnPart, Outcome
from infra.local.telemetry import Metric, put_metrics

MAX_PAYLOAD_BYTES = 6_291_456
MAX_RESPONSE_BYTES = 6_291_556
MAX_EVENT_BYTES = 1_048_576
TAIL_BYTES = 4096


@dataclass(frozen=True)
class Target:
    """A function to run: the version, and as what it was addressed."""

    function: LambdaFunction
    qualifier: str | None

    @property
    def arn(self) -> str:
        """The ARN that the handler sees as `invoked_function_arn`."""
        base = f"{self.function.function_arn.split(':function:')[0]}:function:{self.function.function_name}"
        return base if self.qualifier is None else f"{base}:{self.qualifier}"

    def again(self) -> "Target":
        """What has the name now. Raises UnknownFunctionException."""
        backend = lambda_backends[self.function.account_id][self.function.region]
        return Target(backend.get_function(self.function.function_name, self.qualifier), self.qualifier)


@dataclass(frozen=True)
class Result:
    """What the caller gets: the payload, and whether it is the function's error."""

    payload: bytes
    is_error: bool
    tail: str


moto_setup_class = LambdaResponse.setup_class


def setup_class(self: LambdaResponse, request: Any, *arguments: Any, **settings: Any) -> None:
    """moto's, which decodes each body before anything looks at it."""
    try:
        moto_setup_class(self, request, *arguments, **settings)
    except UnicodeDecodeError as error:
        raise _no_json(error) from error


def invoke(self: LambdaResponse) -> TYPE_RESPONSE:
    name = unquote(self.path.rsplit("/", 2)[-2])
    qualifier = self.querystring.get("Qualifier", [None])[0] or _qualifier_in(name)
    kind = self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    _check_kinds(kind, self.headers.get("X-Amz-Log-Type", "None"))
    target = Target(self.backend.get_function(name, qualifier), qualifier)
    event = event_of(self, kind)
    version = {"X-Amz-Executed-Version": str(target.function.version)}
    if kind == "DryRun":
        return 204, {**version, "status": "204"}, ""
    if kind == "Event":
        threading.Thread(target=run, args=(target, event), daemon=True).start()
        return 202, {"status": "202"}, ""
    result = run(target, event)
    headers = {**version, "Content-Type": "application/json"}
    if result.is_error:
        headers["X-Amz-Function-Error"] = "Unhandled"
    if self.headers.get("X-Amz-Log-Type") == "Tail":
        headers["X-Amz-Log-Result"] = base64.b64encode(result.tail.encode()[-TAIL_BYTES:]).decode()
    return 200, headers, result.payload.decode()


def event_of(self: LambdaResponse, kind: str) -> str:
    """The request's body, where Lambda takes it for that kind of invocation."""
    raw: Any = self.raw_body
    return _event(raw.encode() if isinstance(raw, str) else bytes(raw), kind)


def run(target: Target, event: str, on_part: OnPart | None = None) -> Result:
    """Run the function once and count it; a streamed answer goes to `on_part`, or is the payload.

    Raises Fault where Lambda would not run it, and as `again` does.
    """
    try:
        with functions.counted(target.function, target.qualifier) as concurrency:
            _count_concurrency(target, concurrency)
            outcome = _outcome(target, event, on_part)
    except functions.Throttled:
        for dimensions in _dimensions(target):
            _put(target, dimensions, (Metric("Throttles", 1, "Count"),))
        raise Fault(429, "TooManyRequestsException", "Rate Exceeded.") from None
    payload = (
        (outcome.payload or "").encode() if outcome.error is None else json.dumps(outcome.error).encode()
    )
    error = outcome.error
    if error is None and len(payload) > MAX_RESPONSE_BYTES:
        error = {
            "errorMessage": "Response payload size exceeded maximum allowed payload size "
            f"({MAX_RESPONSE_BYTES} bytes).",
            "errorType": "Function.ResponseSizeTooLarge",
        }
        payload = json.dumps(error).encode()
    _count(target, outcome, error is not None)
    return Result(payload, error is not None, "\n".join(outcome.tail) + "\n")


def _qualifier_in(name: str) -> str | None:
    parts = name.split(":function:")[-1].split(":")
    return parts[1] if len(parts) > 1 else None


def _check_kinds(invocation: str, log: str) -> None:
    request = {"FunctionName": "f", "InvocationType": invocation, "LogType": log}
    findings = constraints.violations("lambda", "Invoke", request)
    if findings:
        raise Fault(400, "ValidationException", constraints.message(findings))


def _event(body: bytes, kind: str) -> str:
    limit = MAX_EVENT_BYTES if kind == "Event" else MAX_PAYLOAD_BYTES
    if len(body) > limit:
        raise Fault(
            413,
            "RequestTooLargeException",
            f"{len(body)} byte payload is too large for the {kind} invocation type (limit {limit} bytes)",
        )
    try:
        event = body.decode() or "{}"
        json.loads(event)  # of bytes it would take UTF-16 too
    except (ValueError, RecursionError) as error:
        raise _no_json(error) from error
    return event


def _no_json(error: Exception) -> Fault:
    return Fault(400, "InvalidRequestContentException", f"Could not parse request body into json: {error}")


def _outcome(target: Target, event: str, on_part: OnPart | None) -> Outcome:
    """A function that changes while the invocation waits for its turn runs as it is then."""
    request_id = str(uuid.uuid4())
    while True:
        try:
            return functions.pool_of(target.function).invoke(request_id, target.arn, event, on_part)
        except PoolClosed:
            target = target.again()


def _count(target: Target, outcome: Outcome, is_error: bool) -> None:
    metrics = (
        Metric("Invocations", 1, "Count"),
        Metric("Errors", float(is_error), "Count"),
        Metric("Throttles", 0, "Count"),
        Metric("Duration", outcome.seconds * 1000, "Milliseconds"),
    )
    for dimensions in _dimensions(target):
        _put(target, dimensions, metrics)


def _count_concurrency(target: Target, concurrency: functions.Concurrency) -> None:
    """What runs at once, with this invocation. Lambda publishes nothing while nothing runs, and so does this."""
    function, qualifier = target.function, target.qualifier
    by_name, *by_alias = _dimensions(target)
    _put(target, by_name, (Metric("ConcurrentExecutions", concurrency.function, "Count"),))
    for dimensions in by_alias:
        _put(target, dimensions, (Metric("ConcurrentExecutions", concurrency.qualifier, "Count"),))
    ready = provisioned.allocated(function.account_id, function.region, function.function_name, qualifier)
    if ready == 0:
        return
    used = min(concurrency.qualifier, ready)
    spilled = concurrency.qualifier > ready
    metrics = (
        Metric("ProvisionedConcurrentExecutions", used, "Count"),
        Metric("ProvisionedConcurrencyUtilization", used / ready, "None"),
        Metric("ProvisionedConcurrencyInvocations", float(not spilled), "Count"),
        Metric("ProvisionedConcurrencySpilloverInvocations", float(spilled), "Count"),
    )
    for dimensions in _dimensions(target):
        _put(target, dimensions, metrics)


def _dimensions(target: Target) -> list[dict[str, str]]:
    name = target.function.function_name
    by_name = {"FunctionName": name}
    if target.qualifier is None:
        return [by_name]
    return [by_name, {"FunctionName": name, "Resource": f"{name}:{target.qualifier}"}]


def _put(target: Target, dimensions: dict[str, str], metrics: tuple[Metric, ...]) -> None:
    function = target.function
    place = (function.account_id, function.region)
    put_metrics(*place, "AWS/Lambda", dimensions, metrics, Pool.machine.clock())


PLUMBING: dict[str, Callable[..., Any]] = {"setup_class": setup_class}
"""Methods of moto's class that are no operations."""
