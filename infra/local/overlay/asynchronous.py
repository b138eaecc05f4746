"""Asynchronous inference of one endpoint: reads inputs from S3, asks the model, writes answers, tells SNS.

A request is done once: its answer is written when all of it is there, and a request whose container was killed
is given to the next one, at most `MAX_DELIVERIES` times.
"""

import http.client
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from infra.local import exchange
from infra.local.exchange import Reply
from infra.local.overlay import notifications, objects
from infra.local.overlay.backlog import Backlog, Waiting
from infra.local.overlay.instances import Instances
from infra.local.overlay.notifications import ERROR, SUCCESS
from infra.local.overlay.sites import Site
from infra.local.overlay.variants import Call, NoCapacity
from infra.local.telemetry import Metric

CONCURRENT_PER_INSTANCE = 4
"""Where the configuration names no MaxConcurrentInvocationsPerInstance; AWS then chooses by itself."""

MAX_DELIVERIES = 3
RETRY_SECONDS = 0.3
"""Until a container that does not listen is tried again: it is being started."""

MICROSECONDS, MILLISECONDS = 1_000_000, 1_000


class _Failed(Exception):
    """No answer; the message is AWS's failureReason."""

    def __init__(self, reason: str, metric: str, reply: Reply | None = None) -> None:
        super().__init__(reason)
        self.metric, self.reply = metric, reply


