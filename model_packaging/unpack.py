"""An archive that somebody may have made to do harm, onto this disk: plain files below one folder, all or none.

Everything of ours that unpacks comes here. Python's own `filter="data"` lets links within the target pass, and
200 MiB out of 200 KiB; `ZipFile.extractall` any size.
"""

import contextlib
import hashlib
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, Any

from isal import igzip_lib

from model_packaging.errors import UnpackFailed, UnsafeArchive
from model_packaging.manifest import Entry
from model_packaging.tape import LIMITS, READ_BYTES, Limits, Tape, open_tape

HEADER_BYTES = 8 * 1024
"""More than tar needs for one member beside its content: a header, the extension for a long name, and padding."""

ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those that Lambda unzips."""

IMPLIED, FOLDER, FILE = "implied", "folder", "file"
"""What lies at a place: a folder that only the names of others have, one that was named, or a file."""

_DAMAGE: tuple[type[Exception], ...] = (  # type: ignore[assignment]  # isal's stub has IsalError as a value
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, igzip_lib.IsalError, struct.error),
    *(EOFError, OSError, ValueError, OverflowError, RuntimeError),
)
"""What the libraries raise for a damaged or an encrypted archive; RuntimeError for the latter."""


@dataclass(frozen=True)
class _Member:
    name: str
    folder: bool
    executable: bool
    open: Callable[[], IO[bytes] | None]


def unpack(file: Path, target: Path, entries: Sequence[Entry] | None = None) -> None:
    """Unpack `file`, a zip by its name or else a tar, into the new folder `target`: all of it, or nothing.

    With `entries` it must hold just these, by path, content and executable bit. Raises `UnsafeArchive` in one line,
    or `UnpackFailed` where the disk does not take it.
    """
    limits = LIMITS if entries is None else _limits_of(entries)
    with _members(file, limits) as members:
        _write(members, target, limits, entries)


def verify(file: Path, entries: Sequence[Entry]) -> None:
    """Raise `UnsafeArchive` unless the archive holds just `entries`; reads all of it, and writes nothing."""
    limits = _limits_of(entries)
    with _members(file, limits) as members:
        _read(members, limits, entries, None)


def unpack_tar(file: Path, target: Path, limits: Limits = LIMITS) -> None:
    """Unpack a tar or tar.gz of any name, as `unpack` does."""
    with _tar(file, limits) as members:
        _write(members, target, limits)


def unpack_zip(file: Path | IO[bytes], target: Path, limits: Limits = LIMITS) -> None:
    """Unpack a zip of any name, as `unpack` does."""
    with _zip(file, limits) as members:
        _write(members, target, limits)


def check_zip(file: IO[bytes], limits: Limits = LIMITS) -> None:
    """Read all of a zip, and write nothing. Raises `UnsafeArchive`."""
    with _zip(file, limits) as members:
        _read(members, limits, None, None)


def _members(file: Path, limits: Limits) -> contextlib.AbstractContextManager[Iterator[_Member]]:
    return _zip(file, limits) if file.suffix == ".zip" else _tar(file, limits)


@contextlib.contextmanager
def _tar(file: Path, limits: Limits) -> Iterator[Iterator[_Member]]:
    with _told(file.name), open_tape(file, limits) as tape:
        yield _tar_members(tape)


def _tar_members(tape: Tape) -> Iterator[_Member]:
    with tarfile.open(fileobj=tape, mode="r:") as archive:  # type: ignore[call-overload]  # all that it uses of a file
        for info in archive:
            if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE) or info.issparse():
                raise UnsafeArchive(f"{info.name!r} is neither a plain file nor a folder")
            opened: Any = lambda info=info: archive.extractfile(info)  # noqa: E731
            yield _Member(info.name, info.isdir(), bool(info.mode & 0o111), opened)
    tape.finish()


@contextlib.contextmanager
def _zip(file: Path | IO[bytes], limits: Limits) -> Iterator[Iterator[_Member]]:
    name = file.name if isinstance(file, Path) else "the zip"
    with _told(name), zipfile.ZipFile(file) as archive:
        assert archive.fp is not None
        packed_bytes = archive.fp.seek(0, 2)
        limits.check(sum(info.file_size for info in archive.infolist()), packed_bytes)
        yield _zip_members(archive)


def _zip_members(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        if mode & 0o170000 not in (0, 0o100000, 0o040000):
            raise UnsafeArchive(f"{info.filename!r} is neither a plain file nor a folder")
        if info.compress_type not in ZIP_METHODS:
            raise UnsafeArchive(f"{info.filename!r} is neither stored nor deflated")
        opened: Any = lambda info=info: archive.open(info)  # noqa: E731
        yield _Member(info.filename, info.is_dir(), bool(mode & 0o111), opened)


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """One line for whatever is wrong, with the archive's name and what became of it."""
    try:
        yield
    except UnpackFailed as error:
        raise type(error)(f"{name}: {error}; nothing of it was unpacked.") from error
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnsafeArchive(
            f"{name} is damaged, or no archive ({reason}); nothing of it was unpacked."
        ) from error


