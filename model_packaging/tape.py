"""The bytes of a tar, plain or out of gzip: read once and forwards, and no further than the limits go."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from isal import igzip

from model_packaging.errors import ArchiveTooLarge, UnsafeArchive

BLOCK_BYTES = 512
"""A tar comes in blocks: a header for each member, and at its end one of zeros."""

READ_BYTES = 1 << 20
"""tarfile reads the extension of a header in one piece, of whatever size the header claims."""

GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Limits:
    """What is taken: unpacked bytes, members, folders within folders, and what one packed byte may become.

    The ratio counts from `ratio_from_bytes` on: below that a bomb does no harm. Weights come to 1 to 2, text to 10,
    the most that gzip can is 1,032.
    """

    max_bytes: int = 20 * 1024**3
    max_members: int = 100_000
    max_depth: int = 64
    max_ratio: int = 100
    ratio_from_bytes: int = 64 * 1024**2

    def check(self, unpacked_bytes: int, packed_bytes: int) -> None:
        """Raise `ArchiveTooLarge` where what is, or would be, unpacked is too much."""
        if unpacked_bytes > self.max_bytes:
            raise ArchiveTooLarge(f"unpacked it is larger than the {self.max_bytes} bytes that are allowed")
        if unpacked_bytes > max(self.ratio_from_bytes, self.max_ratio * packed_bytes):
            raise ArchiveTooLarge(
                f"its {packed_bytes} bytes unpack to {unpacked_bytes} or more; {self.max_ratio} times as many are "
                "allowed"
            )


LIMITS = Limits()


class Tape:
    """A file as tarfile reads it: a member, a look back at its last byte, and on.

    All that is read counts, also headers without end and what follows the last member.
    """

    def __init__(self, stream: IO[bytes], packed_bytes: int, limits: Limits) -> None:
        self._stream, self._packed_bytes, self._limits = stream, packed_bytes, limits
        self._position = 0
        self._back = 0
        self._last = b""

    def tell(self) -> int:
        """How many bytes lie before."""
        return self._position - self._back

    def seek(self, position: int) -> int:
        """On to `position`, or one byte back."""
        if position == self._position - 1:
            self._back = 1
        while self.tell() < position and self.read(min(READ_BYTES, position - self.tell())):
            pass
        return self.tell()

    def read(self, size: int) -> bytes:
        """The next bytes; fewer than `size` only at the end."""
        if size > READ_BYTES:
            raise UnsafeArchive(f"it has a header of {size} bytes; {READ_BYTES} are allowed")
        if self._back:
            self._back = 0
            return self._last[-1:] + self.read(size - 1)
        if size == 0:
            return b""
        self._last = self._stream.read(size)
        self._position += len(self._last)
        self._limits.check(self._position, self._packed_bytes)
        return self._last

    def finish(self) -> None:
        """Read what is left, for the checksum of the compression comes last. Raises where the tar has no end."""
        if self._last != bytes(BLOCK_BYTES):
            raise UnsafeArchive("it is cut short: the block that ends a tar is missing")
        while self.read(READ_BYTES):
            pass


@contextlib.contextmanager
def open_tape(file: Path, limits: Limits) -> Iterator[Tape]:
    """The tape of `file`, by its first bytes: gzip, or none. bzip2 and xz nobody here takes."""
    with contextlib.ExitStack() as opened:
        packed = opened.enter_context(file.open("rb"))
        gzipped = packed.read(len(GZIP)) == GZIP
        packed.seek(0)
        stream: IO[bytes] = packed
        if gzipped:
            stream = opened.enter_context(igzip.open(packed, "rb"))  # type: ignore[no-untyped-call]
        yield Tape(stream, file.stat().st_size, limits)
