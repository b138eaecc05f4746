"""What `terraform init` depends on in a working directory: where that is as it was, init need not run again."""

import hashlib
import json
from pathlib import Path
from typing import Any

from infra.engines.terraform.mirror import PROVIDER
from infra.engines.terraform.toolchain import Toolchain

DATA, LOCK = ".terraform", ".terraform.lock.hcl"
RECORD = "modelyard-init"
"""In the folder DATA: the fingerprint of the last init."""


def settings(directory: Path) -> dict[str, Any]:
    """The block `terraform` of the configuration: backend and required providers."""
    found: dict[str, Any] = {}
    for file in sorted(directory.glob("*.tf.json")):
        found |= json.loads(file.read_text()).get("terraform", {})
    return found


def fingerprint(directory: Path, toolchain: Toolchain, configuration: Path) -> str:
    """Digest of all that `init` depends on, and of what it left behind."""
    lock = directory / LOCK
    installed = [
        (str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns)
        for package in sorted((directory / DATA).glob(f"providers/*/{PROVIDER}/*/*"))
        for file in sorted(package.iterdir())
    ]
    content = [
        str(toolchain.program),
        toolchain.version,
        settings(directory),
        configuration.read_text(),
        lock.read_text() if lock.is_file() else None,
        installed or None,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def is_other_version_locked(directory: Path, toolchain: Toolchain) -> bool:
    """Whether the lock file names another version of the provider than the mirror has."""
    lock, mirror = directory / LOCK, toolchain.mirror
    return mirror is not None and lock.is_file() and f'"{mirror.version}"' not in lock.read_text()
