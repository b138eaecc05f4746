"""What Prometheus reads at GET /metrics. One registry an application: several may be in one process."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE

from model_packaging.hosts.backlog import Backlog, Job

__all__ = ["CONTENT_TYPE", "Metrics"]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Of one application: what was answered, how long it took and waited, and what waits now."""

    def __init__(self, backlog: Backlog) -> None:
        registry = self._registry = CollectorRegistry()

        def histogram(name: str, told: str, buckets: tuple[float, ...] = SECONDS) -> Callable[[float], None]:
            return Histogram(f"modelyard_{name}", told, registry=registry, buckets=buckets).observe

        def gauge(name: str, told: str, read: Callable[[], float]) -> None:
            Gauge(f"modelyard_{name}", told, registry=registry).set_function(read)

        self._requests = Counter(
            "modelyard_requests", "Requests by HTTP status", ["status"], registry=registry
        )
        self._statuses: dict[int, Callable[[], None]] = {}
        self._seconds = histogram("request_seconds", "From a request's whole body to its answer")
        self._queue_seconds = histogram("queue_seconds", "From a request's whole body to its batch")
        self._model_seconds = histogram("model_seconds", "Of one batch in the handler")
        self._sizes = histogram("batch_size", "Requests of one batch", SIZES)
        gauge("queue_depth", "Requests that wait", lambda: backlog.size)
        gauge("queue_bytes", "Bodies of the requests that wait", lambda: backlog.held_bytes)
        gauge("in_flight", "Requests that wait or are being answered", lambda: backlog.size + backlog.working)
        ProcessCollector(registry=registry)

    def answered(self, status: int) -> None:
        """A request was answered, with whatever status."""
        count = self._statuses.get(status)
        if count is None:
            count = self._statuses[status] = self._requests.labels(str(status)).inc
        count()

    def timed(self, job: Job, now: float) -> None:
        """A request has its prediction, and how long that took."""
        self._seconds(now - job.entered)
        self._queue_seconds(job.taken - job.entered)

    def batch(self, size: int, seconds: float) -> None:
        """So many requests went through the handler together."""
        self._sizes(size)
        self._model_seconds(seconds)

    def page(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self._registry)
