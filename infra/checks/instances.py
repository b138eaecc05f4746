"""Instance types that SageMaker hosting has, and what they can have."""

import difflib
from collections.abc import Iterator

from infra import instances
from infra.checks.kinds import on_instances
from infra.stack import Stack


def _instance_types(stack: Stack) -> Iterator[str]:
    for workload in on_instances(stack):
        known = instances.hosting_types()
        if workload.instance_type not in known:
            # The mistake that people make: the name of the EC2 type.
            hosting = {f"ml.{workload.instance_type}"} & known
            near = [*hosting] or difflib.get_close_matches(
                workload.instance_type, sorted(known), n=3, cutoff=0.6
            )
            yield (
                f"{workload.name}: SageMaker has no instance type {workload.instance_type!r}; "
                f"near it are {', '.join(near) or 'ml.m5.large, ml.g5.xlarge'}."
            )


def _volumes(stack: Stack) -> Iterator[str]:
    for workload in on_instances(stack):
        known = workload.instance_type in instances.hosting_types()
        if workload.volume_gb is not None and known and not instances.has_volume(workload.instance_type):
            yield (
                f"{workload.name}: {workload.instance_type} has a disk of its own, and SageMaker gives it no volume; "
                f"leave out volume_gb={workload.volume_gb}, or choose a larger size of the type."
            )


CHECKS = (_instance_types, _volumes)
