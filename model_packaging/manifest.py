"""What goes into an artifact: each file's place, source and SHA-256; and the one digest of it all."""

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.model import Model
from model_packaging.pickles import is_pickled

FORMAT = 1
"""Part of every digest: raised when the same files come to lie differently in an artifact."""

SAMPLE = "sample.json"
"""An example request, for measuring: it belongs to the folder and not to the artifact."""

SAMPLE_ANSWER = "sample_answer.json"
"""What the sample has to be answered with, where that is known: it is compared after a deploy."""

CALIBRATION = "calibration.json"
"""What variants of a model are compared with: it belongs to the folder and not to the artifact, like the sample."""

INSTEAD = "write safetensors, ONNX, skops, or NumPy's npz without object arrays"


@dataclass(frozen=True)
class Entry:
    """One file of an artifact: its place in there, where it comes from, and its content's digest."""

    path: str
    source: Path
    sha256: str
    size_bytes: int
    executable: bool = False


def scan(model: Model, base: Path) -> list[Entry]:
    """The files of a model's folder, sorted by path, relative to the folder.

    Left out: the prepare script, `sample.json` and its answer, `calibration.json`, hidden files, `__pycache__` and
    `*.pyc`. Raises `InvalidModel` for symbolic links, for what is no file, and for pickles (`pickles.py` says which are
    seen) that the model does not name.
    """
    directory = model.directory(base)
    entries = []
    for file in _walk(directory):
        path = file.relative_to(directory).as_posix()
        if path in (model.prepare, SAMPLE, SAMPLE_ANSWER, CALIBRATION):
            continue
        shown = f"{model.path.as_posix()}/{path}"
        _check_kind(file, shown)
        entries.append(read(path, file))
        if path not in model.trust_pickle and is_pickled(file):
            raise InvalidModel(
                f"{shown} holds a pickle: loading it runs whatever code it carries; {INSTEAD} instead, or, if you made "
                f"it yourself, name it: Model(..., trust_pickle=({path!r},))."
            )
    return sorted(entries, key=lambda entry: entry.path)


def read(path: str, source: Path) -> Entry:
    """The entry of one file; reads it once."""
    try:
        with source.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            status = os.fstat(stream.fileno())
    except OSError as error:
        raise BuildFailed(f"{source} cannot be read: {error.strerror}.") from error
    return Entry(path, source, sha256, status.st_size, bool(status.st_mode & stat.S_IXUSR))


def digest(kind: str, entries: Iterable[Entry]) -> str:
    """SHA-256 (64 hexadecimal digits) of what an artifact of `kind` holds; of content, not of where or when.

    Equal for equal paths, contents and executable bits, in any order; different otherwise.
    """
    files = sorted([entry.path, entry.sha256, entry.executable] for entry in entries)
    manifest = {"format": FORMAT, "kind": kind, "files": files}
    return hashlib.sha256(json.dumps(manifest, separators=(",", ":")).encode()).hexdigest()


def _walk(directory: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(directory):
        here = Path(parent)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = [name for name in folders if _wanted(name) and name not in links]
        for name in filter(_wanted, [*files, *links]):
            yield here / name


def _wanted(name: str) -> bool:
    return not name.startswith(".") and name != "__pycache__" and not name.endswith(".pyc")


def _check_kind(file: Path, shown: str) -> None:
    if file.is_symlink():
        raise InvalidModel(
            f"{shown} is a symbolic link; an artifact holds files: copy the file into the folder."
        )
    if not file.is_file():
        raise InvalidModel(f"{shown} is not a regular file; remove it from the folder.")
    try:
        shown.encode()
    except UnicodeEncodeError:
        raise InvalidModel(f"{shown!r} has a name that is not UTF-8; rename the file.") from None
