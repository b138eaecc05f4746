"""Jobs that read an S3 prefix and write another."""

from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from infra.quantities import Whole
from infra.settings import Alarms, Network
from infra.workloads.scaling import CONFIG
from model_packaging import Model


@dataclass(frozen=True, config=CONFIG)
class BatchJob:
    """An AWS Batch job that runs a model over every object of an S3 prefix, on machines that are there only then.

    `spot` runs it on spot instances of the cheapest and least interrupted of `instance_types`; a job whose host
    was reclaimed is tried again, up to `attempts`, and skips what is written already. With
    `on_demand_fallback` on-demand instances are second in the queue. `array_size` children share the items
    among them. `schedule` is an EventBridge Scheduler expression, such as cron(0 2 * * ? *), in `timezone`.
    `input_uri` and `output_uri` are S3 prefixes; where one is None, below `data/` in the environment's bucket.
    `image` is a container image's URI; where it is None, the AWS image for the model's framework and the machines'
    processor; with `"build"` the deploy makes a small one of the model's packages, for x86 and Graviton CPUs.
    `network` and `alarms` take the place of the environment's; a job always needs subnets and security groups.
    """

    name: str
    model: Model = field(kw_only=True)
    instance_types: Annotated[Sequence[str], AfterValidator(tuple), Field(min_length=1)] = field(kw_only=True)
    max_vcpus: Annotated[Whole, Field(ge=1)] = field(default=16, kw_only=True)
    spot: bool = field(default=True, kw_only=True)
    on_demand_fallback: bool = field(default=True, kw_only=True)
    vcpus: Annotated[Whole, Field(ge=1)] = field(default=2, kw_only=True)
    memory_mb: Annotated[Whole, Field(ge=4)] = field(default=4096, kw_only=True)
    gpus: Annotated[Whole, Field(ge=0)] = field(default=0, kw_only=True)
    attempts: Annotated[Whole, Field(ge=1, le=10)] = field(default=3, kw_only=True)
    timeout_seconds: Annotated[Whole, Field(ge=60)] = field(default=3600, kw_only=True)
    array_size: Annotated[Whole, Field(ge=1)] = field(default=1, kw_only=True)
    schedule: str | None = field(default=None, kw_only=True)
    timezone: str = field(default="UTC", kw_only=True)
    input_uri: str | None = field(default=None, kw_only=True)
    output_uri: str | None = field(default=None, kw_only=True)
    environment: dict[str, str] = field(default_factory=dict, kw_only=True)
    image: str | None = field(default=None, kw_only=True)
    network: Network | Literal[False] | None = field(default=None, kw_only=True)
    alarms: Alarms | Literal[False] | None = field(default=None, kw_only=True)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that it runs."""
        return (self.model,)
