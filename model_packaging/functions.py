"""A model folder to a Lambda function: function.zip, or what of a container image is ours.

An image is AWS's base for the runtime and one layer of ours, with the files where a zip's would lie; the layer is
what is built and identified here, and `image` puts it on its base. Both have the same files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from model_packaging import hosts, manifest
from model_packaging.archive import write_tar, write_zip
from model_packaging.artifact import (
    HOST_MODULES,
    HOST_PACKAGE,
    ArtifactIdentity,
    ModelArtifact,
    assemble,
    distinct,
    identity,
)
from model_packaging.errors import BuildFailed
from model_packaging.manifest import Entry
from model_packaging.model import REQUIREMENTS, Model
from model_packaging.prepare import prepare
from model_packaging.wheels import stage

FUNCTION = "function.zip"
LAYER_PREFIX = "function-"
STREAMING = ("stream_runtime.py", "stream.sh")
"""What takes the place of Lambda's own Python runtime where the URL streams."""

LAMBDA_HANDLER = f"{HOST_PACKAGE}.aws_lambda.handler"
TASK_ROOT = "var/task"
"""Where Lambda has a function's files; it puts those of a zip there itself."""

UNZIPPED_LIMIT_BYTES = 262_144_000
"""Lambda's quota for a zip function, unzipped (AWS Lambda Developer Guide, 'Lambda quotas')."""

LAYER_LIMIT_BYTES = 9 * 1024**3
"""Lambda's quota for an image is 10 GB uncompressed, with all layers (same page); AWS's base takes less than 1."""

Package = Literal["zip", "image"]
Kind = Literal["lambda", "sagemaker", "batch"]


@dataclass(frozen=True)
class Target:
    """What a function is built for: Lambda's names of the runtime and the architecture.

    `package` None is a zip as long as Lambda takes it.
    """

    runtime: str = "python3.11"
    architecture: str = "x86_64"
    package: Package | None = None


DEFAULT = Target()


def tag(layer: ArtifactIdentity) -> str:
    """What the image with this layer of ours is called in the environment's repository."""
    return f"{layer.model_name}-{layer.digest}"


@dataclass(frozen=True)
class ImageArtifact(ModelArtifact):
    """The layer of a container image that is ours; `runtime` and `architecture` say for which base.

    `kind` is what runs it: Lambda, a SageMaker endpoint or a Batch job (`recipes.RECIPES`).
    """

    runtime: str = "python3.11"
    architecture: str = "x86_64"
    kind: Kind = "lambda"

    @property
    def tag(self) -> str:
        """The image's tag in the environment's repository; other content, other tag."""
        return tag(self)


def build_function(model: Model, base: Path, cache: Path, target: Target = DEFAULT) -> ModelArtifact:
    """function.zip, or an `ImageArtifact` where the target says so or Lambda would not take the zip.

    Raises `InvalidModel`, `PrepareFailed`, `BuildFailed` (also above Lambda's quota for the package).
    """
    entries = function_entries(model, base, cache, target)
    if chosen(model, entries, target) == "zip":
        return assemble(model, FUNCTION, entries, cache, write_zip)
    made = assemble(model, layer_name(target), _layer_entries(entries), cache, write_tar)
    return ImageArtifact(**vars(made), runtime=target.runtime, architecture=target.architecture)


def identify_function(model: Model, base: Path, cache: Path, target: Target = DEFAULT) -> ArtifactIdentity:
    """What `build_function` would make, without packing it. Makes missing weights; fetches missing wheels."""
    entries = function_entries(model, base, cache, target)
    if chosen(model, entries, target) == "zip":
        return identity(model, FUNCTION, entries)
    return identity(model, layer_name(target), _layer_entries(entries))


def layer_name(target: Target) -> str:
    """The file of our layer; its name is part of its digest, since the same files may need another base."""
    return f"{LAYER_PREFIX}{target.runtime}-{target.architecture}.tar.gz"


def is_layer(key: str) -> bool:
    """Whether the artifact of that key is the layer of an image."""
    return key.rpartition("/")[2].startswith(LAYER_PREFIX)


def function_entries(model: Model, base: Path, cache: Path, target: Target) -> list[Entry]:
    """The files of a function, as they lie in its folder: the model's, the host's and the wheels'."""
    prepare(model, base)
    entries = manifest.scan(model, base)
    requirements = model.directory(base) / REQUIREMENTS
    source = Path(hosts.__file__).parent
    files = [*(f"{name}.py" for name in HOST_MODULES), *STREAMING]
    entries += [manifest.read(f"{HOST_PACKAGE}/{name}", source / name) for name in files]
    if requirements.is_file():
        entries += stage(requirements, target.runtime, cache, target.architecture)
    return distinct(model, entries)


def chosen(model: Model, entries: Sequence[Entry], target: Target) -> Package:
    """How the function is packaged. Raises `BuildFailed` where it is above Lambda's quota."""
    size = sum(entry.size_bytes for entry in entries)
    if size > LAYER_LIMIT_BYTES:
        raise BuildFailed(
            f"Model {model.name} is {size / 1e6:.0f} MB as a function; Lambda allows 10 GB for a container image "
            f"with AWS's base, which leaves {LAYER_LIMIT_BYTES / 1e6:.0f} MB: use a RealtimeEndpoint, smaller "
            "weights or fewer requirements."
        )
    if target.package == "zip" and size > UNZIPPED_LIMIT_BYTES:
        raise BuildFailed(
            f"Model {model.name} is {size / 1e6:.0f} MB unzipped as a function; Lambda allows "
            f"{UNZIPPED_LIMIT_BYTES / 1e6:.0f} MB for a zip: write package='image', or leave package out."
        )
    return target.package or ("zip" if size <= UNZIPPED_LIMIT_BYTES else "image")


def _layer_entries(entries: Sequence[Entry]) -> list[Entry]:
    return [
        Entry(f"{TASK_ROOT}/{entry.path}", entry.source, entry.sha256, entry.size_bytes, entry.executable)
        for entry in entries
    ]