def _limits_of(entries: Sequence[Entry]) -> Limits:
    """Known content may be of any size, and shrink as well as it likes."""
    size = sum(entry.size_bytes + HEADER_BYTES for entry in entries) + READ_BYTES
    return replace(LIMITS, max_bytes=size, ratio_from_bytes=size, max_members=len(entries))


def _write(
    members: Iterator[_Member], target: Path, limits: Limits, entries: Sequence[Entry] | None = None
) -> None:
    with _disk(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _read(members, limits, entries, half)
        with _disk(target):
            half.rename(target)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise


def _read(
    members: Iterator[_Member], limits: Limits, entries: Sequence[Entry] | None, folder: Path | None
) -> None:
    """Each member, admitted, compared with its entry, and written into `folder`, where they are given."""
    expected = None if entries is None else {entry.path: entry for entry in entries}
    places: dict[PurePosixPath, str] = {}
    for count, member in enumerate(members, start=1):
        if count > limits.max_members:
            raise UnsafeArchive(f"it has more than {limits.max_members} members")
        path = _place(member, limits, places)
        if member.folder:
            if folder is not None:
                with _disk(folder):
                    (folder / path).mkdir(parents=True, exist_ok=True)
            continue
        sha256 = _copy(member, None if folder is None else folder / path)
        if expected is not None:
            entry = expected.pop(str(path), None)
            if entry is None or (entry.sha256, entry.executable) != (sha256, member.executable):
                raise UnsafeArchive(f"{str(path)!r} is not what was packed")
    if expected:
        raise UnsafeArchive(f"{min(expected)!r} is missing")


def _place(member: _Member, limits: Limits, places: dict[PurePosixPath, str]) -> PurePosixPath:
    """Where a member lies below the target; `places` has what lies where so far."""
    name, path = member.name, PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise UnsafeArchive(f"{name!r} points out of the archive")
    if len(path.parts) > limits.max_depth:
        raise UnsafeArchive(
            f"{name[:20]!r}... lies {len(path.parts)} folders deep; {limits.max_depth} are allowed"
        )
    if not path.parts and not member.folder:
        raise UnsafeArchive(f"{name!r} is no name of a file")
    if places.get(path, IMPLIED) != IMPLIED or (path in places and not member.folder):
        raise UnsafeArchive(f"{name!r} is in it twice")
    places[path] = FOLDER if member.folder else FILE
    for parent in path.parents:
        if places.setdefault(parent, IMPLIED) == FILE:
            raise UnsafeArchive(f"{str(parent)!r} is a file and a folder")
    return path


def _copy(member: _Member, place: Path | None) -> str:
    """The SHA-256 of the member's content, which goes to `place`; of its mode only the executable bit stays."""
    seen = hashlib.sha256()
    with contextlib.ExitStack() as opened:
        source = member.open()
        assert source is not None, "tarfile gives None for what is no file"
        opened.enter_context(source)
        sink = None
        if place is not None:
            with _disk(place):
                place.parent.mkdir(parents=True, exist_ok=True)
                sink = opened.enter_context(place.open("xb", buffering=0))
        while chunk := source.read(READ_BYTES):
            seen.update(chunk)
            left = memoryview(chunk)
            while sink is not None and place is not None and left:
                with _disk(place):
                    left = left[sink.write(left) :]
    if place is not None and member.executable:
        place.chmod(0o755)
    return seen.hexdigest()


@contextlib.contextmanager
def _disk(place: Path) -> Iterator[None]:
    """What this disk refuses is no fault of the archive."""
    try:
        yield
    except OSError as error:
        raise UnpackFailed(f"{place} cannot be written: {error.strerror or error}") from error
