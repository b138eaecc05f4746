"""Files that are read with pickle: what `NAMES` and the formats in `_FORMATS` cover, and no more.

Not seen: a compressed pickle of protocol 0 or 1, or in a compression that joblib has not; one with more bytes after
its end, one inside another container, and in protocols 0 and 1 a bare number or one without memo
(pickletools.optimize).
"""

import bz2
import contextlib
import lzma
import mmap
import os
import pickletools
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, cast

NAMES = frozenset({".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle"})

_TORCH = bytes.fromhex("8a0a6cfc9c46f9206aa850192e")
"""LONG1 of torch.serialization.MAGIC_NUMBER, and STOP: the first of the pickles in a file of torch before 1.6."""

_COMPRESSED: Mapping[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(zlib.MAX_WBITS | 16),
    b"x": zlib.decompressobj,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lzma.LZMADecompressor,
    b"]\x00\x00": lzma.LZMADecompressor,
}
"""The compressions of joblib that Python has, by their first bytes."""

_READ_BYTES = 1 << 16
_HEAD = 64
_FIRST = frozenset(opcode.code.encode("latin-1") for opcode in pickletools.opcodes if opcode.proto < 2)


def is_pickled(file: Path) -> bool:
    """Whether loading `file` unpickles, by its name or its content. Reads little, but for protocols 0 and 1."""
    if file.suffix.lower() in NAMES:
        return True
    with file.open("rb") as stream:
        return any(_from_start(found, stream) for found in _FORMATS)


def _from_start(found: Callable[[IO[bytes]], bool], stream: IO[bytes]) -> bool:
    stream.seek(0)
    return found(stream)


def _marked(stream: IO[bytes]) -> bool:
    """Protocols 2 to 5: PROTO is the first opcode, STOP the last byte."""
    head = stream.read(2)
    return len(head) == 2 and head[0] == 0x80 and 2 <= head[1] <= 5 and _last(stream) == b"."


def _unmarked(stream: IO[bytes]) -> bool:
    """Protocols 0 and 1, without a mark of their own: the whole file is one program for the unpickler.

    It has to keep its first value in place 0 or 1 too, as picklers do with every container and object.
    """
    if stream.read(1) not in _FIRST or _last(stream) != b".":
        return False
    # Mapped: a length that some bytes happen to spell is then no request for that much memory.
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        kept = False
        try:
            for opcode, argument, position in pickletools.genops(cast(IO[bytes], mapped)):
                if opcode.proto > 1 or (opcode.name == "STOP" and position != len(mapped) - 1):
                    return False
                kept = kept or (opcode.name in ("PUT", "BINPUT") and argument in (0, 1))
        except ValueError:
            return False
        return kept


def _compressed(stream: IO[bytes]) -> bool:
    """A pickle of protocol 2 to 5 that is compressed: the first two bytes in there tell. No more is unpacked."""
    head = stream.read(_READ_BYTES)
    for magic, make in _COMPRESSED.items():
        if head.startswith(magic):
            with contextlib.suppress(OSError, EOFError, zlib.error, lzma.LZMAError):
                start = make().decompress(head, 2)
                return len(start) == 2 and start[0] == 0x80 and 2 <= start[1] <= 5
    return False


def _torch_before_zip(stream: IO[bytes]) -> bool:
    return _TORCH in stream.read(_HEAD)


def _numpy(stream: IO[bytes]) -> bool:
    """An .npy file whose type holds Python objects: NumPy writes that as '|O' into the header."""
    if stream.read(6) != b"\x93NUMPY":
        return False
    major = stream.read(2)[:1]
    length = int.from_bytes(stream.read(2 if major == b"\x01" else 4), "little")
    return b"'|O" in stream.read(min(length, 1 << 20))


def _archive(stream: IO[bytes]) -> bool:
    """A file of torch since 1.6, or an .npz that holds such an array.

    TorchScript passes: its `data.pkl` is read by a restricted reader, not by pickle.
    """
    if stream.read(4) != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(stream) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
            if "data.pkl" in names and "constants.pkl" not in names:
                return True
            return any(_member(archive, name) for name in archive.namelist())
    # No narrower: zipfile and its codecs share no base. What they cannot read, torch and NumPy cannot either.
    except Exception:
        return False


def _member(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as member:
        return _numpy(member)


def _last(stream: IO[bytes]) -> bytes:
    stream.seek(-1, os.SEEK_END)
    return stream.read(1)


_FORMATS = (_marked, _compressed, _torch_before_zip, _numpy, _archive, _unmarked)
