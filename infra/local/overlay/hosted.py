"""What SageMaker hosting keeps: models, endpoint configurations and endpoints."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.local.overlay.asynchronous import Inference
from infra.local.overlay.faults import NotModelled
from infra.local.overlay.instances import Instances
from infra.local.overlay.sites import Site
from infra.local.overlay.variants import Variant

IN_PROGRESS = frozenset({"Creating", "Updating", "RollingBack", "SystemUpdating", "Deleting"})


@dataclass
class Record:
    """A model or an endpoint configuration: the request as it came, and what AWS adds."""

    arn: str
    request: dict[str, Any]
    created: datetime
    tags: dict[str, str]


@dataclass
class Endpoint:
    """An endpoint: its state, the variants that serve, and what waits where it is asynchronous.

    During an update the `incoming` variants have their `share` of the traffic.
    """

    name: str
    site: Site
    arn: str
    config: Record
    status: str
    created: datetime
    modified: datetime
    tags: dict[str, str]
    deployment_config: dict[str, Any] | None = None
    failure_reason: str | None = None
    pending: Record | None = None
    variants: list[Variant] = field(default_factory=list)
    inference: Inference | None = None
    incoming: list[Variant] = field(default_factory=list)
    share: float = 0.0

    @property
    def is_async(self) -> bool:
        """Whether it takes its requests from a queue."""
        return self.config.request.get("AsyncInferenceConfig") is not None

    def enter(self, status: str) -> None:
        """Have a status from now on."""
        self.status, self.modified = status, self.site.machine.clock()

    def serving(self) -> list[Variant]:
        """The variants that the next request may go to."""
        shifted = self.incoming and random.random() < self.share  # noqa: S311 - traffic, not a secret
        return self.incoming if shifted else self.variants


def choose(variants: list[Variant]) -> Variant:
    """One of the variants, by their weights."""
    weights = [variant.weight for variant in variants]
    chosen = weights if any(weights) else None
    return random.choices(variants, chosen)[0]  # noqa: S311 - traffic, not a secret


def inference_of(endpoint: Endpoint) -> Inference:
    """What works on the queue of `endpoint`, with the variants and the configuration that it has by then."""

    def serving() -> list[Instances]:
        found = endpoint.incoming if endpoint.share >= 1 else endpoint.variants
        return [variant for variant in found if isinstance(variant, Instances)]

    def pick(among: list[Instances]) -> Instances:
        chosen = choose([*among])
        assert isinstance(chosen, Instances)
        return chosen

    def config() -> Mapping[str, Any]:
        held: Mapping[str, Any] = endpoint.config.request["AsyncInferenceConfig"]
        return held

    return Inference(endpoint.site, serving, pick, config)


def tags_of(request: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a request, by key."""
    return {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}


def containers_of(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The containers of a model, however it was sent."""
    primary = model.get("PrimaryContainer")
    return [primary] if primary is not None else list(model.get("Containers", []))


def check_modelled(config: Record) -> None:
    """The embedded AWS runs one container per variant; it refuses the kinds that it cannot run."""
    request = config.request
    if request.get("ShadowProductionVariants"):
        raise NotModelled(
            "sagemaker",
            "CreateEndpoint",
            "of a configuration with shadow variants (ShadowProductionVariants)",
        )
    if any("ModelName" not in variant for variant in request["ProductionVariants"]):
        raise NotModelled("sagemaker", "CreateEndpoint", "of a configuration for inference components")


def retain(plan: list[Variant], old: list[Variant], excluded: list[dict[str, str]]) -> None:
    """RetainAllVariantProperties: the variants of `plan` keep the live counts and weights of `old`."""
    kinds = {item["VariantPropertyType"] for item in excluded}
    serving = {variant.name: variant for variant in old}
    for variant in plan:
        if variant.name in serving:
            variant.retain(serving[variant.name], kinds)
