"""What is known of instance types without asking AWS."""

import functools
import gzip
import importlib.util
import json
import re
from pathlib import Path

from infra.errors import ToolchainError

_ACCELERATED = {"g": "gpu", "p": "gpu", "inf": "neuron", "trn": "neuron", "dl": "gaudi"}
_FAMILY = re.compile(r"(?P<letters>[a-z]+)(?P<generation>\d+)(?P<suffix>[a-z]*)")


@functools.cache
def hosting_types() -> frozenset[str]:
    """Every instance type that SageMaker hosting knows, from botocore's own service model."""
    # The file itself: importing botocore and its loader takes 0.15 s, the file 0.05 s, and `cost` needs no more.
    found = importlib.util.find_spec("botocore")
    for folder in found.submodule_search_locations or () if found else ():
        for file in sorted((Path(folder) / "data" / "sagemaker").glob("*/service-2.json.gz"), reverse=True):
            model = json.loads(gzip.decompress(file.read_bytes()))
            return frozenset(model["shapes"]["ProductionVariantInstanceType"]["enum"])
    raise ToolchainError(
        "botocore has no model of SageMaker; run: python -m pip install --force-reinstall botocore"
    )


def family(instance_type: str) -> str:
    """`g5` of `ml.g5.xlarge`."""
    return instance_type.split(".")[1]


def processor(instance_type: str) -> str:
    """Which build of an image an instance needs: `cpu` (x86), `arm`, `gpu`, `arm-gpu`, `neuron` or `gaudi`."""
    match = _FAMILY.match(family(instance_type))
    if match is None:
        return "unknown"
    kind, suffix = _ACCELERATED.get(match["letters"], "cpu"), match["suffix"]
    # Graviton: a `g` behind the generation (c7g, m8gd), or a Grace superchip (p6e-gb200).
    if "-gb" in family(instance_type):
        return "arm-gpu"
    return "arm" if kind == "cpu" and "g" in suffix else kind


# Families without "d" in their name that have local storage only.
# Source: sagemaker_core 2.27.0, common_utils.volume_size_supported, which answers for keys too; read 2026-11.
_LOCAL_STORAGE = ("g5", "g6", "g7e", "p5", "p6-b200", "trn1", "trn2")


def has_volume(instance_type: str) -> bool:
    """Whether its storage is a volume, with a size and a key of one's own; else it is on the machine's own disk."""
    name = family(instance_type)
    return "d" not in name and not name.startswith(_LOCAL_STORAGE)


def is_burstable(instance_type: str) -> bool:
    """Whether it is one of the t families, which AWS does not autoscale."""
    match = _FAMILY.match(family(instance_type))
    return match is not None and match["letters"] == "t"
