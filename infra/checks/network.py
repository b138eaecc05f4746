"""Containers that reach no network, and what they would fetch from it."""

from collections.abc import Iterator

from infra import images
from infra.checks.kinds import endpoints
from infra.stack import Stack
from model_packaging.model import REQUIREMENTS


def _requirements(stack: Stack) -> Iterator[str]:
    """With AWS's image the packages are put into the artifact; what an own image runs is not known."""
    for workload in endpoints(stack):
        network = stack.network(workload)
        unknown = (
            workload.image is not None
            and not images.is_built(workload)
            and images.python(workload.image) is None
        )
        if not unknown or not network.isolated:
            continue
        for model in workload.models:
            if (model.directory(stack.base) / REQUIREMENTS).is_file():
                yield (
                    f"{workload.name}: its container is isolated, and {model.path}/{REQUIREMENTS} would be installed "
                    f"from PyPI when it starts; put the packages into {workload.image} and take {REQUIREMENTS} out of "
                    "the folder, or leave image out: then they are packed with the model."
                )


CHECKS = (_requirements,)
