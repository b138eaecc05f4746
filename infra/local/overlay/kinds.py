"""The kinds of variants: which one a configuration asks for."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.local.overlay.instances import Instances
from infra.local.overlay.multi_model import MultiModel
from infra.local.overlay.serverless import Serverless
from infra.local.overlay.sites import Site
from infra.local.overlay.variants import INSTANCES, PROVISIONED, Variant


def variant_of(site: Site, production: Mapping[str, Any], definition: Mapping[str, Any]) -> Variant:
    """The variant that a configuration asks for, not started."""
    if "ServerlessConfig" in production:
        return Serverless(site, production, definition)
    if definition.get("Mode") == "MultiModel":
        return MultiModel(site, production, definition)
    return Instances(site, production, definition)


def desired(request: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """What UpdateEndpointWeightsAndCapacities asks of one variant, by scalable dimension."""
    if request.get("DesiredInstanceCount") is not None:
        yield INSTANCES, request["DesiredInstanceCount"]
    provisioned = request.get("ServerlessUpdateConfig", {}).get("ProvisionedConcurrency")
    if provisioned is not None:
        yield PROVISIONED, provisioned
