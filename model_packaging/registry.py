"""AWS's base images from their public registry: manifests and blobs over HTTP, each checked against its digest.

OCI Distribution Specification 1.1: GET /v2/NAME/manifests/REFERENCE and GET /v2/NAME/blobs/DIGEST, with an anonymous
token where the registry asks for one.
"""

import contextlib
import hashlib
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from model_packaging.archive import make_private
from model_packaging.errors import BuildFailed
from model_packaging.functions import Kind
from model_packaging.image import DOCKER, OCI, Base, Blob
from model_packaging.recipes import PLATFORMS
from model_packaging.whole import whole

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (OCI.manifest, DOCKER.manifest)
LAYERS = (OCI.layer, DOCKER.layer)
"""Two names of the same bytes: what is pulled under one may be pushed under the other."""

MANIFEST_BYTES = 4 << 20
BLOB_BYTES = 10 << 30
CHUNK_BYTES = 1 << 20
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Reference:
    """An image in a registry."""

    registry: str
    name: str
    tag: str

    def __str__(self) -> str:
        return f"{urllib.parse.urlsplit(self.registry).netloc}/{self.name}:{self.tag}"


BASES: Mapping[Kind, tuple[str, str]] = {
    "lambda": ("lambda/python", "{}"),
    "sagemaker": ("docker/library/python", "{}-slim-bookworm"),
    "batch": ("docker/library/python", "{}-slim-bookworm"),
}
"""Name and tag in AWS's public registry: Lambda's own image, or Docker's official one, which AWS mirrors there. Debian
12 has glibc 2.36, newer than all that wheels are chosen for here."""


def base_of(runtime: str, kind: Kind = "lambda") -> Reference:
    """The base of an image for a runtime of Lambda's, such as python3.11."""
    name, tag = BASES[kind]
    return Reference("https://public.ecr.aws", name, tag.format(runtime.removeprefix("python")))


class Answer(Protocol):
    """What a registry answered; headers are found in any case."""

    status: int
    headers: Mapping[str, str]

    def read(self, size: int, /) -> bytes: ...


Transport = Callable[[str, Mapping[str, str]], contextlib.AbstractContextManager[Answer]]
"""GET of a URL with headers. Raises OSError where nobody answers."""


