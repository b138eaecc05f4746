"""Lambda functions."""

from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from infra.quantities import Whole
from infra.settings import Alarms, Network
from infra.workloads.scaling import CONFIG, Autoscaling
from model_packaging import Model


@dataclass(frozen=True, config=CONFIG, kw_only=True)
class FunctionUrl:
    """An HTTPS address of a function. Callers sign with IAM, unless `public` says by name that anybody may call.

    `streaming` sends the answer as it is made. `cors_origins` are the web pages that may call it from a browser,
    each an origin such as https://app.example.com.
    """

    public: bool = False
    streaming: bool = False
    cors_origins: Annotated[Sequence[str], AfterValidator(tuple)] = ()


@dataclass(frozen=True, config=CONFIG)
class LambdaEndpoint:
    """A Lambda function on CPU behind an alias and a URL; billed per request.

    `package` is `zip` or `image`; where it is None, a zip as long as Lambda takes it unzipped (250 MB), then a
    container image. `provisioned_concurrency` keeps that many ready on the alias, billed by the hour; with
    `autoscaling=TargetTracking(..., utilization=0.7)` it follows use. `url=None` makes no URL. `network` and
    `alarms` take the place of the environment's, and False is none.
    """

    name: str
    model: Model = field(kw_only=True)
    memory_mb: Annotated[Whole, Field(ge=128, le=10240)] = field(default=1024, kw_only=True)
    timeout_seconds: Annotated[Whole, Field(ge=1, le=900)] = field(default=30, kw_only=True)
    runtime: str = field(default="python3.11", kw_only=True)
    architecture: Literal["x86_64", "arm64"] = field(default="x86_64", kw_only=True)
    ephemeral_storage_mb: Annotated[Whole, Field(ge=512, le=10240)] = field(default=512, kw_only=True)
    package: Literal["zip", "image"] | None = field(default=None, kw_only=True)
    provisioned_concurrency: Annotated[Whole, Field(ge=1)] | None = field(default=None, kw_only=True)
    autoscaling: Autoscaling = field(default=(), kw_only=True)
    url: FunctionUrl | None = field(default_factory=FunctionUrl, kw_only=True)
    environment: dict[str, str] = field(default_factory=dict, kw_only=True)
    network: Network | Literal[False] | None = field(default=None, kw_only=True)
    alarms: Alarms | Literal[False] | None = field(default=None, kw_only=True)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that it serves."""
        return (self.model,)
