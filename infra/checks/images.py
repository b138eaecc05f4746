"""Container images that AWS has and mends, that it can pull, and whose CUDA the host knows."""

import datetime
from collections.abc import Iterator

from infra import images, instances
from infra.checks.kinds import endpoints, on_instances
from infra.errors import InvalidStack
from infra.stack import Stack
from infra.workloads import MultiModelEndpoint, SageMakerEndpoint, ServerlessEndpoint


def unavailable(stack: Stack, today: datetime.date | None = None) -> Iterator[str]:
    """Images that are in no registry of AWS, or that AWS has stopped mending by `today`."""
    for workload in _runnable(stack):
        try:
            images.refuse_unmended(images.of(workload, stack.environment.region, today), today)
        except InvalidStack as error:
            yield f"{workload.name}: {error}"


def _hosts(stack: Stack) -> Iterator[str]:
    for workload in on_instances(stack):
        chosen = workload.inference_ami_version
        if chosen is not None and chosen not in images.AMIS:
            yield (
                f"{workload.name}: SageMaker has no inference_ami_version {chosen!r}; allowed are "
                f"{', '.join(images.AMIS)}."
            )
        elif chosen is not None and not _drives(chosen, workload.instance_type):
            yield (
                f"{workload.name}: inference_ami_version {chosen} has drivers of accelerators that "
                f"{workload.instance_type} does not have; leave inference_ami_version out."
            )
        needed = images.cuda(workload.image) if workload.image else None
        if needed is None or int(needed.partition(".")[0]) < images.CUDA_WITH_HOST:
            continue
        if images.inference_ami_version(workload) is None:
            yield (
                f"{workload.name}: {_tag(workload.image)} has CUDA {needed}, and SageMaker's own choice of host has an "
                f"older driver; write inference_ami_version={images.NEWEST_AMI!r}."
            )


def _drives(ami: str, instance_type: str) -> bool:
    """Whether a host image is for the accelerator of the type; of one that there is not, that is told already."""
    if instance_type not in instances.hosting_types():
        return True
    on = instances.processor(instance_type)
    return on == "neuron" if "neuron" in ami else "gpu" in on


def _regions(stack: Stack) -> Iterator[str]:
    here = stack.environment.region
    for workload in endpoints(stack):
        there = images.region(workload.image) if workload.image else None
        if there not in (None, here):
            yield (
                f"{workload.name}: {_tag(workload.image)} is in {there}, and SageMaker pulls from its own region only; "
                f"write the URI of a copy in {here}."
            )


def _several(stack: Stack) -> Iterator[str]:
    for workload in _runnable(stack):
        if not isinstance(workload, MultiModelEndpoint):
            continue
        try:
            uri = images.of(workload, stack.environment.region)
        except InvalidStack:
            continue  # told above
        if not images.serves_several(workload, uri):
            yield (
                f"{workload.name}: {_tag(uri)} serves one model at a time on {workload.instance_type}; choose an "
                f"x86 CPU instance such as ml.m5.xlarge, write {images.OWN} of a server that loads models by name, "
                "or write a RealtimeEndpoint for each model."
            )


def _serverless(stack: Stack) -> Iterator[str]:
    for workload in endpoints(stack):
        if not isinstance(workload, ServerlessEndpoint) or workload.image is None:
            continue
        image = images.known(workload.image)
        on_gpu = image.processor == "gpu" if image else images.cuda(workload.image) is not None
        if on_gpu:
            yield (
                f"{workload.name}: {_tag(workload.image)} is built for GPUs, and SageMaker Serverless has CPUs only; "
                "write a CPU image, or an AsyncEndpoint with min_capacity=0, which has GPUs and costs nothing at rest."
            )


def _runnable(stack: Stack) -> Iterator[SageMakerEndpoint]:
    """With an image that is there already, and on an instance type that there is; of others that is told already."""
    for workload in endpoints(stack):
        if images.is_built(workload):
            continue
        if isinstance(workload, ServerlessEndpoint) or workload.instance_type in instances.hosting_types():
            yield workload


def _built(stack: Stack) -> Iterator[str]:
    for workload in endpoints(stack):
        if not images.is_built(workload):
            continue
        if isinstance(workload, MultiModelEndpoint):
            yield (
                f"{workload.name}: image={images.BUILT!r} makes an image with the packages of one model; write a "
                f"RealtimeEndpoint for each model, or {images.OWN}."
            )
        elif images.processor(workload) not in images.ARCHITECTURES:
            yield (
                f"{workload.name}: image={images.BUILT!r} makes images for CPUs, and this is one for "
                f"{images.processor(workload)}; leave image out for AWS's own, write {images.OWN}, or choose a CPU "
                "instance."
            )


def _tag(uri: str | None) -> str:
    return (uri or "").rpartition("/")[2]


CHECKS = (unavailable, _hosts, _regions, _several, _serverless, _built)
