"""A model's files as they are: what they are called in S3, and that nothing is sent twice."""

import pytest

from model_packaging.artifact import SERVER_MODULES, identify_archive
from model_packaging.errors import BuildFailed, InvalidModel, UploadFailed
from model_packaging.uncompressed import _object, build_uncompressed, identify_uncompressed
from model_packaging.upload import upload_prefix
from tests.model_packaging.conftest import BUCKET

FILES = {"weights.bin": b"w" * 5000, "same.bin": b"w" * 5000, "labels.json": "[]"}


def stored(client, prefix: str) -> dict[str, bytes]:
    """The objects below a prefix."""
    found = client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    keys = [item["Key"] for item in found]
    return {
        key.removeprefix(prefix): client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys
    }


def test_the_files_lie_below_the_prefix_as_an_archive_would_hold_them(make_model, tmp_path, cache, client):
    model = make_model(FILES)
    built = build_uncompressed(model, tmp_path, cache)
    assert (
        built.key == identify_uncompressed(model, tmp_path, cache).key == f"models/tiny/{built.digest}/model/"
    )
    assert built.digest != identify_archive(model, tmp_path, cache).digest
    assert upload_prefix(built, BUCKET, client)
    found = stored(client, built.key)
    ours = [f"code/modelyard_host/{name}.py" for name in sorted(SERVER_MODULES)]
    assert sorted(found) == [
        "code/inference.py",
        *ours,
        "code/modelyard_program.py",
        "labels.json",
        "same.bin",
        "weights.bin",
    ]
    assert found["weights.bin"] == FILES["weights.bin"] and found["labels.json"] == b"[]"


def test_another_version_sends_what_changed_and_nothing_else(make_model, tmp_path, cache, client):
    before = build_uncompressed(make_model(FILES), tmp_path, cache)
    sent = []
    upload_prefix(before, BUCKET, client, sent.append)
    code = sum(entry.size_bytes for entry in before.entries if entry.path.startswith("code/"))
    assert sum(sent) == 5000 + 2 + code
    sent.clear()
    assert not upload_prefix(before, BUCKET, client, sent.append)
    after = build_uncompressed(make_model({**FILES, "labels.json": '["a"]'}), tmp_path, cache)
    assert upload_prefix(after, BUCKET, client, sent.append)
    assert sum(sent) == 5 and after.key != before.key
    assert stored(client, before.key)["labels.json"] == b"[]"
    assert stored(client, after.key)["labels.json"] == b'["a"]'


def test_the_same_files_are_the_same_artifact(make_model, tmp_path, cache):
    one, other = (
        build_uncompressed(make_model(FILES), tmp_path, folder) for folder in (cache, tmp_path / "c")
    )
    assert one.digest == other.digest


def test_another_object_in_a_files_place_is_put_right(make_model, tmp_path, cache, client):
    built = build_uncompressed(make_model(FILES), tmp_path, cache)
    client.put_object(Bucket=BUCKET, Key=f"{built.key}labels.json", Body=b"{}")
    assert upload_prefix(built, BUCKET, client)
    assert stored(client, built.key)["labels.json"] == b"[]"


@pytest.mark.parametrize("left", [b"[", b"{}"], ids=["cut short", "altered"])
def test_a_copy_that_is_not_what_was_copied_is_made_again(make_model, tmp_path, cache, left):
    model = make_model(FILES)
    place = build_uncompressed(model, tmp_path, cache).places["labels.json"]
    place.file.write_bytes(left)
    assert build_uncompressed(model, tmp_path, cache).places["labels.json"].file.read_bytes() == b"[]"


def test_a_program_is_refused_and_what_is_only_loaded_is_not(make_model, tmp_path, cache):
    model = make_model({"lib.so.5.0.0": b"", "lib.cpython-311-x86_64-linux-gnu.so": b"", "more.py": ""})
    for file in (tmp_path / "models" / "tiny").iterdir():
        file.chmod(0o755)
    assert build_uncompressed(model, tmp_path, cache)
    (tmp_path / "models" / "tiny" / "run.sh").touch(0o755)
    with pytest.raises(InvalidModel, match=r"run\.sh is a program, and S3 does not keep"):
        build_uncompressed(model, tmp_path, cache)


def test_a_file_that_changes_while_it_is_copied_is_refused(make_model, tmp_path, cache):
    model = make_model(FILES)
    (entry,) = [
        one for one in build_uncompressed(model, tmp_path, cache).entries if one.path == "labels.json"
    ]
    entry.source.write_text("{}")
    with pytest.raises(BuildFailed, match="changed while it was copied"):
        _object(model, entry, tmp_path / "another")
    assert not list((tmp_path / "another").rglob("file"))


def test_a_bucket_that_is_not_there_is_told(make_model, tmp_path, cache, client):
    with pytest.raises(UploadFailed, match="did not reach s3://absent/"):
        upload_prefix(build_uncompressed(make_model(FILES), tmp_path, cache), "absent", client)
