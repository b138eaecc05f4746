"""A model to an image of one's own for SageMaker, Batch or Lambda: one layer, and a Dockerfile that only adds it.

The layer holds the packages that requirements.txt names, as wheels that were chosen and unpacked here, and our host
with its own: a build needs no index, runs no pip and comes out the same. Only Lambda's holds the model too; SageMaker
and Batch fetch it from S3.
"""

import importlib.metadata
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import model_packaging
from model_packaging import image, manifest, registry
from model_packaging.archive import write_tar
from model_packaging.artifact import ArtifactIdentity, assemble, distinct, identity
from model_packaging.ballast import needed_by
from model_packaging.errors import BuildFailed
from model_packaging.functions import ImageArtifact, Kind, Target, build_function
from model_packaging.hosts.batch_start import PACKAGED
from model_packaging.manifest import Entry
from model_packaging.model import REQUIREMENTS, Model
from model_packaging.recipes import HOME
from model_packaging.wheels import applicable, stage
from model_packaging.whole import whole

DOCKERFILE = "Dockerfile"
OURS_SAYS = "LABEL modelyard.runtime="
DISTRIBUTION = "modelyard"
EXTRA = "serve"
PAGE_ONLY = frozenset({"flask-swagger-ui"})
"""Of the extra `serve`: for the page on the user's own machine, which no container has."""

TARGETS: Mapping[Kind, Target] = {
    "lambda": Target(package="image"),
    "sagemaker": Target("python3.12"),
    "batch": Target("python3.12"),
}


def build_container(
    kind: Kind, model: Model, base: Path, cache: Path, target: Target | None = None
) -> ImageArtifact:
    """The layer of the model's image. Raises `InvalidModel`, `PrepareFailed`, `BuildFailed`."""
    chosen = target or TARGETS[kind]
    if kind == "lambda":
        function = build_function(model, base, cache, chosen)
        assert isinstance(function, ImageArtifact)
        return function
    model.check(base)
    made = assemble(model, _layer(kind, chosen), _entries(kind, model, base, cache, chosen), cache, write_tar)
    return ImageArtifact(**vars(made), runtime=chosen.runtime, architecture=chosen.architecture, kind=kind)


def identify_container(kind: Kind, model: Model, base: Path, cache: Path, target: Target) -> ArtifactIdentity:
    """Which layer `build_container` would make for SageMaker or Batch, without packing it; fetches missing wheels."""
    model.check(base)
    return identity(model, _layer(kind, target), _entries(kind, model, base, cache, target))


def write_context(artifact: ImageArtifact, folder: Path) -> Path:
    """The folder that `docker build` is given: the Dockerfile, whose path is returned, and the layer.

    Raises `BuildFailed` for a folder that cannot be written, or has a Dockerfile that is not ours. Each is whole or
    not there.
    """
    reference = registry.base_of(artifact.runtime, artifact.kind)
    file = folder / DOCKERFILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if file.exists() and OURS_SAYS not in file.read_text(errors="replace"):
            raise BuildFailed(f"{file} was not written by Modelyard, and would be lost; name another folder.")
        with artifact.file.open("rb") as source, whole(folder / artifact.filename) as layer:
            shutil.copyfileobj(source, layer)
        with whole(file) as stream:
            stream.write(image.dockerfile(artifact, str(reference)).encode())
    except OSError as error:
        raise BuildFailed(f"{folder} cannot be written: {os.strerror(error.errno or 0)}.") from error
    return file


def _sagemaker_files() -> list[Entry]:
    """The host, as the package that it is here."""
    package = Path(model_packaging.__file__).parent
    sources = sorted(package.rglob("*.py"))
    return [manifest.read(source.relative_to(package.parent).as_posix(), source) for source in sources]


def _batch_files() -> list[Entry]:
    """What starts a job; the host comes with the job's files."""
    start = Path(model_packaging.__file__).parent / "hosts" / "batch_start.py"
    return [manifest.read("start.py", start)]


def _serving() -> list[str]:
    """What the SageMaker host requires, by the extra that installs it; pydantic is for the package's own classes."""
    required = map(Requirement, importlib.metadata.requires(DISTRIBUTION) or ())
    names = [
        one.name
        for one in required
        if one.marker is not None and one.marker.evaluate({"extra": EXTRA}) and one.name not in PAGE_ONLY
    ]
    return ["pydantic", *names]


OURS: Mapping[Kind, tuple[Callable[[], list[Entry]], Callable[[], list[str]]]] = {
    "sagemaker": (_sagemaker_files, _serving),
    "batch": (_batch_files, lambda: ["boto3"]),
}
"""By kind: the files that are ours, and the packages that they require."""


def _layer(kind: Kind, target: Target) -> str:
    """The layer's file; its name is part of its digest, since the same files may need another base."""
    return f"{kind}-{target.runtime}-{target.architecture}.tar.gz"


def _entries(kind: Kind, model: Model, base: Path, cache: Path, target: Target) -> list[Entry]:
    return distinct(model, [_below(HOME, entry) for entry in _files(kind, model, base, cache, target)])


def _files(kind: Kind, model: Model, base: Path, cache: Path, target: Target) -> list[Entry]:
    files, required = OURS[kind]
    own = model.directory(base) / REQUIREMENTS
    lines = applicable(own, target.runtime, target.architecture) if own.is_file() else []
    # A job brings its requirements.txt with it: where it is this one, nothing is installed at its start.
    said = [manifest.read(PACKAGED, own)] if kind == "batch" and own.is_file() else []
    named = {canonicalize_name(Requirement(line).name) for line in lines}
    pins = [pin for pin in pinned(required()) if canonicalize_name(Requirement(pin).name) not in named]
    with tempfile.TemporaryDirectory(prefix="modelyard-") as scratch:
        together = Path(scratch) / REQUIREMENTS
        together.write_text("\n".join([*lines, *pins]))
        return [*files(), *said, *stage(together, target.runtime, cache, target.architecture, shown=own)]


def pinned(names: Sequence[str]) -> list[str]:
    """`name==version` of the packages and of all that they require, in the versions that this environment has."""
    installed = {
        canonicalize_name(one.metadata["Name"]): one
        for one in importlib.metadata.distributions()
        if one.metadata["Name"]
    }
    environment = {name: str(value) for name, value in default_environment().items()}
    return sorted(f"{name}=={installed[name].version}" for name in needed_by(names, installed, environment))


def _below(folder: str, entry: Entry) -> Entry:
    return Entry(f"{folder}/{entry.path}", entry.source, entry.sha256, entry.size_bytes, entry.executable)
