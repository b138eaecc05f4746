"""How many instances an endpoint has: what an update begins with, and what somebody has set by hand.

Where the count is Application Auto Scaling's, an update begins with as many as there are.

UpdateEndpoint begins with the new configuration's own count, and the provider has no RetainAllVariantProperties
(hashicorp/terraform-provider-aws #48990, open): a fleet of six would serve its load with the one that it began with,
until it has scaled out anew.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.blueprint import RENDERERS
from infra.connection import Connection
from infra.naming import VARIANT
from infra.operations import endpoints
from infra.operations.scaling import targets
from infra.stack import Stack
from infra.workloads import InstanceEndpoint, scaling

Say = Callable[[str], None]


@dataclass(frozen=True)
class Moved:
    """An endpoint whose instances somebody has set to `found`, beyond what it is to have: `least` to `most`."""

    name: str
    found: int
    least: int
    most: int

    @property
    def allowed(self) -> str:
        """The count that it is to have, or between which two."""
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"

    @property
    def wanted(self) -> int:
        """The nearest that it may have."""
        return min(max(self.found, self.least), self.most)


def moved(name: str, connection: Connection) -> Moved | None:
    """What somebody has set by hand of the endpoint `name`; None where its count is as its configuration or its scaling
    says, or it has none. No state of an engine holds it.
    """
    sagemaker = connection.client("sagemaker")
    found = endpoints.describe(name, sagemaker)
    if found is None or found["EndpointStatus"] != "InService":
        return None
    configuration = endpoints.describe_configuration(found["EndpointConfigName"], sagemaker)
    planned = (configuration or {}).get("ProductionVariants", [{}])[0].get("InitialInstanceCount")
    if planned is None:
        return None
    count = found.get("ProductionVariants", [{}])[0].get("DesiredInstanceCount", planned)
    registered = targets(name, connection)
    least, most = (
        (registered[0]["MinCapacity"], registered[0]["MaxCapacity"]) if registered else (planned, planned)
    )
    return None if least <= count <= most else Moved(name, count, least, most)


def tell(stack: Stack, connection: Connection, say: Say) -> None:
    """Say what a deploy is going to set back: no plan has it."""
    for one in _of(stack, connection):
        say(
            f"{one.name}: its instances were set to {one.found} by hand; a deploy sets them back to {one.wanted}"
        )


def restore(stack: Stack, connection: Connection, say: Say) -> None:
    """Set back what somebody has set by hand of the endpoints of `stack`, and wait until it is so."""
    sagemaker = connection.client("sagemaker")
    for one in _of(stack, connection):
        say(f"{one.name}: its instances were set to {one.found} by hand, and are set back to {one.wanted}")
        sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=one.name,
            DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": one.wanted}],
        )
        endpoints.settled(one.name, sagemaker, say)


def _of(stack: Stack, connection: Connection) -> list[Moved]:
    """What somebody has set by hand of the endpoints of `stack`."""
    names = [stack.deployed_name(one) for one in stack.workloads if isinstance(one, InstanceEndpoint)]
    return [found for name in names if (found := moved(name, connection)) is not None]


def kept(stack: Stack, artifact_keys: Mapping[str, str], connection: Connection) -> Stack:
    """`stack` with the counts that an update by it begins with; it is the same stack where nothing is updated."""
    workloads = tuple(
        _kept(stack, workload, artifact_keys[workload.name], connection)
        if isinstance(workload, InstanceEndpoint) and scaling.bounded(workload.autoscaling)
        else workload
        for workload in stack.workloads
    )
    return dataclasses.replace(stack, workloads=workloads)


def _kept(
    stack: Stack, workload: InstanceEndpoint, artifact_key: str, connection: Connection
) -> InstanceEndpoint:
    sagemaker = connection.client("sagemaker")
    live = endpoints.describe(stack.deployed_name(workload), sagemaker)
    serving = endpoints.describe_configuration(live["EndpointConfigName"], sagemaker) if live else None
    if live is None or serving is None:
        return _left(stack, workload, artifact_key, sagemaker)
    began_with = serving["ProductionVariants"][0].get("InitialInstanceCount", 0)
    for count in (workload.instance_count, began_with):
        # The configuration's name carries its count, too: what serves stays as an earlier update made it.
        as_it_is = _with(workload, count)
        if _configuration(stack, as_it_is, artifact_key) == serving["EndpointConfigName"]:
            return as_it_is
    # One that never came up, or is about to, has no variants yet.
    (variant,) = live.get("ProductionVariants", ({},))
    return _with(workload, variant.get("DesiredInstanceCount", 0))


def _left(stack: Stack, workload: InstanceEndpoint, artifact_key: str, sagemaker: Any) -> InstanceEndpoint:
    """As the configuration that is there without its endpoint has it: one that sleeps wakes with what it keeps."""
    pages = sagemaker.get_paginator("list_endpoint_configs").paginate(
        NameContains=stack.deployed_name(workload)
    )
    there = {item["EndpointConfigName"] for page in pages for item in page["EndpointConfigs"]}
    if there:
        for count in range(workload.instance_count, workload.maximum_instances + 1):
            as_it_is = _with(workload, count)
            if _configuration(stack, as_it_is, artifact_key) in there:
                return as_it_is
    return workload


def _with(workload: InstanceEndpoint, count: int) -> InstanceEndpoint:
    """Never less than is declared, and never more than it may have."""
    count = min(max(count, workload.instance_count), max(workload.maximum_instances, workload.instance_count))
    return dataclasses.replace(workload, instance_count=count)


def _configuration(stack: Stack, workload: InstanceEndpoint, artifact_key: str) -> str:
    rendered = RENDERERS[type(workload)](stack, workload, artifact_key)
    (configuration,) = rendered.of_type("aws_sagemaker_endpoint_configuration")
    return str(configuration.arguments["name"])
