"""A variant of SageMaker Serverless: nothing runs until a request comes, and nothing again some time after the last.

One process stands for all concurrent executions; what follows their number is throttling and what is published.
"""

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from infra.local.container import Container, ContainerFailed
from infra.local.exchange import Reply, Stream
from infra.local.overlay.faults import NotModelled
from infra.local.overlay.sites import Site
from infra.local.overlay.stopwatch import Stopwatch
from infra.local.overlay.variants import PROVISIONED, Admission, Answer, Call, Throttled, Variant, unhealthy
from infra.local.telemetry import Metric

IDLE_SECONDS = 600
"""AWS does not say how long it keeps what is idle; some minutes are reported."""

STARTUP_SECONDS = 180
"""AWS gives a container so long until /ping answers 200."""


class Serverless(Variant):
    """A variant with a ServerlessConfig."""

    def __init__(self, site: Site, production: Mapping[str, Any], definition: Mapping[str, Any]) -> None:
        super().__init__(site, production, definition)
        config = production["ServerlessConfig"]
        self.memory_mb: int = config["MemorySizeInMB"]
        self.max_concurrency: int = config["MaxConcurrency"]
        self.provisioned: int = config.get("ProvisionedConcurrency", 0)
        self._provisions = bool(self.provisioned)
        self.desired_provisioned: int = self.provisioned
        self._lock, self._starting = threading.Lock(), threading.Lock()
        self._container: Container | None = None
        self._in_flight = self._peak = 0
        self._last_used = site.machine.clock()

    @property
    def startup_timeout_seconds(self) -> float:
        """How long the container may take until /ping answers 200."""
        return STARTUP_SECONDS

    def begin(self) -> None:
        """See that the container comes up, as AWS does; it stays only where concurrency is provisioned."""
        self._warm()[0].leave()
        if not self.desired_provisioned:
            self.end()

    def end(self) -> None:
        """Stop the process, after its requests."""
        with self._lock:
            container, self._container = self._container, None
        if container is not None:
            container.stop()

    def admit(self) -> Admission:
        """A place among the concurrent executions."""
        with self._lock:
            if self._in_flight >= self.max_concurrency:
                raise Throttled(self.name)
            self._in_flight += 1
            self._peak = max(self._peak, self._in_flight)
            return _Execution(self, self._in_flight)

    def answer(self, call: Call, number: int) -> Answer:
        """The answer, after a start where nothing ran; `number` executions ran with this one."""
        watch = Stopwatch()
        try:
            container, started = self._warm()
        except ContainerFailed:
            return Answer(Reply(500, {}, unhealthy(self).encode(), 0))
        watch.lap("ModelSetupTime")
        try:
            reply = container.invoke(call.body, call.headers, call.timeout_seconds)
        finally:
            container.leave()
        setup = watch.metrics() if started else ()
        return Answer(reply, (*setup, *self._of_execution(number)))

    def leave(self) -> None:
        """An execution is done."""
        with self._lock:
            self._in_flight -= 1
            self._last_used = self.site.machine.clock()

    def rest(self, now: datetime) -> None:
        """Stop what nobody has used for a while, unless concurrency is provisioned."""
        with self._lock:
            idle = not self._in_flight and (now - self._last_used).total_seconds() >= IDLE_SECONDS
            rests = idle and not self.provisioned
        if rests:
            self.end()

    @property
    def is_warm(self) -> bool:
        """Whether a process runs."""
        return self._container is not None

    def capacity(self, dimension: str) -> int:
        """The desired provisioned concurrency. Raises LookupError where the configuration has none."""
        if dimension != PROVISIONED or not self._provisions:
            raise LookupError(f"Variant {self.name} has no {dimension}.")
        return self.desired_provisioned

    def want(self, dimension: str, value: int) -> None:
        """Desire so much provisioned concurrency."""
        self.capacity(dimension)
        self.desired_provisioned = value

    def reach(self) -> None:
        """Be ready for what is provisioned."""
        try:
            if self.desired_provisioned:
                self._warm()[0].leave()
        except BaseException:
            self.desired_provisioned = self.provisioned
            raise
        self.provisioned = self.desired_provisioned

    def retain(self, old: Variant, excluded: set[str]) -> None:
        """Serverless variants have no live count to keep."""
        super().retain(old, excluded)

    def counts(self) -> dict[str, Any]:
        """The configuration, with the provisioned concurrency of now."""
        return {
            "CurrentServerlessConfig": self._config(self.provisioned),
            "DesiredServerlessConfig": self._config(self.desired_provisioned),
        }

    def samples(self) -> tuple[Metric, ...]:
        """The share of what is provisioned, and of what is allowed, that was used since the last sample."""
        with self._lock:
            peak, self._peak = self._peak, self._in_flight
        used = [Metric("ServerlessConcurrentExecutionsUtilization", peak / self.max_concurrency, "None")]
        if self.provisioned:
            ready = min(peak, self.provisioned)
            used += [
                Metric("ServerlessProvisionedConcurrencyExecutions", ready, "Count"),
                Metric("ServerlessProvisionedConcurrencyUtilization", ready / self.provisioned, "None"),
            ]
        return tuple(used)

    def _of_execution(self, number: int) -> tuple[Metric, ...]:
        if not self.provisioned:
            return ()
        name = "Invocations" if number <= self.provisioned else "SpilloverInvocations"
        return (Metric(f"ServerlessProvisionedConcurrency{name}", 1, "Count"),)

    def _config(self, provisioned: int) -> dict[str, int]:
        shown = {"MemorySizeInMB": self.memory_mb, "MaxConcurrency": self.max_concurrency}
        return {**shown, "ProvisionedConcurrency": provisioned} if provisioned else shown

    def _warm(self) -> tuple[Container, bool]:
        """The running container, entered, and whether it was started for that. Raises ContainerFailed."""
        with self._starting:
            with self._lock:
                if self._container is not None:
                    self._container.enter()
                    return self._container, False
            container = self.site.container(self.name, self.definition, memory_mb=self.memory_mb)
            container.start(self.startup_timeout_seconds)
            container.enter()
            with self._lock:
                self._container = container
            return container, True


class _Execution:
    """One request, as the `number`th at that time."""

    def __init__(self, variant: Serverless, number: int) -> None:
        self._variant, self._number = variant, number

    def answer(self, call: Call) -> Answer:
        return self._variant.answer(call, self._number)

    def stream(self, call: Call) -> Stream:
        raise NotModelled("sagemaker-runtime", "InvokeEndpointWithResponseStream", "of a serverless endpoint")

    def leave(self) -> None:
        self._variant.leave()
