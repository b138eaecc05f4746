"""What shows how far an upload is; how it looks is not decided here."""

import contextlib
from collections.abc import Callable, Iterator

from model_packaging.upload import Progress

Meter = Callable[[str, int], contextlib.AbstractContextManager[Progress]]
"""Its title and the bytes that AWS shall have; then it is told how many more AWS has."""


@contextlib.contextmanager
def unseen(_title: str, _size_bytes: int) -> Iterator[Progress]:
    """The meter of one who does not look."""
    yield lambda _more: None
