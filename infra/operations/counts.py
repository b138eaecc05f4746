"""With how many instances an update begins where the count is Application Auto Scaling's: with as many as there are.

UpdateEndpoint begins with the new configuration's own count, and the provider has no RetainAllVariantProperties
(hashicorp/terraform-provider-aws #48990, open): a fleet of six would serve its load with the one that it began with,
until it has scaled out anew.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from infra.blueprint import RENDERERS
from infra.connection import Connection
from infra.operations import endpoints
from infra.stack import Stack
from infra.workloads import InstanceEndpoint, scaling


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
    (variant,) = live["ProductionVariants"]
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
