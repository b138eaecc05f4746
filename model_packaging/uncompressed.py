"""A model's files as they are, below one prefix of S3: nothing is unpacked where they are read.

Each file is an object of its content, models/NAME/SHA256/file, sent once whatever versions of the model have it; the
prefix of a version is made of S3's own copies of them.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from model_packaging import checksum
from model_packaging.artifact import ArtifactIdentity, ModelArtifact, archive_entries, identity
from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.manifest import Entry
from model_packaging.model import Model
from model_packaging.whole import whole

PREFIX = "model/"
"""What takes the place of a file's name in the key: SageMaker wants a slash at the end of a prefix."""

OBJECT = "file"

LOADED = re.compile(r"\.(py|so(\.\d+)*)$")
"""What is loaded and not started: wheels mark modules and libraries as executable, and they need not be."""

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class UncompressedArtifact(ModelArtifact):
    """`file` is the model's folder; `places` are its files as they are sent, by their paths below the prefix."""

    places: Mapping[str, ModelArtifact] = field(default_factory=dict)


def build_uncompressed(
    model: Model, base: Path, cache: Path, runtime: str | None = None
) -> UncompressedArtifact:
    """The files of model.tar.gz, in its layout, copied to `cache` as they are; none is copied twice.

    Raises `InvalidModel`, also for a program, `PrepareFailed`, `BuildFailed`.
    """
    entries = _entries(model, base, cache, runtime)
    found = identity(model, PREFIX, entries)
    places = {entry.path: _object(model, entry, cache) for entry in sorted(entries, key=lambda one: one.path)}
    return UncompressedArtifact(
        model.name,
        found.digest,
        PREFIX,
        model.directory(base),
        sum(entry.size_bytes for entry in entries),
        tuple(sorted(entries, key=lambda entry: entry.path)),
        places,
    )


def identify_uncompressed(
    model: Model, base: Path, cache: Path, runtime: str | None = None
) -> ArtifactIdentity:
    """What `build_uncompressed` would make, without copying. Makes missing weights; fetches missing wheels."""
    return identity(model, PREFIX, _entries(model, base, cache, runtime))


def _entries(model: Model, base: Path, cache: Path, runtime: str | None) -> list[Entry]:
    entries = archive_entries(model, base, cache, runtime)
    for entry in entries:
        if entry.executable and LOADED.search(entry.path) is None:
            raise InvalidModel(
                f"Model {model.name}: {entry.path} is a program, and S3 does not keep that it is executable; leave out "
                "uncompressed=True, or chmod -x what is none."
            )
    return entries


def _object(model: Model, entry: Entry, cache: Path) -> ModelArtifact:
    """The file as it is sent: a copy, so that what changes in the folder meanwhile does not go out half."""
    file = cache / entry.sha256 / OBJECT
    if not _is_whole(file, entry):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with entry.source.open("rb") as source, whole(file) as target:
                seen = hashlib.sha256()
                while chunk := source.read(CHUNK_BYTES):
                    seen.update(chunk)
                    target.write(chunk)
                if seen.hexdigest() != entry.sha256:
                    raise BuildFailed(f"{entry.source} changed while it was copied; run it again.")
        except OSError as error:
            raise BuildFailed(
                f"{entry.source} cannot be copied to {file.parent}: {error.strerror}."
            ) from error
    return ModelArtifact(model.name, entry.sha256, OBJECT, file, entry.size_bytes, (entry,))


def _is_whole(file: Path, entry: Entry) -> bool:
    """Whether a copy is there as it was made; it is read through once, and when it changes."""
    expected = base64.b64encode(bytes.fromhex(entry.sha256)).decode()
    return file.is_file() and checksum.of(file).whole == expected
