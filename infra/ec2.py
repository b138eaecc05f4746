"""The instance types that EC2 has, without asking AWS."""

import functools
import gzip
import importlib.util
import json
from pathlib import Path

from infra import instances
from infra.errors import ToolchainError

BATCHS_WORDS = ("optimal", "default_x86_64", "default_arm64")
"""What Batch takes in place of an instance type: it then chooses among its own."""


@functools.cache
def types() -> frozenset[str]:
    """Every instance type that botocore's model of EC2 knows."""
    # The file itself, as for SageMaker's: botocore's loader takes three times as long.
    found = importlib.util.find_spec("botocore")
    for folder in found.submodule_search_locations or () if found else ():
        for file in sorted((Path(folder) / "data" / "ec2").glob("*/service-2.json.gz"), reverse=True):
            model = json.loads(gzip.decompress(file.read_bytes()))
            return frozenset(model["shapes"]["InstanceType"]["enum"])
    raise ToolchainError(
        "botocore has no model of EC2; run: python -m pip install --force-reinstall botocore"
    )


@functools.cache
def families() -> frozenset[str]:
    """The families of these types, such as `m5`."""
    return frozenset(one.partition(".")[0] for one in types())


def processor(instance_type: str) -> str:
    """What an image must be for, as `instances.processor` has it; Batch's own words are x86 but for one."""
    if instance_type in BATCHS_WORDS:
        return "arm" if instance_type == "default_arm64" else "cpu"
    return instances.processor(f"ml.{instance_type.removeprefix('ml.')}")
