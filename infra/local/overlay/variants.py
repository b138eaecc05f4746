"""A variant of an endpoint: its weight, what it can be scaled by, and how a request gets into it.

`instances`, `serverless` and `multi_model` are the kinds.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from infra.local.container import INVOCATION_TIMEOUT_SECONDS, STARTUP_TIMEOUT_SECONDS, ContainerFailed
from infra.local.exchange import Reply, Stream
from infra.local.overlay.sites import Site
from infra.local.telemetry import LogStream, Metric

INSTANCES = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"
"""The scalable dimensions of variants."""


class DeploymentFailed(Exception):
    """The message is the endpoint's FailureReason, in AWS's words."""


class NoCapacity(Exception):
    """The variant has no instance to take a request."""


class Throttled(Exception):
    """The variant has as many requests as it may have at a time."""


@dataclass(frozen=True)
class Call:
    """One request to a model; `headers` are those that reach the container."""

    body: bytes
    headers: Mapping[str, str]
    target_model: str | None = None
    timeout_seconds: float = INVOCATION_TIMEOUT_SECONDS


@dataclass(frozen=True)
class Answer:
    """What the container answered, and what is counted besides the request itself."""

    reply: Reply
    metrics: tuple[Metric, ...] = ()


class Admission(Protocol):
    """A request that is in: what it was let into does not end before it leaves."""

    def answer(self, call: Call) -> Answer:
        """The container's answer. Raises as `exchange.send` does, and what the kind of variant refuses."""
        ...

    def stream(self, call: Call) -> Stream:
        """The container's answer, part by part. Raises as `exchange.start` does, and NotModelled."""
        ...

    def leave(self) -> None:
        """The request is done. Each admission needs exactly one."""
        ...


class Variant(ABC):
    """One production variant of a configuration; nothing runs before `begin`."""

    def __init__(self, site: Site, production: Mapping[str, Any], definition: Mapping[str, Any]) -> None:
        self.site, self.production, self.definition = site, production, definition
        self.name: str = production["VariantName"]
        self.weight: float = production.get("InitialVariantWeight", 1.0)
        self.desired_weight = self.weight
        self._deployed = site.machine.clock()
        self._events = LogStream(
            site.account_id, site.region, site.log_group, f"{self.name}/events", site.machine.clock
        )

    @abstractmethod
    def begin(self) -> None:
        """Run what has to be up. Raises ContainerFailed."""

    @abstractmethod
    def end(self) -> None:
        """Stop, after the running requests."""

    @abstractmethod
    def admit(self) -> Admission:
        """Let a request in, at once. Raises NoCapacity or Throttled."""

    @abstractmethod
    def capacity(self, dimension: str) -> int:
        """What is desired now. Raises LookupError where the variant does not have `dimension`."""

    @abstractmethod
    def want(self, dimension: str, value: int) -> None:
        """Desire `value` of a dimension that the variant has."""

    @abstractmethod
    def reach(self) -> None:
        """Be at what is desired. Raises ContainerFailed, and is at what it was then."""

    @abstractmethod
    def counts(self) -> dict[str, Any]:
        """What DescribeEndpoint shows of its size."""

    def samples(self) -> tuple[Metric, ...]:
        """What CloudWatch gets every 10 seconds, whether there are requests or not."""
        return ()

    def rest(self, now: datetime) -> None:
        """Stop what nobody has used for a while, where the kind of variant does so."""
        return

    def gauges(self) -> tuple[Metric, ...]:
        """What CloudWatch gets each minute of its instances, whether there are requests or not."""
        return ()

    def per_request(self) -> tuple[Metric, ...]:
        """What CloudWatch gets with each request, besides what every variant publishes."""
        return ()

    def retain(self, old: "Variant", excluded: set[str]) -> None:
        """Keep the live weight of `old`, but for the excluded kinds of properties."""
        if "DesiredWeight" not in excluded:
            self.weight = self.desired_weight = old.desired_weight

    @property
    def startup_timeout_seconds(self) -> float:
        """How long the container may take until /ping answers 200."""
        seconds: float = self.production.get(
            "ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_TIMEOUT_SECONDS
        )
        return seconds

    def settle_weight(self) -> None:
        """Have the weight that is desired."""
        self.weight = self.desired_weight

    def description(self) -> dict[str, Any]:
        """The variant as DescribeEndpoint shows it."""
        shown: dict[str, Any] = {
            "VariantName": self.name,
            "CurrentWeight": self.weight,
            "DesiredWeight": self.desired_weight,
            **self.counts(),
        }
        if self.definition.get("Image") is not None:
            image = {"SpecifiedImage": self.definition["Image"], "ResolutionTime": self._deployed}
            shown["DeployedImages"] = [image]
        for key in ("ManagedInstanceScaling", "RoutingConfig"):
            if key in self.production:
                shown[key] = self.production[key]
        return shown

    def note(self, message: str) -> None:
        """Write a line of the embedded AWS's own into the endpoint's log."""
        self._events.write(message)


def start(plan: list[Variant]) -> None:
    """Start all; where one does not come up, stop all and raise DeploymentFailed."""
    failed: list[Variant] = []

    def come_up(variant: Variant) -> None:
        try:
            variant.begin()
        except ContainerFailed:
            failed.append(variant)
        except Exception as error:  # a fault of ours must not leave the endpoint in Creating for ever
            variant.note(f"The embedded AWS could not start the container: {error!r}")
            failed.append(variant)

    _each(come_up, plan)
    if failed:
        stop(variant for variant in plan if variant not in failed)
        raise DeploymentFailed(unhealthy(failed[0]))


def unhealthy(variant: Variant) -> str:
    """AWS's reason where a container does not come up."""
    return (
        f"The primary container for production variant {variant.name} did not pass the ping health "
        "check. Please check CloudWatch logs for this endpoint."
    )


def stop(plan: Iterable[Variant]) -> None:
    """Stop all, after their running requests."""
    _each(lambda variant: variant.end(), list(plan))


def _each(work: Callable[[Variant], None], plan: list[Variant]) -> None:
    threads = [threading.Thread(target=work, args=(variant,), daemon=True) for variant in plan]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
