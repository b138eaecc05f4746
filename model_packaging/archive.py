"""Entries to bytes: a tar.gz or a zip that comes out the same, byte for byte, every time."""

import contextlib
import gzip
import hashlib
import io
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, BinaryIO

from model_packaging.errors import BuildFailed
from model_packaging.manifest import Entry

CHUNK_BYTES = 1 << 20
SAMPLE_BYTES = 1 << 14
SAMPLES = 16
WORTHWHILE = 0.85
"""Compressing pays where it leaves less than this. 32-bit weights: 0.92, for 22 times the time."""

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)

Writer = Callable[[Sequence[Entry], BinaryIO], None]


def write(entries: Sequence[Entry], file: Path, writer: Writer) -> None:
    """Write `file` through a temporary name beside it: it is whole, on disk, or not there at all.

    Raises `BuildFailed` where the disk refuses, or where a source changed since it was scanned.
    """
    make_private(file.parent)
    try:
        with _temporary(file.parent) as temporary:
            with temporary.open("wb") as stream:
                writer(entries, stream)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            file.parent.rmdir()
        raise BuildFailed(f"{file} cannot be written: {error.strerror or error}.") from error
    except BaseException:
        with contextlib.suppress(OSError):
            file.parent.rmdir()
        raise


def make_private(directory: Path) -> None:
    """Make the folder and the missing ones above it, for their owner only. Raises `BuildFailed`."""
    missing = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    try:
        for folder in reversed(missing):  # mkdir(parents=True) gives the mode to the last one only
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BuildFailed(f"{directory} cannot be made: {error.strerror or error}.") from error


def write_tar(entries: Sequence[Entry], stream: BinaryIO) -> None:
    """A gzipped tar: sorted, owned by nobody, dated 1970, without the time and name of gzip's own header."""
    level = 1 if _shrinks(entries) else 0
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=stream, compresslevel=level, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for entry in sorted(entries, key=lambda entry: entry.path):
            header = tarfile.TarInfo(entry.path)
            header.size = entry.size_bytes
            header.mode = _mode(entry)
            with _checked(entry) as source:
                archive.addfile(header, source)


def write_zip(entries: Sequence[Entry], stream: BinaryIO) -> None:
    """A zip: sorted, dated 1980; what does not shrink is stored."""
    with zipfile.ZipFile(stream, "w", allowZip64=True) as archive:
        for entry in sorted(entries, key=lambda entry: entry.path):
            header = zipfile.ZipInfo(entry.path, ZIP_EPOCH)
            header.create_system = 3  # Unix: the mode below counts
            header.external_attr = (0o100000 | _mode(entry)) << 16
            header.file_size = entry.size_bytes
            header.compress_type = zipfile.ZIP_DEFLATED if _shrinks([entry]) else zipfile.ZIP_STORED
            header._compresslevel = 1  # type: ignore[attr-defined]  # open() takes no level (typeshed: private)
            with _checked(entry) as source, archive.open(header, "w") as target:
                while chunk := source.read(CHUNK_BYTES):
                    target.write(chunk)


def _mode(entry: Entry) -> int:
    return 0o755 if entry.executable else 0o644


def _shrinks(entries: Sequence[Entry]) -> bool:
    """Whether samples of the files compress well enough, each counted by its file's size."""
    before = after = 0.0
    for entry in entries:
        if entry.size_bytes == 0:
            continue
        with entry.source.open("rb") as source:
            taken = b""
            for part in range(SAMPLES):
                source.seek(entry.size_bytes * part // SAMPLES)
                taken += source.read(min(SAMPLE_BYTES, entry.size_bytes // SAMPLES + 1))
        before += entry.size_bytes
        after += entry.size_bytes * len(zlib.compress(taken, 1)) / max(1, len(taken))
    return after < before * WORTHWHILE


class _Checked(io.RawIOBase):
    """Reads a file, and knows at its end whether it was still what the scan had seen."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.seen = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self._source.read(size)
        self.seen.update(chunk)
        return chunk


@contextlib.contextmanager
def _checked(entry: Entry) -> Iterator[_Checked]:
    with entry.source.open("rb") as source:
        reader = _Checked(source)
        try:
            yield reader
        except OSError as error:
            if "unexpected end of data" in str(error):  # tarfile: shorter than its header says
                raise BuildFailed(f"{entry.source} changed while it was packed; run it again.") from error
            raise
        if source.read(1) or reader.seen.hexdigest() != entry.sha256:
            raise BuildFailed(f"{entry.source} changed while it was packed; run it again.")


@contextlib.contextmanager
def _temporary(directory: Path) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(prefix=".part-", dir=directory)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
