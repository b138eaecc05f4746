"""From a folder to model.tar.gz and function.zip."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest

from model_packaging import archive, artifact
from model_packaging.artifact import SERVER_MODULES, build_archive, identify_archive
from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.functions import build_function, identify_function

FILES = {
    "model.bin": os.urandom(300_000),
    "labels.json": "{}",
    "tokens.py": "A = 1\n",
    "textual/__init__.py": "",
    "textual/words.txt": "one",
}


def test_the_archive_has_the_layout_of_awss_images(make_model, tmp_path, cache):
    made = build_archive(make_model({**FILES, "requirements.txt": "numpy\n"}), tmp_path, cache)
    with tarfile.open(made.file) as tar:
        assert tar.getnames() == [
            "code/inference.py",
            *(f"code/modelyard_host/{name}.py" for name in sorted(SERVER_MODULES)),
            "code/modelyard_program.py",
            "code/requirements.txt",
            "code/textual/__init__.py",
            "code/textual/words.txt",
            "code/tokens.py",
            "labels.json",
            "model.bin",
        ]
        assert {(m.mtime, m.uid, m.gid, m.uname, m.mode) for m in tar.getmembers()} == {(0, 0, 0, "", 0o644)}
        extracted = tar.extractfile("model.bin")
        assert extracted is not None and extracted.read() == FILES["model.bin"]
    assert made.key == f"models/tiny/{made.digest}/model.tar.gz"
    assert made.size_bytes == made.file.stat().st_size
    assert made.unpacked_bytes == sum(entry.size_bytes for entry in made.entries)
    assert [(part.name, part.files) for part in made.parts[:2]] == [
        ("model.bin", 1),
        ("code", 6 + len(SERVER_MODULES)),
    ]


def test_the_function_has_everything_at_the_root(make_model, tmp_path, cache):
    made = build_function(make_model(FILES), tmp_path, cache)
    with zipfile.ZipFile(made.file) as archive:
        names = archive.namelist()
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None
    assert names == sorted(names)
    assert {"inference.py", "model.bin", "textual/words.txt", "modelyard_host/aws_lambda.py"} <= set(names)
    assert not any(name.endswith("sagemaker.py") for name in names)


def test_the_function_runs_on_the_standard_library_alone(make_model, tmp_path, cache, bare_environment):
    handler = (
        "import tokens\ndef predict_fn(data, model): return [data, (model / 'labels.json').read_text()]\n"
    )
    made = build_function(make_model({**FILES, "inference.py": handler}), tmp_path, cache)
    with zipfile.ZipFile(made.file) as archive:
        archive.extractall(tmp_path / "task")
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from modelyard_host.aws_lambda import handler\n"
        "import json; print(json.dumps(handler({'a': 1}, None)))"
    )
    command = [sys.executable, "-I", "-S", "-c", program]
    done = subprocess.run(
        command, cwd=tmp_path / "task", env=bare_environment, capture_output=True, text=True
    )
    assert (done.stderr, json.loads(done.stdout)) == ("", [{"a": 1}, "{}"])


def test_gzips_own_header_tells_no_time_and_no_name(make_model, tmp_path, cache):
    head = build_archive(make_model(FILES), tmp_path, cache).file.read_bytes()[:8]
    assert head == b"\x1f\x8b\x08\x00" + bytes(4)


@pytest.mark.parametrize("build", [build_archive, build_function])
def test_the_same_folder_gives_the_same_bytes_anywhere(make_model, tmp_path, cache, build):
    model = make_model(FILES)
    first = build(model, tmp_path, cache)
    for file in (tmp_path / "models/tiny").rglob("*"):
        os.utime(file, (0, 0))
    again = build(model, tmp_path, cache.with_name("other"))
    assert (again.digest, again.file.read_bytes()) == (first.digest, first.file.read_bytes())


@pytest.mark.parametrize("build", [build_archive, build_function])
def test_a_built_artifact_is_not_built_again(make_model, tmp_path, cache, build):
    model = make_model(FILES)
    first = build(model, tmp_path, cache)
    before = first.file.stat()
    assert build(model, tmp_path, cache) == first
    assert first.file.stat().st_mtime_ns == before.st_mtime_ns and first.file.stat().st_ino == before.st_ino


def test_an_identity_is_that_of_the_artifact(make_model, tmp_path, cache):
    model = make_model(FILES)
    known = [identify_archive(model, tmp_path, cache), identify_function(model, tmp_path, cache)]
    assert not cache.exists()
    built = [build_archive(model, tmp_path, cache), build_function(model, tmp_path, cache)]
    assert [one.key for one in known] == [one.key for one in built]


def test_other_content_another_key(make_model, tmp_path, cache):
    first = build_archive(make_model(FILES), tmp_path, cache)
    assert build_archive(make_model({**FILES, "labels.json": "[]"}), tmp_path, cache).key != first.key


def test_working_files_are_private(make_model, tmp_path, cache):
    made = build_archive(make_model(FILES), tmp_path, cache)
    assert made.file.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (made.file.parent, cache, cache.parent)} == {0o700}


def test_a_full_disk_leaves_nothing(make_model, tmp_path, cache):
    entries = artifact.archive_entries(make_model(FILES), tmp_path, tmp_path)

    def full(_entries, stream):
        stream.write(b"half of it")
        raise OSError(28, "No space left on device")

    target = cache / "digest" / "model.tar.gz"
    with pytest.raises(BuildFailed, match="cannot be written: No space left on device"):
        archive.write(entries, target, full)
    assert list(cache.iterdir()) == []


def test_an_interrupted_build_leaves_nothing(make_model, tmp_path, cache):
    def interrupted(_entries, stream):
        stream.write(b"half of it")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archive.write([], cache / "digest" / "model.tar.gz", interrupted)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("writer", [archive.write_tar, archive.write_zip])
@pytest.mark.parametrize("content", [b"longer than it was", b"", b"other"])
def test_a_file_that_changes_while_it_is_packed_is_noticed(make_model, tmp_path, cache, writer, content):
    entries = artifact.archive_entries(make_model({"model.bin": b"12345"}), tmp_path, tmp_path)
    (tmp_path / "models/tiny/model.bin").write_bytes(content)
    with pytest.raises(BuildFailed, match=r"model\.bin changed while it was packed"):
        archive.write(entries, cache / "digest" / "file", writer)
    assert list(cache.iterdir()) == []


def test_two_files_for_one_place_are_refused(make_model, tmp_path, cache):
    with pytest.raises(InvalidModel, match=r"would both be code/requirements\.txt"):
        build_archive(make_model({"requirements.txt": "", "code/requirements.txt": ""}), tmp_path, cache)


def test_random_bytes_are_stored_and_text_is_deflated(make_model, tmp_path, cache):
    made = build_function(
        make_model({"noise.bin": os.urandom(200_000), "text.txt": "a" * 200_000}), tmp_path, cache
    )
    with zipfile.ZipFile(made.file) as zipped:
        kinds = {info.filename: info.compress_type for info in zipped.infolist()}
    assert (kinds["noise.bin"], kinds["text.txt"]) == (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def test_packages_may_be_in_the_archive_for_a_container_that_can_fetch_none(make_model, tmp_path, cache):
    model = make_model({"requirements.txt": "idna==3.10\n"})
    plain, packed = build_archive(model, tmp_path, cache), build_archive(model, tmp_path, cache, "python3.12")
    assert "code/requirements.txt" in {entry.path for entry in plain.entries}
    paths = {entry.path for entry in packed.entries}
    assert "code/requirements.txt" not in paths
    assert "code/idna/__init__.py" in paths and "code/inference.py" in paths
    assert packed.key == identify_archive(model, tmp_path, cache, "python3.12").key != plain.key


WORDS = {"words.txt": "".join(f"{n * 7919 % 1000003} " for n in range(400_000))}


def test_the_bytes_do_not_depend_on_threads_or_processors(make_model, tmp_path, cache, monkeypatch):
    entries = artifact.archive_entries(make_model(WORDS), tmp_path, cache)
    written = []
    for number, threads in enumerate((1, 2, 3)):
        monkeypatch.setattr(archive, "THREADS", threads)
        monkeypatch.setattr(os, "cpu_count", lambda: 8)
        archive.write(entries, cache / str(number) / "file", archive.write_tar)
        written.append((cache / str(number) / "file").read_bytes())
    assert written[0] == written[1] == written[2]
    assert len(written[0]) < 0.5 * len(WORDS["words.txt"])


@pytest.mark.parametrize("build", [build_archive, build_function])
@pytest.mark.parametrize(
    "damage",
    [lambda packed: packed[: len(packed) // 2], lambda packed: packed[:5000] + b"other" + packed[5005:]],
    ids=["cut short", "altered"],
)
def test_an_artifact_that_is_not_what_was_built_is_refused(make_model, tmp_path, cache, build, damage):
    model = make_model(FILES)
    made = build(model, tmp_path, cache)
    build(model, tmp_path, cache)  # read through, and noted
    made.file.write_bytes(damage(made.file.read_bytes()))
    with pytest.raises(
        BuildFailed, match=r"was cut short or altered since it was built \(.*\) Remove .* and run it"
    ) as told:
        build(model, tmp_path, cache)
    assert str(made.file) in str(told.value) and "\n" not in str(told.value)


def test_another_archive_under_the_name_is_refused(make_model, tmp_path, cache):
    model = make_model(FILES)
    made, other = (
        build_archive(model, tmp_path, cache),
        make_model({"inference.py": "from os import *\n"}, name="other"),
    )
    made.file.write_bytes(build_archive(other, tmp_path, cache).file.read_bytes())
    with pytest.raises(BuildFailed, match=r"'code/inference\.py' is not what was packed"):
        build_archive(model, tmp_path, cache)
