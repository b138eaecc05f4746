"""An image into an ECR repository with ECR's own API: what lies there already is not sent again."""

import io
from typing import Any, BinaryIO

from model_packaging.errors import UploadFailed
from model_packaging.image import Image, digest_of
from model_packaging.upload import Progress

AVAILABLE = "AVAILABLE"
CHECKED_AT_ONCE = 100
"""BatchCheckLayerAvailability takes so many digests (ECR API Reference)."""


def is_there(repository: str, tag: str, client: Any) -> bool:
    """Whether an image has the tag; in a repository of ours a tag never moves."""
    answer = client.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])
    return bool(answer["images"])


def size_bytes(image: Image) -> int:
    """What an image comes to in a repository: its config and its layers, compressed."""
    return len(image.config) + sum(layer.size_bytes for layer in image.layers)


def push(
    image: Image, repository: str, tag: str, client: Any, on_progress: Progress = lambda _more: None
) -> None:
    """Put layers, config and manifest there; `client` is a boto3 ECR client. Raises `UploadFailed`.

    `on_progress` is told how many further bytes ECR has, up to `size_bytes(image)`.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    blobs: dict[str, tuple[int, Any]] = {
        digest_of(image.config): (len(image.config), lambda: io.BytesIO(image.config)),
        **{
            layer.digest: (layer.size_bytes, lambda file=layer.file: file.open("rb"))
            for layer in image.layers
        },
    }
    try:
        missing = _missing(repository, list(blobs), client)
        on_progress(sum(size for digest, (size, _) in blobs.items() if digest not in missing))
        for digest in missing:
            size, open_blob = blobs[digest]
            with open_blob() as stream:
                _send(stream, size, digest, repository, client, on_progress)
        client.put_image(
            repositoryName=repository,
            imageManifest=image.manifest.decode(),
            imageManifestMediaType=image.media_type,
            imageTag=tag,
            imageDigest=image.digest,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in (
            "ImageAlreadyExistsException",
            "ImageTagAlreadyExistsException",
        ):
            return  # another deploy was first, with the same content
        raise UploadFailed(f"Image {tag} did not reach the repository {repository}: {error}") from error
    except (BotoCoreError, OSError) as error:
        raise UploadFailed(f"Image {tag} did not reach the repository {repository}: {error}") from error


def _missing(repository: str, digests: list[str], client: Any) -> list[str]:
    there: set[str] = set()
    for start in range(0, len(digests), CHECKED_AT_ONCE):
        part = digests[start : start + CHECKED_AT_ONCE]
        answer = client.batch_check_layer_availability(repositoryName=repository, layerDigests=part)
        there |= {
            layer["layerDigest"] for layer in answer["layers"] if layer["layerAvailability"] == AVAILABLE
        }
    return [digest for digest in digests if digest not in there]


def _send(
    stream: BinaryIO, size: int, digest: str, repository: str, client: Any, on_progress: Progress
) -> None:
    """In parts of the size that ECR names; it takes them one after the other."""
    started = client.initiate_layer_upload(repositoryName=repository)
    place = {"repositoryName": repository, "uploadId": started["uploadId"]}
    sent = 0
    while sent < size:
        part = stream.read(started["partSize"])
        if not part:
            raise UploadFailed(f"{digest} has {sent} bytes and not {size}; it changed while it was sent.")
        client.upload_layer_part(
            **place, partFirstByte=sent, partLastByte=sent + len(part) - 1, layerPartBlob=part
        )
        sent += len(part)
        on_progress(len(part))
    from botocore.exceptions import ClientError

    try:
        client.complete_layer_upload(**place, layerDigests=[digest])
    except ClientError as error:
        if error.response["Error"]["Code"] != "LayerAlreadyExistsException":
            raise
