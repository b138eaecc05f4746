"""The images that AWS keeps, and which account keeps them in a region: two CSV files with source and date per row."""

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent

FILES = {"images": _HERE / "images.csv", "accounts": _HERE / "accounts.csv"}
"""Written by tests/infra/images/generate.py."""


@dataclass(frozen=True)
class Image:
    """One image: what is in it, where it is, what it needs, and until when AWS mends it.

    `registry` is `deep-learning` or `algorithms`: AWS keeps them in different accounts. `python` is a runtime's name,
    such as python3.12. Empty text is unknown, or none: `inference_ami_version` of an image that SageMaker's own choice
    of host does for, `cuda` of one that has none in its tag, `end_of_patch` (a date) of one that AWS names none for.
    """

    framework: str
    version: str
    processor: str
    python: str
    repository: str
    tag: str
    registry: str
    cuda: str
    inference_ami_version: str = ""
    end_of_patch: str = ""
    multi_model: bool = False
    source: str = ""
    as_of: str = ""


@functools.cache
def images() -> tuple[Image, ...]:
    """Every row, the newest of a framework last."""
    with FILES["images"].open(newline="") as stream:
        return tuple(_image(row) for row in csv.DictReader(stream))


def _image(row: dict[str, Any]) -> Image:
    return Image(**{**row, "multi_model": row["multi_model"] == "yes"})


@functools.cache
def accounts() -> Mapping[tuple[str, str], str]:
    """The account by registry and region."""
    with FILES["accounts"].open(newline="") as stream:
        return {(row["registry"], row["region"]): row["account"] for row in csv.DictReader(stream)}
