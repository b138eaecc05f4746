"""An artifact of 1 GB: packed, against Python's tarfile at gzip level 9; its second upload; and not packed at all."""

import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import numpy as np

from model_packaging import Model
from model_packaging.artifact import build_archive
from model_packaging.uncompressed import build_uncompressed
from model_packaging.upload import upload
from tests.e2e.conftest import Yard

BOUND = 0.2
FILE_BYTES = 64 << 20
WEIGHTS, TEXTS = 12, 4
"""Files of 64 MiB: 32-bit floats as they are initialised, which shrink to 0.92, and words."""


def artifact(yard: Yard, scratch: Path) -> float:
    """`build_archive` of 1 GB against `tarfile` with `w:gz`, once each; then two uploads to the embedded AWS.

    Raises SystemExit where the second upload sends a byte of a body.
    """
    model = _folder(scratch)
    started = time.perf_counter()
    built = build_archive(model, scratch, scratch / "cache")
    ours = time.perf_counter() - started
    peer_file = scratch / "peer.tar.gz"
    started = time.perf_counter()
    with tarfile.open(peer_file, "w:gz", compresslevel=9) as packed:
        packed.add(model.directory(scratch), arcname=".")
    peer = time.perf_counter() - started
    ratio = ours / peer
    print(
        f"an artifact of {built.unpacked_bytes / 1e9:.2f} GB against tarfile at level 9: {ours:.2f} s, peer {peer:.2f} s, ratio {ratio:.2f} (bound {BOUND}); "
        f"{built.size_bytes / built.unpacked_bytes:.3f} of its size, peer "
        f"{peer_file.stat().st_size / built.unpacked_bytes:.3f}",
        flush=True,
    )
    peer_file.unlink()
    yard.run("local", "up", "--idle-hours", "0.5")
    try:
        client = yard.client("s3")
        client.create_bucket(Bucket="bench")
        bodies: list[int] = []
        client.meta.events.register(
            "before-send.s3",
            lambda request, **_: bodies.append(int(request.headers.get("Content-Length", 0))),
        )
        for turn in ("first", "second"):
            bodies.clear()
            started = time.perf_counter()
            sent = upload(built, "bench", client)
            seconds = time.perf_counter() - started
            print(
                f"its {turn} upload: {len(bodies)} requests with {sum(bodies)} bytes, {seconds:.2f} s",
                flush=True,
            )
        if sent or sum(bodies):
            raise SystemExit(f"the second upload sent {sum(bodies)} bytes")
    finally:
        yard.run("local", "down")
    return ratio


def uncompressed(_yard: Yard, scratch: Path) -> float:
    """What an instance does with the 1 GB once it has it: files as they are, against model.tar.gz through tar."""
    model = _folder(scratch)
    packed = build_archive(model, scratch, scratch / "cache")
    plain = build_uncompressed(model, scratch, scratch / "cache")
    (scratch / "unpacked").mkdir()
    started = time.perf_counter()
    subprocess.run(["tar", "-xzf", str(packed.file), "-C", str(scratch / "unpacked")], check=True)
    peer = time.perf_counter() - started
    started = time.perf_counter()
    for path, place in plain.places.items():
        target = scratch / "plain" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place.file, target)
    ours = time.perf_counter() - started
    print(
        f"{plain.unpacked_bytes / 1e9:.2f} GB as files against unpacking: {ours:.2f} s, peer {peer:.2f} s, "
        f"ratio {ours / peer:.2f}; read {plain.size_bytes / 1e9:.2f} GB, peer {packed.size_bytes / 1e9:.2f} GB",
        flush=True,
    )
    return ours / peer


def _folder(scratch: Path) -> Model:
    folder = scratch / "models" / "large"
    folder.mkdir(parents=True)
    (folder / "inference.py").write_text("def predict_fn(data, model):\n    return data\n")
    random = np.random.default_rng(1)
    words = np.array([f"{word} " for word in random.integers(0, 50_000, 4096)])
    for number in range(WEIGHTS):
        weights = random.standard_normal(FILE_BYTES // 4, dtype=np.float32) * np.float32(0.02)
        (folder / f"weights-{number}.bin").write_bytes(weights.tobytes())
    for number in range(TEXTS):
        text = "".join(random.choice(words, FILE_BYTES // 5))
        (folder / f"words-{number}.txt").write_bytes(text.encode()[:FILE_BYTES])
    return Model(Path("models/large"), framework="onnx")


BENCHES = {"artifact": artifact, "uncompressed": uncompressed}
