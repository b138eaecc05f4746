"""What can be scaled: how its capacity is read and set, and what AWS says of it."""

from collections.abc import Mapping
from typing import Any, Protocol

from infra.local.overlay import provisioned
from infra.local.overlay.hosting import hosting_backends
from infra.local.overlay.scaling_registry import Place


class Capacity(Protocol):
    """One scalable dimension. `words` is what AWS calls it in an activity."""

    words: str
    service: str
    role: str
    cooldown_seconds: int

    def refusal(self, account_id: str, region: str, place: Place, minimum: int) -> str | None:
        """Why AWS does not register it; None where it does."""
        ...

    def exists(self, account_id: str, region: str, place: Place) -> bool:
        """Whether it is there to be scaled."""
        ...

    def read(self, account_id: str, region: str, place: Place) -> int:
        """The capacity that is wanted now. Raises LookupError where it is gone."""
        ...

    def write(self, account_id: str, region: str, place: Place, value: int) -> None:
        """Want another. Raises what AWS's service would."""
        ...

    def is_settled(self, account_id: str, region: str, place: Place) -> bool:
        """Whether what is wanted is there."""
        ...


class Variant:
    """A dimension of a production variant."""

    service, cooldown_seconds = "sagemaker", 300
    role = "SageMakerEndpoint"

    def __init__(self, words: str, config_key: str) -> None:
        self.words, self._config_key = words, config_key

    def refusal(self, account_id: str, region: str, place: Place, minimum: int) -> str | None:
        found = _variant_of(account_id, region, place)
        if found is None or not self._has(found[0]):
            return f"SageMaker endpoint variant doesn't exist: {place.resource_id}"
        production, is_async = found
        instance_type = production.get("InstanceType", "")
        if instance_type.startswith("ml.t"):
            return f"Autoscaling is not supported for the burstable instance type {instance_type}."
        # Provisioned concurrency may go to none (botocore, RegisterScalableTarget `MinCapacity`).
        if minimum == 0 and not is_async and self._config_key != "ProvisionedConcurrency":
            return f"Minimum capacity cannot be less than 1 for {place.dimension} of a real-time endpoint."
        return None

    def exists(self, account_id: str, region: str, place: Place) -> bool:
        return _variant_of(account_id, region, place) is not None

    def read(self, account_id: str, region: str, place: Place) -> int:
        endpoint, variant = _names(place)
        return hosting_backends[account_id][region].capacity(endpoint, variant, place.dimension)

    def write(self, account_id: str, region: str, place: Place, value: int) -> None:
        endpoint, variant = _names(place)
        hosting_backends[account_id][region].set_capacity(endpoint, variant, place.dimension, value)

    def is_settled(self, account_id: str, region: str, place: Place) -> bool:
        endpoint = hosting_backends[account_id][region].endpoints.get(_names(place)[0])
        return endpoint is not None and endpoint.status == "InService"

    def _has(self, production: Mapping[str, Any]) -> bool:
        if self._config_key == "ProvisionedConcurrency":
            return self._config_key in production.get("ServerlessConfig", {})
        return self._config_key in production


class Alias:
    """The provisioned concurrency of a function's alias."""

    words, service, role, cooldown_seconds = "provisioned concurrency", "lambda", "LambdaConcurrency", 0

    def refusal(self, account_id: str, region: str, place: Place, minimum: int) -> str | None:
        if not self.exists(account_id, region, place):
            return f"Lambda function alias doesn't exist: {place.resource_id}"
        return None

    def exists(self, account_id: str, region: str, place: Place) -> bool:
        parts = place.resource_id.split(":")
        if len(parts) != 3 or parts[0] != "function" or parts[2] == "$LATEST":
            return False
        try:
            provisioned.capacity(account_id, region, parts[1], parts[2])
        except LookupError:
            return False
        return True

    def read(self, account_id: str, region: str, place: Place) -> int:
        return provisioned.capacity(account_id, region, *_alias(place))

    def write(self, account_id: str, region: str, place: Place, value: int) -> None:
        provisioned.set_capacity(account_id, region, *_alias(place), value)

    def is_settled(self, account_id: str, region: str, place: Place) -> bool:
        wanted = provisioned.capacity(account_id, region, *_alias(place))
        return provisioned.allocated(account_id, region, *_alias(place)) == wanted


CAPACITIES: Mapping[str, Capacity] = {
    "sagemaker:variant:DesiredInstanceCount": Variant("desired instance count", "InitialInstanceCount"),
    "sagemaker:variant:DesiredProvisionedConcurrency": Variant(
        "desired provisioned concurrency", "ProvisionedConcurrency"
    ),
    "lambda:function:ProvisionedConcurrency": Alias(),
}
"""By scalable dimension."""


def _names(place: Place) -> tuple[str, str]:
    _, endpoint, _, variant = place.resource_id.split("/")
    return endpoint, variant


def _alias(place: Place) -> tuple[str, str]:
    _, function, alias = place.resource_id.split(":")
    return function, alias


def _variant_of(account_id: str, region: str, place: Place) -> tuple[Mapping[str, Any], bool] | None:
    """The variant in the endpoint's configuration, and whether the endpoint is asynchronous."""
    parts = place.resource_id.split("/")
    if len(parts) != 4 or (parts[0], parts[2]) != ("endpoint", "variant"):
        return None
    endpoint = hosting_backends[account_id][region].endpoints.get(parts[1])
    if endpoint is None:
        return None
    request = endpoint.config.request
    for production in request["ProductionVariants"]:
        if production["VariantName"] == parts[3]:
            return production, "AsyncInferenceConfig" in request
    return None
