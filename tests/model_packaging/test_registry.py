"""Base images, from a registry on this machine that speaks the distribution protocol."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from model_packaging.errors import BuildFailed
from model_packaging.registry import INDEXES, LAYERS, MANIFESTS, Reference, base_of, pull


def sha(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry:
    """Manifests and blobs by what they are asked for; blobs lie on another host, as with AWS."""

    def __init__(self) -> None:
        self.manifests: dict[str, tuple[bytes, str]] = {}
        self.blobs: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.server = self._serve("127.0.0.1", self._registry)
        self.storage = self._serve("localhost", self._storage)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def add(self, architecture: str, layer_type: str = LAYERS[1], layer: bytes = b"layer") -> dict:
        """An image; gives its row in the index."""
        config = json.dumps({"architecture": architecture, "rootfs": {"diff_ids": ["sha256:x"]}}).encode()
        for blob in (config, layer):
            self.blobs[sha(blob)] = blob
        manifest = json.dumps(
            {
                "mediaType": MANIFESTS[1],
                "config": {"digest": sha(config), "size": len(config)},
                "layers": [{"mediaType": layer_type, "digest": sha(layer), "size": len(layer)}],
            }
        ).encode()
        self.manifests[sha(manifest)] = (manifest, MANIFESTS[1])
        return {"digest": sha(manifest), "platform": {"architecture": architecture, "os": "linux"}}

    def tag(self, tag: str, *rows: dict) -> None:
        self.manifests[tag] = (json.dumps({"mediaType": INDEXES[0], "manifests": rows}).encode(), INDEXES[0])

    def close(self) -> None:
        for server in (self.server, self.storage):
            server.shutdown()
            server.server_close()

    def _registry(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path).path
        self.asked.append(path)
        if path == "/token":
            return answer(request, 200, json.dumps({"token": "for-everybody"}).encode())
        if request.headers.get("Authorization") != "Bearer for-everybody":
            challenge = f'Bearer realm="{self.url}/token",service="here",scope="aws"'
            return answer(request, 401, b"", **{"WWW-Authenticate": challenge})
        _, _, _, _, kind, name = path.split("/", 5)
        if kind == "manifests" and name in self.manifests:
            content, media = self.manifests[name]
            return answer(
                request, 200, content, **{"Content-Type": media, "Docker-Content-Digest": sha(content)}
            )
        if kind == "blobs" and name in self.blobs:
            place = f"http://localhost:{self.storage.server_port}/{name}"
            return answer(request, 307, b"", Location=place)
        return answer(request, 404, b"{}")

    def _storage(self, request: BaseHTTPRequestHandler) -> None:
        if "Authorization" in request.headers:
            return answer(request, 400, b"only one auth mechanism allowed")
        return answer(request, 200, self.blobs[request.path.lstrip("/")])

    @staticmethod
    def _serve(host: str, respond) -> ThreadingHTTPServer:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                respond(self)

            def log_message(self, *_) -> None:
                pass

        server = ThreadingHTTPServer((host, 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


def answer(request: BaseHTTPRequestHandler, status: int, content: bytes, **headers: str) -> None:
    request.send_response(status)
    for name, value in {"Content-Length": str(len(content)), **headers}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(content)


@pytest.fixture
def registry():
    made = Registry()
    yield made
    made.close()


@pytest.fixture
def reference(registry) -> Reference:
    return Reference(registry.url, "lambda/python", "3.11")


@pytest.mark.parametrize(("architecture", "platform"), [("x86_64", "amd64"), ("arm64", "arm64")])
def test_the_image_of_the_architecture_is_taken_from_the_index(
    registry, reference, cache, architecture, platform
):
    registry.tag("3.11", registry.add("amd64"), registry.add("arm64"))
    base = pull(reference, architecture, cache)
    assert base.config["architecture"] == platform
    (layer,) = base.layers
    assert (layer.digest, layer.size_bytes, layer.file.read_bytes()) == (sha(b"layer"), 5, b"layer")


def test_what_was_fetched_is_not_fetched_again(registry, reference, cache):
    registry.tag("3.11", registry.add("amd64"))
    pull(reference, "x86_64", cache)
    del registry.asked[:]
    pull(reference, "x86_64", cache)
    assert [path for path in registry.asked if "/blobs/" in path] == []


def test_bytes_that_are_not_their_digest_are_refused_and_not_kept(registry, reference, cache):
    registry.tag("3.11", registry.add("amd64"))
    registry.blobs[sha(b"layer")] = b"other"
    with pytest.raises(BuildFailed, match=rf"has a blob that is not {sha(b'layer')} of 5 bytes"):
        pull(reference, "x86_64", cache)
    assert sha(b"layer").removeprefix("sha256:") not in [file.name for file in (cache / "bases").iterdir()]


def test_a_manifest_that_is_not_its_digest_is_refused(registry, reference, cache):
    row = registry.add("amd64")
    registry.manifests[row["digest"]] = (b"{}", MANIFESTS[0])
    registry.tag("3.11", row)
    with pytest.raises(BuildFailed, match=r"has a manifest that is not sha256:"):
        pull(reference, "x86_64", cache)


@pytest.mark.parametrize(
    ("architecture", "layer_type", "finding"),
    [
        ("arm64", LAYERS[0], "is not there for linux/arm64"),
        ("x86_64", "application/vnd.oci.image.layer.v1.tar+zstd", "which Lambda does not take"),
    ],
)
def test_what_lambda_cannot_use_is_refused(registry, reference, cache, architecture, layer_type, finding):
    registry.tag("3.11", registry.add("amd64", layer_type))
    with pytest.raises(BuildFailed, match=finding):
        pull(reference, architecture, cache)


def test_a_tag_that_does_not_exist(reference, cache):
    with pytest.raises(BuildFailed, match=r"lambda/python:3\.11 was answered with status 404 by http"):
        pull(reference, "x86_64", cache)


def test_a_registry_that_is_not_reached_is_one_line_with_the_remedy(cache):
    with pytest.raises(BuildFailed) as failed:
        pull(Reference("http://127.0.0.1:9", "lambda/python", "3.11"), "x86_64", cache)
    assert str(failed.value) == (
        "The base image 127.0.0.1:9/lambda/python:3.11 cannot be fetched ([Errno 111] Connection refused); deploy "
        "from where http://127.0.0.1:9 is reached, or build with the Dockerfile that lies beside the layer."
    )


def test_the_base_of_a_runtime_is_aws_own():
    assert str(base_of("python3.12")) == "public.ecr.aws/lambda/python:3.12"
