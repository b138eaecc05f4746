"""Files that are whole, on disk, or not there at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def whole(file: Path) -> Iterator[BinaryIO]:
    """A stream whose content becomes `file`, for its owner only, once the block ends well; else nothing is left.

    It lies beside `file` meanwhile, under a hidden name. Raises OSError where the disk refuses.
    """
    descriptor, name = tempfile.mkstemp(prefix=".part-", dir=file.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
