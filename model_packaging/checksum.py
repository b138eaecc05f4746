"""The SHA-256 of a file as S3 and Lambda give it; computed once for a file that stays as it is."""

import base64
import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from model_packaging.whole import whole

PART_BYTES = 16 << 20
"""Files of this size and more go up in parts of it (S3 takes 10,000 parts: up to 160 GB)."""


@dataclass(frozen=True)
class Checksum:
    """Base64 of SHA-256: of the whole file, of its parts of `PART_BYTES`, and S3's composite over these."""

    size_bytes: int
    whole: str
    composite: str
    parts: tuple[str, ...]


def of(file: Path) -> Checksum:
    """The checksum of `file`; raises OSError where it cannot be read.

    It is kept beside the file, for as long as size and time of the last change are the same: an artifact of
    100 MB takes 0.1 s, and is asked for at every deploy. A file that was damaged meanwhile is found out by S3,
    which is sent the checksum of the bytes that really go out.
    """
    stamp, notes = _stamp(file), _notes(file)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(notes.read_text())
        if kept.pop("stamp") == stamp:
            return Checksum(**{**kept, "parts": tuple(kept["parts"])})
    checksum = _compute(file)
    with contextlib.suppress(OSError), whole(notes) as stream:
        stream.write(json.dumps({"stamp": stamp, **asdict(checksum)}).encode())
    return checksum


def is_kept(file: Path) -> bool:
    """Whether `of` has seen the file as it is now."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return bool(json.loads(_notes(file).read_text())["stamp"] == _stamp(file))
    return False


def _stamp(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


def _notes(file: Path) -> Path:
    return file.with_name(f"{file.name}.checksum")


def _compute(file: Path) -> Checksum:
    everything, parts, size = hashlib.sha256(), [], 0
    with file.open("rb") as stream:
        while chunk := stream.read(PART_BYTES):
            everything.update(chunk)
            parts.append(hashlib.sha256(chunk).digest())
            size += len(chunk)
    composite = hashlib.sha256(b"".join(parts)).digest()
    return Checksum(size, _text(everything.digest()), _text(composite), tuple(map(_text, parts)))


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
