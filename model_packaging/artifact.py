"""A model folder to the one file that AWS takes: model.tar.gz for SageMaker here; others beside this module.

    check and prepare -> entries (paths, sources, digests) -> one digest -> the file, built or found

The digest is that of the content and is known before anything is compressed: an unchanged model costs
only its hashing, and a plan needs no archive (`identify_archive`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from model_packaging import checksum, hosts, manifest
from model_packaging.archive import Writer, write, write_tar
from model_packaging.errors import BuildFailed, InvalidModel, UnsafeArchive
from model_packaging.manifest import Entry
from model_packaging.model import PROGRAM, REQUIREMENTS, Model
from model_packaging.prepare import prepare
from model_packaging.unpack import verify
from model_packaging.wheels import stage

ARCHIVE = "model.tar.gz"

HOST_PACKAGE = "modelyard_host"
HOST_MODULES = (
    "__init__",
    "arrays",
    "aws_lambda",
    "codecs",
    "events",
    "faults",
    "handler",
    "json_text",
    "tables",
    "validation",
)

SERVER_MODULES = ("toolkit", *(name for name in HOST_MODULES if name not in ("aws_lambda", "events")))


@dataclass(frozen=True)
class ArtifactIdentity:
    """Which artifact a model makes: known without building it."""

    model_name: str
    digest: str
    filename: str

    @property
    def key(self) -> str:
        """Its place in the environment's bucket; other content, other key."""
        return f"models/{self.model_name}/{self.digest}/{self.filename}"


@dataclass(frozen=True)
class ModelArtifact(ArtifactIdentity):
    """A built artifact: `file` on disk, of `size_bytes`; `entries` are the files in it, sorted by path."""

    file: Path
    size_bytes: int
    entries: tuple[Entry, ...] = ()

    @property
    def members(self) -> tuple["ModelArtifact", ...]:
        """The files that it comes to: this one. A set has several."""
        return (self,)

    @property
    def unpacked_bytes(self) -> int:
        """The size of the files in it."""
        return sum(entry.size_bytes for entry in self.entries)

    @property
    def parts(self) -> list["Part"]:
        """What lies at the top of it, the largest first; a folder is one part."""
        sizes: dict[str, list[int]] = {}
        for entry in self.entries:
            sizes.setdefault(entry.path.partition("/")[0], []).append(entry.size_bytes)
        parts = [Part(name, len(found), sum(found)) for name, found in sizes.items()]
        return sorted(parts, key=lambda part: (-part.size_bytes, part.name))


@dataclass(frozen=True)
class Part:
    """A file, or a folder with all its files, at the top of an artifact."""

    name: str
    files: int
    size_bytes: int


def build_archive(model: Model, base: Path, cache: Path, runtime: str | None = None) -> ModelArtifact:
    """model.tar.gz, in the layout of AWS's framework images; the model's path is relative to `base`.

    With `runtime`, such as python3.12, the packages that requirements.txt names are in it, for a container that
    cannot fetch them when it starts. Raises `InvalidModel`, `PrepareFailed`, `BuildFailed`.
    """
    return assemble(model, ARCHIVE, archive_entries(model, base, cache, runtime), cache, write_tar)


def identify_archive(model: Model, base: Path, cache: Path, runtime: str | None = None) -> ArtifactIdentity:
    """What `build_archive` would make, without packing it. Makes missing weights; fetches missing wheels."""
    return identity(model, ARCHIVE, archive_entries(model, base, cache, runtime))


def archive_entries(model: Model, base: Path, cache: Path, runtime: str | None = None) -> list[Entry]:
    """The files of model.tar.gz: code and requirements, or what they name, below `code/`; weights at the root.

    Beside the code is what makes AWS's own images run it as every other host does (`hosts.toolkit`).
    """
    prepare(model, base)
    scanned = manifest.scan(model, base)
    requirements = model.directory(base) / REQUIREMENTS
    packed: list[Entry] = []
    if runtime is not None and requirements.is_file():
        # Left out itself: where it is, the image runs pip, which waits for PyPI and then fails.
        scanned = [entry for entry in scanned if entry.path != REQUIREMENTS]
        packed = stage(requirements, runtime, cache)
    packages = {entry.path.partition("/")[0] for entry in scanned if _is_package_root(entry.path)}
    return distinct(
        model,
        [
            *(
                _moved(entry, f"code/{entry.path}") if _is_code(entry.path, packages) else entry
                for entry in scanned
            ),
            *(_moved(entry, f"code/{entry.path}") for entry in packed),
            *_server(),
        ],
    )


def _server() -> list[Entry]:
    source = Path(hosts.__file__).parent
    return [
        manifest.read(f"code/{PROGRAM}", source / "program.py"),
        *(manifest.read(f"code/{HOST_PACKAGE}/{name}.py", source / f"{name}.py") for name in SERVER_MODULES),
    ]


def assemble(
    model: Model, filename: str, entries: Sequence[Entry], cache: Path, writer: Writer
) -> ModelArtifact:
    """The artifact of `entries`, packed by `writer` unless it is in `cache` already.

    One that is there is read through once and when it changes. Raises `BuildFailed` where it is not what was packed.
    """
    digest = identity(model, filename, entries).digest
    file = cache / digest / filename
    if not file.is_file():
        write(entries, file, writer)
    elif not checksum.is_kept(file):
        _verify(file, entries)
    ordered = tuple(sorted(entries, key=lambda entry: entry.path))
    return ModelArtifact(model.name, digest, filename, file, file.stat().st_size, ordered)


def _verify(file: Path, entries: Sequence[Entry]) -> None:
    try:
        verify(file, entries)
        checksum.of(file)
    except (UnsafeArchive, OSError) as error:
        raise BuildFailed(
            f"{file} was cut short or altered since it was built ({error}) Remove {file.parent} and run it again."
        ) from error


def identity(model: Model, filename: str, entries: Sequence[Entry]) -> ArtifactIdentity:
    """Which artifact `entries` make."""
    return ArtifactIdentity(model.name, manifest.digest(filename, entries), filename)


def _is_package_root(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return len(parts) == 2 and parts[1] == "__init__.py"


def _is_code(path: str, packages: set[str]) -> bool:
    return path == REQUIREMENTS or path.endswith(".py") or path.partition("/")[0] in packages


def _moved(entry: Entry, path: str) -> Entry:
    return Entry(path, entry.source, entry.sha256, entry.size_bytes, entry.executable)


def distinct(model: Model, entries: list[Entry]) -> list[Entry]:
    """`entries`; raises `InvalidModel` where two of them would lie in one place."""
    places: dict[str, Path] = {}
    for entry in entries:
        other = places.setdefault(entry.path, entry.source)
        if other != entry.source:
            raise InvalidModel(
                f"Model {model.name}: {entry.source.name} and {other.name} ({other.parent}) would both be "
                f"{entry.path} in the artifact; rename one."
            )
    return entries
