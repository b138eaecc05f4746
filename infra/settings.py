"""What an environment sets for all of its workloads, and a workload may set for itself."""

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from infra.quantities import Number, Whole

_ARN = r"^arn:aws[a-z-]*:{service}:[a-z0-9-]+:\d{{12}}:.+$"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Network(_Settings):
    """A VPC of one's own: subnets and security groups. `isolated` cuts a container off from every network.

    `Network()` is AWS's own network.
    """

    # At most 16 and 5 (botocore, sagemaker and lambda VpcConfig).
    subnet_ids: tuple[Annotated[str, Field(pattern=r"^subnet-[0-9a-z]+$")], ...] = Field(
        default=(), max_length=16
    )
    security_group_ids: tuple[Annotated[str, Field(pattern=r"^sg-[0-9a-z]+$")], ...] = Field(
        default=(), max_length=5
    )
    isolated: bool = False

    @model_validator(mode="after")
    def _both(self) -> "Network":
        if bool(self.subnet_ids) != bool(self.security_group_ids):
            raise ValueError("subnet_ids and security_group_ids belong together; write both")
        return self

    @property
    def vpc(self) -> bool:
        """Whether it names a VPC."""
        return bool(self.subnet_ids)


class Alarms(_Settings):
    """CloudWatch alarms, each where AWS has its metric; None is no such alarm. They tell an SNS topic.

    `topic_arn`: where it is None, the stack makes a topic. `p99_latency_ms`: the model's own latency.
    `server_error_rate`: the share of requests that end in a 5XX, or in an error of the function.
    `backlog_age_seconds`: how long the oldest asynchronous request waits. `throttles`: a function's refused calls in
    5 minutes. A rollout needs `p99_latency_ms` or `server_error_rate`; write it before the first deploy: where it comes
    or goes later, the provider replaces the endpoint, which a deploy does only with --replace.
    """

    topic_arn: str | None = Field(default=None, pattern=_ARN.format(service="sns"))
    p99_latency_ms: Number | None = Field(default=None, gt=0)
    server_error_rate: Number | None = Field(default=0.05, gt=0, le=1)
    backlog_age_seconds: Number | None = Field(default=900, gt=0)
    throttles: Whole | None = Field(default=1, ge=1)

    @classmethod
    def none(cls) -> "Alarms":
        """No alarms at all."""
        return cls(server_error_rate=None, backlog_age_seconds=None, throttles=None)


class AllAtOnce(_Settings):
    """An update moves all traffic to the new instances at once, and watches the alarms for a while."""

    strategy: Literal["all-at-once"] = "all-at-once"
    wait_seconds: Whole = Field(default=300, ge=0, le=3600)

    @property
    def watched_seconds(self) -> int:
        """How long the alarms are watched, over all steps."""
        return self.wait_seconds


class Canary(_Settings):
    """An update moves `percent` of the instances first, waits, and then the rest."""

    strategy: Literal["canary"] = "canary"
    percent: Whole = Field(default=10, ge=5, le=50)
    wait_seconds: Whole = Field(default=300, ge=0, le=3600)

    @property
    def watched_seconds(self) -> int:
        """How long the alarms are watched: after the first part, and again after the rest."""
        return 2 * self.wait_seconds


class Linear(_Settings):
    """An update moves `percent` of the instances after another, with a wait between."""

    strategy: Literal["linear"] = "linear"
    percent: Whole = Field(default=25, ge=10, le=50)
    wait_seconds: Whole = Field(default=180, ge=0, le=3600)

    @property
    def watched_seconds(self) -> int:
        """How long the alarms are watched, over all steps."""
        return math.ceil(100 / self.percent) * self.wait_seconds


class Rolling(_Settings):
    """An update replaces `percent` of the instances after another: no second fleet is paid for."""

    strategy: Literal["rolling"] = "rolling"
    percent: Whole = Field(default=25, ge=5, le=50)
    wait_seconds: Whole = Field(default=180, ge=0, le=3600)

    @property
    def watched_seconds(self) -> int:
        """How long the alarms are watched, over all steps."""
        return math.ceil(100 / self.percent) * self.wait_seconds


Rollout = Annotated[AllAtOnce | Canary | Linear | Rolling, Field(discriminator="strategy")]
"""How an endpoint's update goes; it is rolled back when an alarm of the endpoint goes off meanwhile."""

LONGEST_ROLLOUT_SECONDS = 3000
"""When SageMaker gives an update up and rolls it back. The provider waits an hour for an update, with no way to say
otherwise (hashicorp/terraform-provider-aws #39040, open), so that 10 minutes are left for the roll-back."""

SECONDS_TO_ALARM = 180
"""How long after the first bad request an alarm goes off: two datapoints of a minute, and CloudWatch's own delay."""


class DataCapture(_Settings):
    """A share of the requests and answers of real-time endpoints, kept in S3.

    `uri` is an S3 prefix; where it is None, below `data/` in the environment's bucket.
    """

    sampling_percent: Whole = Field(default=10, ge=1, le=100)
    uri: str | None = Field(
        default=None, pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$", max_length=512
    )
