"""The watchman's files as a zip for Lambda. The same files have the same digest, and lie in the bucket under it."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from model_packaging import manifest
from model_packaging.archive import write_zip
from model_packaging.manifest import Entry

PREFIX = "idle/code/"
KIND = "watchman"

MODULES = (
    "infra.aws",
    "infra.errors",
    "infra.ledger",
    "infra.naming",
    "infra.blueprint.metrics",
    "infra.operations.activity",
    "infra.operations.endpoints",
    "infra.operations.idle",
    "infra.operations.queues",
    "infra.operations.watchman.deletions",
    "infra.operations.watchman.handler",
    "infra.operations.watchman.rounds",
    "infra.operations.watchman.settings",
)
"""These very modules, and no package's own file: each folder is a namespace there, and loads nothing."""


def entries(modules: Sequence[str] = MODULES) -> list[Entry]:
    """Each file with its place."""
    return [_entry(name) for name in modules]


def key(modules: Sequence[str] = MODULES) -> str:
    """Where it lies in the environment's bucket: other content, other key."""
    return f"{PREFIX}{manifest.digest(KIND, entries(modules))}.zip"


def write(stream: BinaryIO) -> None:
    """The zip."""
    write_zip(entries(), stream)


def _entry(name: str) -> Entry:
    source = importlib.util.find_spec(name)
    assert source is not None and source.origin is not None
    return manifest.read(f"{name.replace('.', '/')}.py", Path(source.origin))
