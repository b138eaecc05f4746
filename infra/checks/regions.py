"""Regions that AWS has, with the services that a stack needs."""

import difflib
import functools
import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.errors import ToolchainError
from infra.stack import Stack
from infra.workloads import BatchJob, LambdaEndpoint, Workload


def _service(workload: Workload) -> tuple[str, str]:
    """What botocore calls the service, and people."""
    if isinstance(workload, LambdaEndpoint):
        return "lambda", "Lambda"
    return ("batch", "Batch") if isinstance(workload, BatchJob) else ("api.sagemaker", "SageMaker")


@functools.cache
def services() -> Mapping[str, frozenset[str]]:
    """The services by region, from botocore's own table of endpoints."""
    # The file itself: importing botocore takes 0.15 s, the file 0.02 s.
    found = importlib.util.find_spec("botocore")
    for folder in found.submodule_search_locations or () if found else ():
        content = json.loads((Path(folder) / "data" / "endpoints.json").read_bytes())
        return {
            region: frozenset(
                service
                for service, details in partition["services"].items()
                if region in details.get("endpoints", {})
            )
            for partition in content["partitions"]
            for region in partition["regions"]
        }
    raise ToolchainError(
        "botocore has no table of regions; run: python -m pip install --force-reinstall botocore"
    )


def absent(stack: Stack, offered: Mapping[str, frozenset[str]] | None = None) -> Iterator[str]:
    """Regions and services that are not in `offered`, which is services() where it is None."""
    offered = services() if offered is None else offered
    region, file = stack.environment.region, f"stacks/environments/{stack.environment.name}.toml"
    if region not in offered:
        near = difflib.get_close_matches(region, sorted(offered), n=3, cutoff=0.6)
        yield f"AWS has no region {region!r}; near it are {', '.join(near) or 'us-east-1'}: correct region in {file}."
        return
    for workload in stack.workloads:
        service, name = _service(workload)
        if service not in offered[region]:
            yield (
                f"{workload.name}: {name} is not in region {region!r}; name another region in {file}, "
                "such as us-east-1, or deploy this workload from an environment of its own."
            )


CHECKS = (absent,)
