"""Unpacking what a user uploaded: regular files and directories only, inside the target, below a size."""

import lzma
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

MAX_BYTES = 20 * 1024**3
"""Unpacked bytes of one archive; a small archive may claim any size."""

MAX_MEMBERS = 100_000
CHUNK_BYTES = 1024 * 1024

_DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, OverflowError, RuntimeError),
)
"""What the standard library raises for a damaged, encrypted or unknown archive; RuntimeError for the last two."""


class UnsafeArchive(Exception):
    """The archive has a member that must not be written, or is too large, or is broken."""


class ArchiveTooLarge(UnsafeArchive):
    """Unpacked it has more bytes than allowed."""


class _Member(Protocol):
    name: str
    size: int
    directory: bool
    mode: int

    def open(self) -> IO[bytes]: ...


def unpack_tar(file: Path, target: Path, max_bytes: int = MAX_BYTES) -> None:
    """Unpack the (compressed) tar `file` into the new directory `target`: all of it, or nothing.

    Raises UnsafeArchive.
    """
    try:
        with tarfile.open(file) as archive:
            _write(_tar_members(archive, max_bytes), target, max_bytes)
    except _DAMAGE as error:
        raise UnsafeArchive(f"{file.name} is no readable tar archive: {error}") from error


def unpack_zip(file: Path | IO[bytes], target: Path, max_bytes: int = MAX_BYTES) -> None:
    """Unpack the zip `file` into the new directory `target`: all of it, or nothing. Raises UnsafeArchive."""
    try:
        with zipfile.ZipFile(file) as archive:
            _write(_zip_members(archive), target, max_bytes)
    except _DAMAGE as error:
        raise UnsafeArchive(f"not a readable zip archive: {error}") from error


def check_zip(file: IO[bytes], max_bytes: int) -> None:
    """Read all of the zip `file`, and write nothing. Raises ArchiveTooLarge, or UnsafeArchive where it is broken."""
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(info.file_size for info in archive.infolist()) > max_bytes:
                raise ArchiveTooLarge(f"unpacked it is larger than {max_bytes} bytes")
            broken = archive.testzip()
    except _DAMAGE as error:
        raise UnsafeArchive(f"not a readable zip archive: {error}") from error
    if broken is not None:
        raise UnsafeArchive(f"{broken} is broken")


class _TarMember:
    def __init__(self, archive: tarfile.TarFile, info: tarfile.TarInfo) -> None:
        if not (info.isreg() or info.isdir()):
            raise UnsafeArchive(f"{info.name} is neither a regular file nor a directory")
        self._archive, self._info = archive, info
        self.name, self.size, self.directory, self.mode = info.name, info.size, info.isdir(), info.mode

    def open(self) -> IO[bytes]:
        content = self._archive.extractfile(self._info)
        assert content is not None
        return content


class _ZipMember:
    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self.mode = info.external_attr >> 16
        if self.mode & 0o170000 not in (0, 0o100000, 0o040000):
            raise UnsafeArchive(f"{info.filename} is neither a regular file nor a directory")
        self._archive, self._info = archive, info
        self.name, self.size, self.directory = info.filename, info.file_size, info.is_dir()

    def open(self) -> IO[bytes]:
        return self._archive.open(self._info)


def _tar_members(archive: tarfile.TarFile, max_bytes: int) -> Iterator[_Member]:
    for info in archive:
        yield _TarMember(archive, info)
    # tarfile stops at the archive's end: the checksum of the compression comes after it, and is then never read
    assert archive.fileobj is not None
    while chunk := archive.fileobj.read(CHUNK_BYTES):
        max_bytes -= len(chunk)
        if max_bytes < 0:
            raise ArchiveTooLarge("what follows its last member has no end")


def _zip_members(archive: zipfile.ZipFile) -> Iterator[_Member]:
    return (_ZipMember(archive, info) for info in archive.infolist())


def _write(members: Iterator[_Member], target: Path, max_bytes: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        _write_each(members, half, max_bytes)
        half.rename(target)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise


def _write_each(members: Iterator[_Member], target: Path, max_bytes: int) -> None:
    left = max_bytes
    for count, member in enumerate(members, start=1):
        left -= member.size
        if left < 0:
            raise ArchiveTooLarge(f"unpacked it is larger than {max_bytes} bytes")
        if count > MAX_MEMBERS:
            raise UnsafeArchive(f"it has more than {MAX_MEMBERS} members")
        path = _inside(target, member.name)
        if member.directory:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with member.open() as source, path.open("wb") as sink:
            shutil.copyfileobj(source, sink, CHUNK_BYTES)
        if member.mode & 0o111:
            path.chmod(0o755)


def _inside(target: Path, name: str) -> Path:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or "\\" in name or "\0" in name:
        raise UnsafeArchive(f"{name!r} points outside of the archive")
    return target.joinpath(*relative.parts)
