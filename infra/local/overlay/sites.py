"""Where an endpoint lies, and what it reads and writes there."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.container import Container, log_of
from infra.local.machine import Machine
from infra.local.overlay import artifacts
from infra.local.telemetry import Metric, put_metrics


@dataclass(frozen=True)
class Site:
    """An endpoint's place: on which machine, in which account and region, under which name."""

    machine: Machine
    account_id: str
    region: str
    endpoint: str

    @property
    def partition(self) -> str:
        """The partition that the region lies in."""
        from moto.utilities.utils import get_partition

        partition: str = get_partition(self.region)
        return partition

    @property
    def log_group(self) -> str:
        """Where the output of its containers goes."""
        return f"/aws/sagemaker/Endpoints/{self.endpoint}"

    def container(
        self, variant: str, definition: Mapping[str, Any], *, memory_mb: int | None = None
    ) -> Container:
        """A new instance with the model's data as it is in S3 now, not started. Raises where the data is gone."""
        log = log_of(
            self.machine,
            self.account_id,
            self.region,
            self.endpoint,
            variant,
            f"i-{uuid.uuid4().hex[:17]}",
        )
        archive = artifacts.model_archive(self.account_id, self.partition, definition)
        return Container(self.machine, self.region, definition, archive, log, memory_mb=memory_mb)

    def publish(
        self,
        metrics: tuple[Metric, ...],
        *,
        variant: str | None = None,
        namespace: str = "AWS/SageMaker",
    ) -> None:
        """Put metrics of the endpoint, or of a variant of it."""
        dimensions = {"EndpointName": self.endpoint}
        if variant is not None:
            dimensions["VariantName"] = variant
        put_metrics(self.account_id, self.region, namespace, dimensions, metrics, self.machine.clock())
