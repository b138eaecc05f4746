"""One folder, one digest, the same bytes: whoever builds it, where, when, and from files made in which order."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

CLONE = Path(__file__).parents[2]

FILES = {
    "inference.py": b"def predict_fn(data, model):\n    return data\n",
    "requirements.txt": b"",
    "textual/__init__.py": b"",
    "textual/tool.sh": b"#!/bin/sh\n",
    "labels.json": b'{"a": 1}' * 1000,
    "vocabulary.txt": b"some words and others\n" * 150_000,
    "weights.bin": random.Random(3).randbytes(300_000),
}

BUILD = """
import json, os, sys, hashlib
from pathlib import Path

sys.path.insert(0, {clone!r})
sys.path += {path!r}
from model_packaging import Model
from model_packaging.artifact import build_archive
from model_packaging.functions import Target, build_function
from model_packaging.job import build_job

os.umask({umask})
if {uid} is not None:  # after the imports: the other user may not be allowed to read this Python's packages
    os.setgid({uid})
    os.setuid({uid})

folder = Path({folder!r})
for name in {order!r}:
    file = folder / "models" / "tiny" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes((Path({source!r}) / name).read_bytes())
    if name.endswith(".sh"):
        file.chmod(file.stat().st_mode | 0o100)
model, cache = Model(Path("models/tiny"), framework="onnx"), folder / "cache"
built = [
    build_archive(model, folder, cache),
    build_function(model, folder, cache),
    build_function(model, folder, cache, Target(package="image")),
    build_job(model, folder, cache),
]
print(json.dumps([[one.filename, one.digest, hashlib.sha256(one.file.read_bytes()).hexdigest()] for one in built]))
"""

CIRCUMSTANCES = [
    {"umask": 0o022, "TZ": "Pacific/Kiritimati", "seed": 1, "PYTHONHASHSEED": "1"},
    {"umask": 0o077, "TZ": "America/Los_Angeles", "seed": 2, "PYTHONHASHSEED": "2"},
    {"umask": 0o002, "TZ": "UTC", "seed": 3, "PYTHONHASHSEED": "3", "uid": 1},
    {"umask": 0o027, "TZ": "Asia/Kathmandu", "seed": 4, "PYTHONHASHSEED": "4", "uid": 65534},
]


@pytest.fixture
def room():
    """A folder that every user may write to: pytest's own is for its owner only."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def build(room, number, source, umask, seed, TZ, PYTHONHASHSEED, uid=None):
    """What a process of its own builds, in its own folder; the user of `uid` reads a copy of our modules."""
    folder = room / f"place-{number}" / "deeper" if number % 2 else room / f"place-{number}"
    folder.mkdir(parents=True)
    for one in (folder, folder.parent):
        one.chmod(0o777)
    order = list(FILES)
    random.Random(seed).shuffle(order)
    code = BUILD.format(
        clone=str(room / "kit"),
        path=sys.path,
        umask=umask,
        uid=uid,
        folder=str(folder),
        order=order,
        source=str(source),
    )
    environment = {
        "PATH": os.environ["PATH"],
        "TZ": TZ,
        "PYTHONHASHSEED": PYTHONHASHSEED,
        "HOME": str(folder),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_one_digest_and_the_same_bytes(room):
    source = room / "source"
    for name, content in FILES.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    shutil.copytree(CLONE / "model_packaging", room / "kit" / "model_packaging")
    root = os.geteuid() == 0
    told = [(number, one) for number, one in enumerate(CIRCUMSTANCES) if root or "uid" not in one]
    built = {number: build(room, number, source, **one) for number, one in told}
    assert [name for name, *_ in built[0]] == [
        "model.tar.gz",
        "function.zip",
        "function-python3.11-x86_64.tar.gz",
        "job.tar.gz",
    ]
    for number, one in built.items():
        assert one == built[0], CIRCUMSTANCES[number]
    if not root:
        pytest.skip("the same under one user; to become another takes root")