class Inference:
    """`variants` gives what serves now, `config` the AsyncInferenceConfig that holds now."""

    def __init__(
        self,
        site: Site,
        variants: Callable[[], list[Instances]],
        choose: Callable[[list[Instances]], Instances],
        config: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._site, self._variants, self._choose, self._config = site, variants, choose, config
        self._backlog = Backlog(self._capacity, self._serve)

    def put(self, request: Waiting) -> None:
        """Queue a request."""
        self._backlog.put(request)

    def close(self) -> None:
        """The endpoint is deleted: what waits is lost, as on AWS."""
        self._backlog.close()

    def publish(self, now: datetime) -> None:
        """What AWS publishes each minute, and the end of what waited too long."""
        for request in self._backlog.take_expired(now):
            self._expire(request)
        requests = self._backlog.requests()
        instances = sum(variant.serving for variant in self._variants())
        oldest = min((request.received for request in requests), default=now)
        self._site.publish(
            (
                Metric("ApproximateBacklogSize", len(requests), "Count"),
                # With no instance AWS divides by none: a backlog above the target wakes the endpoint by itself.
                Metric("ApproximateBacklogSizePerInstance", len(requests) / max(1, instances), "Count"),
                Metric("ApproximateAgeOfOldestRequest", (now - oldest).total_seconds(), "Seconds"),
                Metric("HasBacklogWithoutCapacity", float(bool(requests) and instances == 0), "None"),
            )
        )

    def _capacity(self) -> int:
        limit: int = (
            self._config()
            .get("ClientConfig", {})
            .get("MaxConcurrentInvocationsPerInstance", CONCURRENT_PER_INSTANCE)
        )
        return limit * sum(variant.serving for variant in self._variants())

    def _serve(self, request: Waiting) -> bool:
        """Do one request; False where it has to wait again."""
        begun = self._site.machine.clock()
        if request.expires <= begun:
            self._expire(request)
            return True
        variants = self._variants()
        if not variants:
            return False
        variant = self._choose(variants)
        try:
            admission = variant.admit()
        except NoCapacity:
            return False
        try:
            body, seconds = self._input(request)
            reply = admission.answer(
                Call(body, request.headers, timeout_seconds=request.timeout_seconds)
            ).reply
            waited = (begun - request.received).total_seconds() * MILLISECONDS
            metrics = (
                Metric("TimeInBacklog", waited, "Milliseconds"),
                Metric("RequestDownloadLatency", seconds * MICROSECONDS, "Microseconds"),
                Metric("ModelLatency", reply.seconds * MICROSECONDS, "Microseconds"),
                Metric("Invocation4XXErrors", float(400 <= reply.status < 500), "None"),
                Metric("Invocation5XXErrors", float(reply.status >= 500), "None"),
            )
            self._site.publish(metrics, variant=variant.name)
            self._finish(request, variant.name, reply)
        except _Failed as failed:
            self._fail(request, variant.name, failed)
        except exchange.TimedOut:
            reason = f"ModelError: no response from the container within {request.timeout_seconds:g} seconds."
            self._fail(request, variant.name, _Failed(reason, "InvocationFailures"))
        except ConnectionRefusedError:
            time.sleep(RETRY_SECONDS)
            return False
        except (OSError, http.client.HTTPException) as error:
            request.deliveries += 1
            if request.deliveries < MAX_DELIVERIES:
                return False
            reason = f"ModelError: the container ended {request.deliveries} times amid the request: {error}"
            self._fail(request, variant.name, _Failed(reason, "InvocationFailures"))
        except Exception as error:  # as a variant that wants a target model; nobody waits for it to be told
            self._fail(request, variant.name, _Failed(f"InternalError: {error}", "InvocationFailures"))
        finally:
            admission.leave()
        return True

    def _input(self, request: Waiting) -> tuple[bytes, float]:
        if isinstance(request.source, bytes):
            return request.source, 0.0
        started = time.monotonic()
        try:
            body, _ = objects.read(self._site.account_id, self._site.partition, request.source)
        except LookupError as error:
            reason = f"ClientError: Failed to download the input payload: {error}"
            raise _Failed(reason, "RequestDownloadFailures") from error
        return body, time.monotonic() - started

    def _finish(self, request: Waiting, variant: str, reply: Reply) -> None:
        if reply.status != 200:
            kind = "client" if 400 <= reply.status < 500 else "server"
            reason = (
                f"ClientError: Received {kind} error ({reply.status}) from model. See the SageMaker Endpoint "
                "logs in your account for more information."
            )
            raise _Failed(reason, "InvocationFailures", reply)
        content_type = _content_type(reply)
        started = time.monotonic()
        self._write(request.output, reply.body, content_type)
        uploaded = time.monotonic() - started
        self._tell(
            request, variant, SUCCESS, notifications.success(self._site, request, content_type), reply.body
        )
        total = (self._site.machine.clock() - request.received).total_seconds() * MILLISECONDS
        metrics = (
            Metric("InvocationsProcessed", 1, "Count"),
            Metric("ResponseUploadLatency", uploaded * MICROSECONDS, "Microseconds"),
            Metric("TotalProcessingTime", total, "Milliseconds"),
        )
        self._site.publish(metrics, variant=variant)

    def _fail(self, request: Waiting, variant: str, failed: _Failed) -> None:
        reply = failed.reply
        body = reply.body if reply is not None else str(failed).encode()
        written = False
        if request.failure is not None:
            try:
                content_type = _content_type(reply) if reply is not None else "text/plain"
                self._write(request.failure, body, content_type)
                written = True
            except _Failed as second:
                self._site.publish((Metric(second.metric, 1, "Count"),), variant=variant)
        message = notifications.failure(self._site, request, str(failed), written)
        self._tell(request, variant, ERROR, message, body)
        self._site.publish((Metric(failed.metric, 1, "Count"),), variant=variant)

    def _expire(self, request: Waiting) -> None:
        variants = self._variants()
        name = variants[0].name if variants else None
        message = notifications.failure(self._site, request, "ClientError: The request expired.", False)
        notifications.publish(self._site, self._config(), ERROR, message, None)
        self._site.publish((Metric("ExpiredRequests", 1, "Count"),), variant=name)

    def _write(self, uri: str, body: bytes, content_type: str) -> None:
        try:
            objects.write(self._site.account_id, self._site.partition, uri, body, content_type)
        except LookupError as error:
            reason = f"ClientError: Failed to upload the response: {error}"
            raise _Failed(reason, "ResponseUploadFailures") from error

    def _tell(
        self, request: Waiting, variant: str, kind: str, message: Mapping[str, Any], response: bytes
    ) -> None:
        if not notifications.publish(self._site, self._config(), kind, message, response):
            self._site.publish((Metric("NotificationFailures", 1, "Count"),), variant=variant)


def _content_type(reply: Reply) -> str:
    answered = {name.lower(): value for name, value in reply.headers.items()}
    return answered.get("content-type", "application/octet-stream")
