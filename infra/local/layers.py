"""The layers of a container image, one over the other, as a folder."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from model_packaging.tape import Limits
from model_packaging.unpack import unpack_tar

LIMITS = Limits(max_bytes=10 * 1024**3)
"""Lambda's quota for an image, uncompressed (AWS Lambda Developer Guide, 'Lambda quotas')."""

HIDES, HIDES_ALL = ".wh.", ".wh..wh..opq"
"""What a layer calls a file that takes one of the layers below away (OCI Image Specification, 'Whiteouts')."""


def unpack(layers: Sequence[Path], target: Path) -> None:
    """Unpack `layers`, the lowest first, into the new folder `target`. Raises `UnpackFailed`."""
    root = target.with_name(f"{target.name}.whole")
    root.mkdir(parents=True)
    try:
        for number, layer in enumerate(layers):
            upper = target.with_name(f"{target.name}.{number}")
            unpack_tar(layer, upper, LIMITS)
            _lay(upper, root)
        root.rename(target)
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise


def _lay(upper: Path, lower: Path) -> None:
    """Move what is in `upper` over `lower`, and away what it hides there."""
    for entry in sorted(upper.iterdir(), key=lambda entry: not entry.name.startswith(HIDES)):
        if entry.name == HIDES_ALL:
            shutil.rmtree(lower)
            lower.mkdir()
        elif entry.name.startswith(HIDES):
            _remove(lower / entry.name.removeprefix(HIDES))
        elif entry.is_dir() and (lower / entry.name).is_dir():
            _lay(entry, lower / entry.name)
        else:
            _remove(lower / entry.name)
            entry.rename(lower / entry.name)
    shutil.rmtree(upper)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
