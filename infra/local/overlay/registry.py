"""ECR: layers are kept and checked against their digests, and an image is what its manifest says."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.core.responses import ActionResult
from moto.ecr.models import ecr_backends
from moto.ecr.responses import ECRResponse

from infra.local.machine import Machine
from infra.local.overlay.faults import Fault
from infra.local.wire import Environ

PLACE = "/_layers/"
"""Where GetDownloadUrlForLayer sends its caller; no AWS service has such a path."""

moto_complete_layer_upload = ECRResponse.complete_layer_upload

Answer = tuple[int, dict[str, str], bytes]


class Store:
    """Where the layers lie: below the home of `machine`, which is set once, when the server starts."""

    machine: Machine


IN_SAGEMAKER = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
"""The manifests that SageMaker takes: none of OCI's (aws/amazon-sagemaker-feedback #180)."""


class ImageNotFound(Exception):
    """No repository of ours has it."""


@dataclass(frozen=True)
class StoredImage:
    """An image as it was pushed: its config, and its layers' files, the lowest first."""

    digest: str
    config: Mapping[str, Any]
    layers: tuple[Path, ...]


def complete_layer_upload(self: ECRResponse) -> ActionResult:
    repository = self.ecr_backend._get_repository(self._get_param("repositoryName"))
    upload = repository.uploads.get(self._get_param("uploadId"))
    if upload is not None:
        content = bytes(upload.layer_parts)
        digest = _digest(content)
        if not content:
            raise _fault(
                "EmptyUploadException", "The specified layer upload does not contain any layer parts."
            )
        if digest not in self._get_param("layerDigests"):
            raise _fault(
                "InvalidLayerException",
                f"The calculated digest '{digest}' does not match the digests that were given.",
            )
        if digest in repository.layers:
            raise _fault(
                "LayerAlreadyExistsException",
                f"Layer with digest '{digest}' already exists in the repository.",
            )
        _store(digest, content)
    return moto_complete_layer_upload(self)


def put_image(self: ECRResponse) -> ActionResult:
    name, text = self._get_param("repositoryName"), self._get_param("imageManifest")
    repository = self.ecr_backend._get_repository(name)
    digest, manifest = _digest(text.encode()), _manifest(text)
    if self._get_param("imageDigest") not in (None, digest):
        raise _fault("ImageDigestDoesNotMatchException", f"The image's digest is '{digest}'.")
    missing = [one for one in _blobs(manifest) if one not in repository.layers]
    if missing:
        raise _fault("LayersNotFoundException", f"Layers with digests {', '.join(missing)} do not exist.")
    image = self.ecr_backend.put_image(
        name, text, self._get_param("imageTag"), self._get_param("imageManifestMediaType"), digest
    )
    return ActionResult({"image": image})


def get_download_url_for_layer(self: ECRResponse) -> ActionResult:
    repository = self.ecr_backend._get_repository(self._get_param("repositoryName"))
    digest = self._get_param("layerDigest")
    if digest not in repository.layers:
        raise _fault("LayersNotFoundException", f"Layer with digest {digest} does not exist.")
    url = f"{Store.machine.endpoint_url}{PLACE}{digest.removeprefix('sha256:')}"
    return ActionResult({"downloadUrl": url, "layerDigest": digest})


def route(environ: Environ) -> Answer | None:
    """The bytes of a layer, for who was sent here; None for every other request."""
    path = environ.get("PATH_INFO", "")
    if not path.startswith(PLACE):
        return None
    name = path.removeprefix(PLACE)
    file = _file(name)
    if not name.isalnum() or not file.is_file():
        return 404, {}, b""
    return 200, {"Content-Type": "application/octet-stream"}, file.read_bytes()


def find(account_id: str, region: str, uri: str, digest: str | None = None) -> StoredImage:
    """The image that `uri` names by tag or digest; `digest` is what it was when a function took it.

    Raises ImageNotFound.
    """
    image = _found(account_id, region, uri, digest)
    return _stored(image.image_digest, json.loads(image.image_manifest))


def media_type(account_id: str, region: str, uri: str) -> str | None:
    """What the manifest of an image calls itself. Raises ImageNotFound."""
    said: str | None = json.loads(_found(account_id, region, uri).image_manifest).get("mediaType")
    return said


def _found(account_id: str, region: str, uri: str, digest: str | None = None) -> Any:
    path = uri.partition("/")[2]
    name, _, named = path.partition("@") if "@" in path else path.partition(":")
    repository = ecr_backends[account_id][region].repositories.get(name)
    wanted = digest or (named if named.startswith("sha256:") else None)
    for image in [] if repository is None else repository.images:
        if image.image_digest == wanted or (wanted is None and (named or "latest") in image.image_tags):
            return image
    raise ImageNotFound(uri)


def _stored(digest: str, manifest: Mapping[str, Any]) -> StoredImage:
    config, *layers = (_file(blob.removeprefix("sha256:")) for blob in _blobs(manifest))
    return StoredImage(digest, json.loads(config.read_bytes()), tuple(layers))


def _blobs(manifest: Mapping[str, Any]) -> list[str]:
    """The digests of config and layers; an index of several images has none."""
    if "layers" not in manifest:
        return []
    return [manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]


def _manifest(text: str) -> dict[str, Any]:
    try:
        manifest = json.loads(text)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        raise _fault(
            "InvalidParameterException",
            "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
        )
    return manifest


def _store(digest: str, content: bytes) -> None:
    file = _file(digest.removeprefix("sha256:"))
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = file.with_suffix(".half")
    half.write_bytes(content)
    half.replace(file)


def _file(name: str) -> Path:
    return Store.machine.home / "layers" / name


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _fault(code: str, message: str) -> Fault:
    return Fault(400, code, message)


OPERATIONS = {
    function.__name__: function for function in (complete_layer_upload, put_image, get_download_url_for_layer)
}
