"""SageMaker endpoints: on instances, asynchronous, serverless, and several models behind one."""

from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from infra.quantities import Whole
from infra.settings import Alarms, DataCapture, Network, Rollout
from infra.workloads import scaling
from infra.workloads.scaling import CONFIG, Autoscaling
from model_packaging import Model


@dataclass(frozen=True, config=CONFIG)
class _Instances:
    """What every endpoint on instances has.

    `instance_count` is how many it starts with; with `autoscaling`, at least its minimum. `environment` is given
    to the container. `image` is a container image's URI, such as `infra.images.uri` has of AWS's; where it is None,
    the AWS image for the model's framework and the instance's processor is used; with `"build"` the deploy makes one
    of our host and the model's packages, for x86 and Graviton CPUs. `inference_ami_version` is the
    host image that the container's CUDA needs; where it is None, the table of images says.
    `startup_timeout_seconds` is how long the container may take until /ping answers 200. `volume_gb` is the
    instance's volume, where its type has one.
    `network`, `alarms`, `rollout` and `data_capture` take the place of the environment's, and False is none.
    """

    name: str
    instance_type: str = field(kw_only=True)
    instance_count: Annotated[Whole, Field(ge=1)] = field(default=1, kw_only=True)
    autoscaling: Autoscaling = field(default=(), kw_only=True)
    environment: dict[str, str] = field(default_factory=dict, kw_only=True)
    image: str | None = field(default=None, kw_only=True)
    inference_ami_version: str | None = field(default=None, kw_only=True)
    startup_timeout_seconds: Annotated[Whole, Field(ge=60, le=3600)] = field(default=600, kw_only=True)
    volume_gb: Annotated[Whole, Field(ge=1, le=512)] | None = field(default=None, kw_only=True)
    network: Network | Literal[False] | None = field(default=None, kw_only=True)
    alarms: Alarms | Literal[False] | None = field(default=None, kw_only=True)
    rollout: Rollout | Literal[False] | None = field(default=None, kw_only=True)
    data_capture: DataCapture | Literal[False] | None = field(default=None, kw_only=True)

    @property
    def minimum_instances(self) -> int:
        """The least number of instances that are up, and billed, at any time."""
        return scaling.lowest(self.autoscaling, self.instance_count)

    @property
    def maximum_instances(self) -> int:
        """The most instances that can be up at a time."""
        return scaling.highest(self.autoscaling, self.instance_count)

    @property
    def initial_instances(self) -> int:
        """How many instances it starts with."""
        return max(self.instance_count, scaling.least(self.autoscaling, self.instance_count))


@dataclass(frozen=True, config=CONFIG)
class RealtimeEndpoint(_Instances):
    """A SageMaker endpoint on instances that are always up.

    With `uncompressed` the model lies in S3 file by file and not as model.tar.gz: an instance starts without unpacking
    it, and another version sends only the files that changed. It pays with large weights.
    """

    model: Model = field(kw_only=True)
    uncompressed: bool = field(default=False, kw_only=True)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that it serves."""
        return (self.model,)


@dataclass(frozen=True, config=CONFIG)
class AsyncEndpoint(_Instances):
    """A SageMaker endpoint that takes its requests from S3, queues them, and writes the answers to S3.

    With `autoscaling=TargetTracking(min_capacity=0, ..., backlog_per_instance=5)` it goes down to no instance
    when nothing waits, and wakes when something does. `output_uri` is where answers are written, an S3 prefix;
    where it is None, below `data/` in the environment's bucket, as inputs are. `success_topic` and `error_topic`
    are ARNs of SNS topics; where one is None the stack makes it. `uncompressed` is as a `RealtimeEndpoint` has it.
    """

    model: Model = field(kw_only=True)
    uncompressed: bool = field(default=False, kw_only=True)
    concurrent_requests_per_instance: Annotated[Whole, Field(ge=1, le=1000)] = field(default=4, kw_only=True)
    output_uri: str | None = field(default=None, kw_only=True)
    success_topic: str | None = field(default=None, kw_only=True)
    error_topic: str | None = field(default=None, kw_only=True)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that it serves."""
        return (self.model,)


@dataclass(frozen=True, config=CONFIG)
class MultiModelEndpoint(_Instances):
    """Several models behind one endpoint; a request names one by `TargetModel='NAME.tar.gz'`.

    A model is loaded at its first request, and the one that was not used longest makes room.
    """

    models: Annotated[Sequence[Model], AfterValidator(tuple), Field(min_length=1)] = field(kw_only=True)


@dataclass(frozen=True, config=CONFIG)
class ServerlessEndpoint:
    """SageMaker Serverless: on CPU, billed per request, with cold starts.

    `image` is as a `RealtimeEndpoint` has it.

    `provisioned_concurrency` keeps that many ready, and is billed by the hour; with
    `autoscaling=TargetTracking(..., utilization=0.7)` it follows use. SageMaker Serverless has neither a VPC nor data
    capture: where the environment has them, `network=False` and `data_capture=False` say that this one goes without.
    """

    name: str
    model: Model = field(kw_only=True)
    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = field(default=2048, kw_only=True)
    max_concurrency: Annotated[Whole, Field(ge=1, le=200)] = field(default=5, kw_only=True)
    provisioned_concurrency: Annotated[Whole, Field(ge=1, le=200)] | None = field(default=None, kw_only=True)
    autoscaling: Autoscaling = field(default=(), kw_only=True)
    environment: dict[str, str] = field(default_factory=dict, kw_only=True)
    image: str | None = field(default=None, kw_only=True)
    network: Network | Literal[False] | None = field(default=None, kw_only=True)
    alarms: Alarms | Literal[False] | None = field(default=None, kw_only=True)
    data_capture: DataCapture | Literal[False] | None = field(default=None, kw_only=True)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that it serves."""
        return (self.model,)
