"""What SageMaker publishes of its endpoints as time goes by, whether there are requests or not."""

from collections.abc import Callable
from datetime import datetime

from infra.local.machine import Machine
from infra.local.overlay.hosting import HostingBackend, hosting_backends

INSTANCE_METRICS = "/aws/sagemaker/Endpoints"
"""The namespace of what comes from instances rather than from requests."""


def publish_on(machine: Machine) -> None:
    """Publish on the machine's clock until it stops."""

    def each(publish: Callable[[HostingBackend, datetime], None], now: datetime) -> None:
        for regions in list(hosting_backends.values()):
            for backend in list(regions.values()):
                publish(backend, now)

    machine.every(60, lambda now: each(publish_minute, now))
    machine.every(10, lambda now: each(publish_samples, now))


def publish_minute(backend: HostingBackend, now: datetime) -> None:
    """Queues and instances; and serverless variants that nobody used for a while end."""
    for endpoint in list(backend.endpoints.values()):
        if endpoint.inference is not None and endpoint.status != "Creating":
            endpoint.inference.publish(now)
        for variant in endpoint.variants:
            variant.rest(now)
            if gauges := variant.gauges():
                endpoint.site.publish(gauges, variant=variant.name, namespace=INSTANCE_METRICS)


def publish_samples(backend: HostingBackend, now: datetime) -> None:
    """What AWS publishes every 10 seconds."""
    for endpoint in list(backend.endpoints.values()):
        if not endpoint.is_async:
            for variant in endpoint.variants:
                endpoint.site.publish(variant.samples(), variant=variant.name)
