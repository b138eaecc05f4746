"""A variant on instances. One process stands for all of them, and for none nothing runs.

What follows the count: concurrency limits, what is published per instance, and what DescribeEndpoint shows.
"""

import threading
from collections.abc import Mapping
from typing import Any

from infra.local.container import Container
from infra.local.exchange import Stream
from infra.local.overlay.sites import Site
from infra.local.overlay.variants import INSTANCES, Admission, Answer, Call, NoCapacity, Variant
from infra.local.telemetry import Metric


class Instances(Variant):
    """A variant with an instance count, which may be 0 where the endpoint is asynchronous."""

    def __init__(self, site: Site, production: Mapping[str, Any], definition: Mapping[str, Any]) -> None:
        super().__init__(site, production, definition)
        self.instances: int = production.get("InitialInstanceCount", 1)
        self.desired_instances: int = self.instances
        self._lock = threading.Lock()
        self._container: Container | None = None
        self._in_flight = self._peak = 0

    def begin(self) -> None:
        """Start the process, unless there is no instance to stand for."""
        if self.desired_instances > 0:
            container = self._new_container()
            container.start(self.startup_timeout_seconds)
            with self._lock:
                self._container = container
        self.instances = self.desired_instances

    def end(self) -> None:
        """Stop the process, after its requests."""
        with self._lock:
            container, self._container = self._container, None
        if container is not None:
            container.stop()

    def admit(self) -> Admission:
        """A place on an instance."""
        with self._lock:
            if self._container is None:
                raise NoCapacity(self.name)
            self._container.enter()
            self._in_flight += 1
            self._peak = max(self._peak, self._in_flight)
            return _Seat(self, self._container)

    def leave(self, container: Container) -> None:
        """A request of `container` is done."""
        container.leave()
        with self._lock:
            self._in_flight -= 1

    def answer(self, container: Container, call: Call) -> Answer:
        """The container's answer."""
        return Answer(container.invoke(call.body, call.headers, call.timeout_seconds))

    def stream(self, container: Container, call: Call) -> Stream:
        """The container's answer, part by part."""
        return container.stream(call.body, call.headers, call.timeout_seconds)

    @property
    def serving(self) -> int:
        """How many instances take requests now."""
        with self._lock:
            return self.instances if self._container is not None else 0

    def capacity(self, dimension: str) -> int:
        """The desired count. Raises LookupError for another dimension."""
        if dimension != INSTANCES:
            raise LookupError(f"Variant {self.name} has no {dimension}.")
        return self.desired_instances

    def want(self, dimension: str, value: int) -> None:
        """Desire so many instances."""
        self.capacity(dimension)
        self.desired_instances = value

    def reach(self) -> None:
        """Start the process for the first instance, or end it after the last."""
        try:
            if self.desired_instances == 0:
                self.instances = 0
                self.end()
            elif self._container is None:
                self.begin()
            self.instances = self.desired_instances
        except BaseException:
            self.desired_instances = self.instances
            raise

    def retain(self, old: Variant, excluded: set[str]) -> None:
        """Keep the live count and weight of `old`, but for the excluded kinds of properties."""
        super().retain(old, excluded)
        if "DesiredInstanceCount" not in excluded and isinstance(old, Instances):
            self.instances = self.desired_instances = old.desired_instances

    def counts(self) -> dict[str, Any]:
        """The counts."""
        return {
            "CurrentInstanceCount": self.instances,
            "DesiredInstanceCount": self.desired_instances,
        }

    def per_request(self) -> tuple[Metric, ...]:
        """AWS divides by the count with each request, so that the sum over a minute is per instance."""
        return (Metric("InvocationsPerInstance", 1 / max(1, self.instances), "None"),)

    def samples(self) -> tuple[Metric, ...]:
        """The most requests at a time since the last sample, spread over the instances."""
        with self._lock:
            peak, self._peak = self._peak, self._in_flight
        return (Metric("ConcurrentRequestsPerModel", peak / max(1, self.instances), "Count"),)

    def _new_container(self) -> Container:
        return self.site.container(self.name, self.definition)


class _Seat:
    """A request on the process that was up when it came."""

    def __init__(self, variant: Instances, container: Container) -> None:
        self._variant, self._container = variant, container

    def answer(self, call: Call) -> Answer:
        return self._variant.answer(self._container, call)

    def stream(self, call: Call) -> Stream:
        return self._variant.stream(self._container, call)

    def leave(self) -> None:
        self._variant.leave(self._container)
