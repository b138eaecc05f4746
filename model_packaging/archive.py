"""Entries to bytes: a tar.gz or a zip that comes out the same, byte for byte, every time."""

import contextlib
import gzip
import hashlib
import io
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO

from isal import igzip_threaded, isal_zlib

from model_packaging.errors import BuildFailed
from model_packaging.manifest import Entry
from model_packaging.whole import whole

CHUNK_BYTES = 1 << 20
LEVEL = 1
"""Of igzip: its bytes are the same on every x86-64 processor since 2008 (SSE 4.2), which those of level 3 are not."""

THREADS = 4
SAMPLE_BYTES = 1 << 14
SAMPLES = 16
WORTHWHILE = 0.85
"""Compressing pays where it leaves less than this. 32-bit weights come to 0.92, and each instance that starts has to
inflate them: 4 s more a GB with gzip, against 80 MB less to fetch."""

HEADER_BYTES = 4096
"""More than an archive needs for one file beside its content."""

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)

Writer = Callable[[Sequence[Entry], BinaryIO], None]


def write(
    entries: Sequence[Entry],
    file: Path,
    writer: Writer,
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
) -> None:
    """Write `file` through a temporary name beside it: it is whole, on disk, or not there at all.

    Raises `BuildFailed` where the disk has no room or refuses, or where a source changed since it was scanned.
    """
    make_private(file.parent)
    try:
        _require(sum(entry.size_bytes + HEADER_BYTES for entry in entries), free_bytes(file.parent), file)
        with whole(file) as stream:
            writer(entries, stream)
    except OSError as error:
        with contextlib.suppress(OSError):
            file.parent.rmdir()
        raise BuildFailed(f"{file} cannot be written: {error.strerror or error}.") from error
    except BaseException:
        with contextlib.suppress(OSError):
            file.parent.rmdir()
        raise


def _require(needed_bytes: int, free_bytes: int, file: Path) -> None:
    if free_bytes < needed_bytes:
        raise BuildFailed(
            f"{file} may take {needed_bytes / 1e6:.1f} MB, and its disk has {free_bytes / 1e6:.1f} MB free; remove "
            f"what is old in {file.parents[1]}, or make room elsewhere."
        )


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
    with (
        _deflated(stream) if _shrinks(entries) else _stored(stream) as packed,
        _Blocks(packed) as blocks,
        tarfile.TarFile(
            fileobj=blocks, mode="w", format=tarfile.PAX_FORMAT, copybufsize=CHUNK_BYTES
        ) as archive,
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


def _deflated(stream: BinaryIO) -> Any:
    """Compresses in blocks, in as many threads as there are processors: their number does not show in the bytes."""
    threads = min(THREADS, os.cpu_count() or 1)
    return igzip_threaded.open(  # type: ignore[no-untyped-call]
        stream, "wb", compresslevel=LEVEL, threads=threads, block_size=CHUNK_BYTES
    )


def _stored(stream: BinaryIO) -> gzip.GzipFile:
    return gzip.GzipFile(filename="", mode="wb", fileobj=stream, compresslevel=0, mtime=0)


class _Blocks(io.RawIOBase):
    """Passes blocks of one size on: where a compressor is handed its bytes shows in what it makes of them."""

    def __init__(self, target: Any) -> None:
        self._target, self._kept = target, bytearray()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return 0  # tarfile asks once, before it writes

    def write(self, content: Any) -> int:
        self._kept += content
        while len(self._kept) >= CHUNK_BYTES:
            self._target.write(bytes(self._kept[:CHUNK_BYTES]))
            del self._kept[:CHUNK_BYTES]
        return len(content)

    def __exit__(self, kind: Any, *rest: Any) -> None:
        if kind is None:
            self._target.write(bytes(self._kept))
        super().__exit__(kind, *rest)


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
        after += entry.size_bytes * len(isal_zlib.compress(taken, LEVEL)) / max(1, len(taken))
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
