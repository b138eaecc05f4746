"""A disk that is full: one line, and nothing left behind that looks whole."""

import os
import subprocess
import sys
import zipfile

import pytest

from model_packaging.archive import write, write_tar, write_zip
from model_packaging.artifact import archive_entries, build_archive
from model_packaging.containers import write_context
from model_packaging.errors import BuildFailed, UnpackFailed
from model_packaging.functions import ImageArtifact
from model_packaging.unpack import unpack
from model_packaging.wheels import stage
from model_packaging.whole import whole
from tests.faults.disk import mounted

DISK_BYTES = 2 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MB."""
    with mounted(tmp_path / "disk", DISK_BYTES) as disk:
        yield disk.place


WORDS = {"large.txt": "".join(f"{n * 7919 % 1000003} " for n in range(900_000))}
NOISE = {"large.bin": os.urandom(4 << 20)}


def much(_folder):
    return 1 << 40


@pytest.mark.parametrize("files", [WORDS, NOISE], ids=["deflated", "stored"])
@pytest.mark.parametrize("writer", [write_tar, write_zip])
def test_a_disk_that_fills_up_while_it_is_written(make_model, tmp_path, small_disk, files, writer):
    entries = archive_entries(make_model(files), tmp_path, tmp_path / "cache")
    with pytest.raises(BuildFailed, match=r"/digest/file cannot be written: No space left on device\.$"):
        write(entries, small_disk / "digest" / "file", writer, free_bytes=much)
    assert list(small_disk.iterdir()) == []


def test_a_disk_without_the_room_is_told_before(make_model, tmp_path, small_disk):
    model = make_model(NOISE)
    with pytest.raises(
        BuildFailed,
        match=r"model\.tar\.gz may take 4\.3 MB, and its disk has 2\.1 MB free; remove what is old in ",
    ):
        build_archive(model, tmp_path, small_disk / "artifacts")
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []


def test_unpacking_leaves_nothing(make_model, tmp_path, small_disk):
    made = build_archive(make_model(NOISE), tmp_path, tmp_path / "cache")
    with pytest.raises(
        UnpackFailed, match=r"large\.bin cannot be written: No space left on device; nothing of it"
    ):
        unpack(made.file, small_disk / "model", made.entries)
    assert list(small_disk.iterdir()) == []


def test_what_was_there_stays_whole(small_disk):
    file = small_disk / "notes"
    with whole(file) as stream:
        stream.write(b"before")
    with pytest.raises(OSError, match="No space left"), whole(file) as stream:
        stream.write(bytes(2 * DISK_BYTES))
    assert [path.name for path in small_disk.iterdir()] == ["notes"] and file.read_bytes() == b"before"


LIMITED = """
import resource
from pathlib import Path
from model_packaging import Model
from model_packaging.artifact import build_archive
from model_packaging.errors import BuildFailed
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    build_archive(Model(Path("models/tiny"), framework="onnx"), Path("."), Path("cache"))
except BuildFailed as error:
    print(error)
"""


def test_a_limit_of_the_file_size_is_told_as_well(make_model, tmp_path):
    make_model(NOISE)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("model.tar.gz cannot be written: File too large.\n"), done.stderr
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_a_context_that_does_not_fit_leaves_nothing(tmp_path, small_disk):
    layer = tmp_path / "layer.tar.gz"
    layer.write_bytes(NOISE["large.bin"])
    made = ImageArtifact("tiny", "0" * 64, layer.name, layer, 1, (), "python3.12", "x86_64", "batch")
    with pytest.raises(BuildFailed, match=r"/context cannot be written: No space left on device\.$"):
        write_context(made, small_disk / "context")
    assert [*(small_disk / "context").iterdir()] == []


def test_packages_that_do_not_fit_leave_nothing(tmp_path, small_disk):
    wheel = tmp_path / "greeting-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("greeting/large.bin", os.urandom(4 << 20))
        packed.writestr(
            "greeting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n"
        )
        packed.writestr("greeting-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        packed.writestr("greeting-1.0.dist-info/RECORD", "")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"greeting @ file://{wheel}\n")
    with pytest.raises(BuildFailed, match="No space left on device"):
        stage(requirements, "python3.11", small_disk)
    assert list((small_disk / "wheels").iterdir()) == []
