"""What the golden files use: resource types, and the arguments of each, blocks included."""

import json
from collections.abc import Iterator
from typing import Any

from tests.infra.test_blueprint import GOLDEN

FILES = sorted(GOLDEN.glob("*.tf.json"))

META = frozenset({"depends_on", "lifecycle", "provider", "count", "for_each"})
"""What Terraform itself takes in every resource."""


def types() -> list[str]:
    """Every resource type of every golden file."""
    return sorted({type for file in FILES for type in json.loads(file.read_text())["resource"]})


def unknown(arguments: Any, known: Any, path: str) -> Iterator[str]:
    """Arguments that are not in `known`, at any depth. A map of free keys has None there, as a plain value has."""
    for block in arguments if isinstance(arguments, list) else [arguments]:
        if not isinstance(block, dict) or known is None:
            continue
        for name, value in block.items():
            if name not in known:
                yield f"{path}.{name}"
            else:
                yield from unknown(value, known[name], f"{path}.{name}")
