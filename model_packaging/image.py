"""A layer of ours on its base: a container image, made without Docker, and the same bytes every time.

base (AWS's, or none) + one layer of ours -> config -> manifest, whose digest is the image's
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model_packaging import recipes
from model_packaging.functions import TASK_ROOT, ImageArtifact, Kind
from model_packaging.recipes import PLATFORMS, RECIPES


@dataclass(frozen=True)
class MediaTypes:
    """What a manifest and what it names call themselves; the bytes of config and layers are the same in either."""

    manifest: str
    config: str
    layer: str


OCI = MediaTypes(
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.oci.image.layer.v1.tar+gzip",
)
DOCKER = MediaTypes(
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
)
MEDIA_TYPES: Mapping[Kind, MediaTypes] = {
    "lambda": OCI,
    # CreateModel: "Unsupported manifest media type application/vnd.oci.image.manifest.v1+json"
    # (aws/amazon-sagemaker-feedback #180, open in 2026-11).
    "sagemaker": DOCKER,
    "batch": OCI,
}
"""In which of the two each service takes an image."""

CREATED = "1980-01-01T00:00:00Z"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Blob:
    """A layer or a config: `file` holds bytes of that SHA-256, written `sha256:HEX`."""

    digest: str
    size_bytes: int
    file: Path


@dataclass(frozen=True)
class Base:
    """What an image starts from: its config as JSON, and its compressed layers, the lowest first."""

    config: Mapping[str, Any] = field(default_factory=dict)
    layers: tuple[Blob, ...] = ()


EMPTY = Base({"config": {"Env": [f"LAMBDA_TASK_ROOT=/{TASK_ROOT}"]}})
"""No base: the embedded AWS brings the runtime itself."""


@dataclass(frozen=True)
class Image:
    """A whole image; `manifest` and `config` are the exact bytes that their digests are of."""

    media_type: str
    manifest: bytes
    config: bytes
    layers: tuple[Blob, ...]

    @property
    def digest(self) -> str:
        """The image's, `sha256:HEX`."""
        return digest_of(self.manifest)


def compose(artifact: ImageArtifact, base: Base) -> Image:
    """The layer of `artifact` on `base`, with the handler as its command."""
    compressed, uncompressed = _digests(artifact.file)
    layer = Blob(compressed, artifact.file.stat().st_size, artifact.file)
    config = _json(_config(artifact, base, uncompressed))
    layers = (*base.layers, layer)
    types = MEDIA_TYPES[artifact.kind]
    manifest = {
        "schemaVersion": 2,
        "mediaType": types.manifest,
        "config": {"mediaType": types.config, "digest": digest_of(config), "size": len(config)},
        "layers": [
            {"mediaType": types.layer, "digest": one.digest, "size": one.size_bytes} for one in layers
        ],
    }
    return Image(types.manifest, _json(manifest), config, layers)


def dockerfile(artifact: ImageArtifact, base: str) -> str:
    """The same image for those who build with Docker, beside the layer; `base` is the base's reference."""
    recipe = RECIPES[artifact.kind]
    return recipes.dockerfile(recipe, base, artifact.architecture, artifact.filename, artifact.runtime)


def digest_of(content: bytes) -> str:
    """Of the bytes as they are, `sha256:HEX`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _config(artifact: ImageArtifact, base: Base, uncompressed: str) -> dict[str, Any]:
    inherited = base.config.get("config") or {}
    return {
        "architecture": PLATFORMS[artifact.architecture],
        "os": "linux",
        "created": CREATED,
        "config": recipes.settings(RECIPES[artifact.kind], inherited, artifact.runtime),
        "rootfs": {
            "type": "layers",
            "diff_ids": [*base.config.get("rootfs", {}).get("diff_ids", ()), uncompressed],
        },
        "history": [
            *base.config.get("history", ()),
            {"created": CREATED, "created_by": f"{artifact.filename} of {artifact.tag}"},
        ],
    }


def _digests(file: Path) -> tuple[str, str]:
    """Of the file as it is, and of what is in it: a config names layers by what they hold."""
    compressed, uncompressed = hashlib.sha256(), hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            compressed.update(chunk)
    with gzip.open(file) as opened:
        while chunk := opened.read(CHUNK_BYTES):
            uncompressed.update(chunk)
    return f"sha256:{compressed.hexdigest()}", f"sha256:{uncompressed.hexdigest()}"


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