class _KeepsSecrets(urllib.request.HTTPRedirectHandler):
    """A token is for the registry and not for where its blobs lie: storage refuses a request that carries both."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        made = super().redirect_request(req, fp, code, msg, headers, newurl)
        there, here = urllib.parse.urlsplit(newurl), urllib.parse.urlsplit(req.full_url)
        if (here.scheme, there.scheme) == ("https", "http"):
            raise OSError(f"{here.netloc} sends to {there.netloc} without TLS")
        if made is not None and there.netloc != here.netloc:
            made.remove_header("Authorization")
        return made


@contextlib.contextmanager
def over_http(url: str, headers: Mapping[str, str]) -> Iterator[Answer]:
    """The transport that a deploy uses."""
    request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310  the registry's own URL
    opener = urllib.request.build_opener(_KeepsSecrets)
    try:
        answer = opener.open(request, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        yield answer


def pull(reference: Reference, architecture: str, cache: Path, transport: Transport = over_http) -> Base:
    """The image for an architecture of Lambda's; blobs that are in `cache` are not fetched again.

    Raises `BuildFailed` where the registry is not reached, and for bytes that are not what their digest says.
    """
    try:
        return _Registry(reference, cache, transport).pull(PLATFORMS[architecture])
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or error
        raise BuildFailed(
            f"The base image {reference} cannot be fetched ({reason}); deploy from where {reference.registry} is "
            "reached, or build with the Dockerfile that lies beside the layer."
        ) from error


class _Registry:
    def __init__(self, reference: Reference, cache: Path, transport: Transport) -> None:
        self._reference, self._cache, self._transport = reference, cache / "bases", transport
        self._token: str | None = None

    def pull(self, platform: str) -> Base:
        manifest = self._manifest(self._reference.tag)
        if manifest.get("mediaType") in INDEXES or "manifests" in manifest:
            manifest = self._manifest(self._digest_for(manifest, platform))
        config = self._blob(manifest["config"])
        layers = []
        for layer in manifest["layers"]:
            if layer["mediaType"] not in LAYERS:
                raise self._wrong(f"has a layer of type {layer['mediaType']}, which Lambda does not take")
            layers.append(self._blob(layer))
        return Base(json.loads(config.file.read_bytes()), tuple(layers))

    def _digest_for(self, index: Mapping[str, Any], platform: str) -> str:
        for one in index["manifests"]:
            where = one.get("platform", {})
            if where.get("architecture") == platform and where.get("os", "linux") == "linux":
                return str(one["digest"])
        raise self._wrong(f"is not there for linux/{platform}")

    def _manifest(self, reference: str) -> dict[str, Any]:
        with self._get(f"manifests/{reference}", ", ".join((*INDEXES, *MANIFESTS))) as answer:
            content = answer.read(MANIFEST_BYTES + 1)
            named = answer.headers.get("Docker-Content-Digest")
        for digest in (named, reference if ":" in reference else None):
            if digest is not None and digest != f"sha256:{hashlib.sha256(content).hexdigest()}":
                raise self._wrong(f"has a manifest that is not {digest}")
        try:
            manifest = json.loads(content)
        except ValueError:
            raise self._wrong("has a manifest that is no JSON") from None
        if not isinstance(manifest, dict):
            raise self._wrong("has a manifest that is no object")
        return manifest

    def _blob(self, descriptor: Mapping[str, Any]) -> Blob:
        digest, size = str(descriptor["digest"]), int(descriptor["size"])
        if re.fullmatch(r"sha256:[0-9a-f]{64}", digest) is None or not 0 <= size <= BLOB_BYTES:
            raise self._wrong(f"names a blob {digest} of {size} bytes, which is none")
        file = self._cache / digest.removeprefix("sha256:")
        if not file.is_file():
            self._fetch(digest, size, file)
        return Blob(digest, size, file)

    def _fetch(self, digest: str, size: int, file: Path) -> None:
        make_private(self._cache)
        seen, length = hashlib.sha256(), 0
        with whole(file) as target:
            with self._get(f"blobs/{digest}", "*/*") as answer:
                while length <= size and (chunk := answer.read(CHUNK_BYTES)):
                    seen.update(chunk)
                    length += len(chunk)
                    target.write(chunk)
            if length != size or f"sha256:{seen.hexdigest()}" != digest:
                raise self._wrong(f"has a blob that is not {digest} of {size} bytes")

    @contextlib.contextmanager
    def _get(self, path: str, accept: str) -> Iterator[Answer]:
        url = f"{self._reference.registry}/v2/{self._reference.name}/{path}"
        for _ in range(2):
            headers = {"Accept": accept}
            if self._token is not None:
                headers["Authorization"] = f"Bearer {self._token}"
            with self._transport(url, headers) as answer:
                if answer.status == 401 and self._token is None:
                    self._token = self._signed_in(answer.headers.get("WWW-Authenticate") or "")
                    continue
                if answer.status != 200:
                    raise self._wrong(
                        f"was answered with status {answer.status} by {self._reference.registry}"
                    )
                yield answer
                return
        raise self._wrong(f"was not given to anybody by {self._reference.registry}")

    def _signed_in(self, challenge: str) -> str:
        """A token that the registry gives to everybody, from where its challenge says."""
        asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        scope = asked.get("scope") or f"repository:{self._reference.name}:pull"
        query = urllib.parse.urlencode({"service": asked.get("service", ""), "scope": scope})
        if "realm" not in asked:
            raise self._wrong("asks for a sign-in of a kind that is not known here")
        with self._transport(f"{asked['realm']}?{query}", {}) as answer:
            if answer.status != 200:
                raise self._wrong(f"gets no token ({asked['realm']} answers {answer.status})")
            given = json.loads(answer.read(MANIFEST_BYTES))
        return str(given.get("token") or given.get("access_token"))

    def _wrong(self, finding: str) -> BuildFailed:
        return BuildFailed(f"The base image {self._reference} {finding}; try again, or use another runtime.")
