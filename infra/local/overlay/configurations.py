"""What SageMaker refuses of an endpoint configuration, beyond what botocore's model says."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from infra.instances import has_volume
from infra.local.overlay.faults import NotModelled

MEMORY_STEP_MB = 1024

Config = Mapping[str, Any]
Find = Callable[[str], Config]
"""The request that made the model of that name."""


def check(config: Config, model_of: Find) -> None:
    """Raise AWS's error for a configuration that it refuses."""
    for finding in (*_of_variants(config), *_of_serverless(config, model_of), *_of_storage(config)):
        raise ValidationError(finding)
    if is_async(config) and (config.get("DataCaptureConfig") or {}).get("EnableCapture"):
        raise NotModelled("sagemaker", "CreateEndpointConfig", "of data capture with asynchronous inference")
    output = (config.get("AsyncInferenceConfig") or {}).get("OutputConfig")
    if output is not None and "S3OutputPath" not in output:
        raise NotModelled(
            "sagemaker", "CreateEndpointConfig", "of asynchronous inference without S3OutputPath"
        )


def is_serverless(config: Config) -> bool:
    """Whether it is a configuration of SageMaker Serverless."""
    return any("ServerlessConfig" in variant for variant in config["ProductionVariants"])


def is_async(config: Config) -> bool:
    """Whether it is a configuration of asynchronous inference."""
    return config.get("AsyncInferenceConfig") is not None


def check_update(old: Config, new: Config) -> None:
    """Raise AWS's error where an endpoint cannot go from one configuration to the other in place."""
    for words, is_kind in _KINDS.items():
        if is_kind(old) != is_kind(new):
            raise ValidationError(
                f"An endpoint cannot be updated to or from {words}; create another endpoint instead."
            )


def check_provisioned(value: int, max_concurrency: int) -> None:
    """Raise AWS's error where more is provisioned than may run at a time."""
    if value > max_concurrency:
        raise ValidationError(f"ProvisionedConcurrency {value} is above MaxConcurrency {max_concurrency}.")


_KINDS = {"a serverless configuration": is_serverless, "an asynchronous configuration": is_async}


def _of_variants(config: Config) -> Iterator[str]:
    for variant in config["ProductionVariants"]:
        name, serverless = variant["VariantName"], variant.get("ServerlessConfig")
        given = [key for key in ("InstanceType", "InitialInstanceCount") if variant.get(key) is not None]
        if serverless is not None and given:
            yield f"Variant {name} has ServerlessConfig and {' and '.join(given)}; a variant has one or the other."
        if (
            serverless is None
            and "ModelName" in variant
            and len(given) < 2
            and "InstancePools" not in variant
        ):
            yield f"Variant {name} needs InstanceType and InitialInstanceCount, or ServerlessConfig."


def _of_serverless(config: Config, model_of: Find) -> Iterator[str]:
    if not is_serverless(config):
        return
    variants = config["ProductionVariants"]
    if len(variants) > 1:
        yield f"A serverless endpoint has one variant; the configuration has {len(variants)}."
    if (config.get("DataCaptureConfig") or {}).get("EnableCapture"):
        yield "Data capture is not supported for serverless endpoints."
    if is_async(config):
        yield "Asynchronous inference is not supported for serverless endpoints."
    if config.get("VpcConfig") or config.get("EnableNetworkIsolation"):
        yield "VpcConfig and EnableNetworkIsolation are not supported for serverless endpoints."
    for variant in variants:
        yield from _of_memory(variant["ServerlessConfig"])
        yield from _of_model(model_of(variant["ModelName"]))


def _of_memory(serverless: Config) -> Iterator[str]:
    memory = serverless["MemorySizeInMB"]
    if memory % MEMORY_STEP_MB:
        yield f"MemorySizeInMB {memory} is no multiple of {MEMORY_STEP_MB}."
    check_provisioned(serverless.get("ProvisionedConcurrency", 0), serverless["MaxConcurrency"])


def _of_model(model: Config) -> Iterator[str]:
    name = model["ModelName"]
    if model.get("VpcConfig"):
        yield f"Model {name} has a VpcConfig, which is not supported for serverless endpoints."
    if model.get("EnableNetworkIsolation"):
        yield f"Model {name} has network isolation, which is not supported for serverless endpoints."
    primary = model.get("PrimaryContainer")
    containers = [primary] if primary is not None else model.get("Containers", [])
    if len(containers) > 1:
        yield f"Model {name} has {len(containers)} containers; a serverless endpoint runs one."
    for container in containers:
        if container.get("Mode") == "MultiModel":
            yield f"Model {name} has Mode MultiModel, which is not supported for serverless endpoints."
        if "ModelDataSource" in container:
            yield f"Model {name} has a ModelDataSource, which is not supported for serverless endpoints."
        if "-gpu-" in container.get("Image", ""):
            yield f"Image {container['Image']} is for GPUs, which serverless endpoints do not have."


def _of_storage(config: Config) -> Iterator[str]:
    for variant in config["ProductionVariants"]:
        instance = variant.get("InstanceType")
        if instance is None or has_volume(instance):
            continue
        if variant.get("VolumeSizeInGB") is not None:
            yield f"VolumeSizeInGB is not supported for {instance}, which has storage of its own."
        if config.get("KmsKeyId"):
            yield f"KmsKeyId is not supported for {instance}, whose own storage is encrypted already."
