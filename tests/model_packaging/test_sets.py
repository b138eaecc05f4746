"""Sets of archives: which prefix they get, and how they come to lie there."""

import os

import pytest

from model_packaging.checksum import PART_BYTES
from model_packaging.errors import InvalidModel, UploadFailed
from model_packaging.sets import build_set, identify_set, target
from model_packaging.upload import upload_prefix
from tests.model_packaging.conftest import BUCKET


@pytest.fixture
def pair(make_model):
    return make_model(name="one"), make_model({"notes.txt": "2"}, name="two")


def names(client, prefix: str) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]


def test_what_is_built_is_what_was_identified(pair, tmp_path, cache):
    built = build_set("readers", pair, tmp_path, cache)
    assert built.key == identify_set("readers", pair, tmp_path, cache).key == f"sets/readers/{built.digest}/"
    assert [target(member) for member in built.members] == ["one.tar.gz", "two.tar.gz"]


def test_another_version_of_one_member_is_another_prefix_and_the_targets_stay(
    pair, tmp_path, cache, make_model
):
    before = identify_set("readers", pair, tmp_path, cache)
    make_model({"notes.txt": "3"}, name="two")
    after = identify_set("readers", pair, tmp_path, cache)
    assert before.key != after.key
    assert [target(member) for member in before.members] == [target(member) for member in after.members]


def test_the_order_of_the_models_does_not_matter(pair, tmp_path, cache):
    assert (
        identify_set("readers", pair, tmp_path, cache).digest
        == identify_set("readers", pair[::-1], tmp_path, cache).digest
    )


def test_two_folders_of_one_name_are_refused(pair, tmp_path, cache):
    with pytest.raises(InvalidModel, match=r"readers has 2 models in folders named one, .* rename a folder"):
        identify_set("readers", [pair[0], pair[0]], tmp_path, cache)


def test_members_are_sent_once_and_copied_within_s3(pair, tmp_path, cache, client):
    built = build_set("readers", pair, tmp_path, cache)
    sent = []
    client.meta.events.register("before-call.s3", lambda model, **_: sent.append(model.name))
    assert upload_prefix(built, BUCKET, client) is True
    assert (sent.count("PutObject"), sent.count("CopyObject")) == (2, 2)
    assert names(client, "sets/") == [f"{built.key}one.tar.gz", f"{built.key}two.tar.gz"]
    for member in built.members:
        body = client.get_object(Bucket=BUCKET, Key=built.key + target(member))["Body"].read()
        assert body == member.file.read_bytes()
    sent.clear()
    assert upload_prefix(built, BUCKET, client) is False
    assert set(sent) == {"HeadObject"}


def test_a_large_member_which_went_up_in_parts_is_copied_too(make_model, tmp_path, cache, client):
    model = make_model({"weights.npz": os.urandom(PART_BYTES + 5)}, name="large")
    built = build_set("readers", [model], tmp_path, cache)
    assert upload_prefix(built, BUCKET, client) is True
    assert upload_prefix(built, BUCKET, client) is False


def test_a_copy_that_is_lost_is_told(pair, tmp_path, cache, client):
    built = build_set("readers", pair, tmp_path, cache)

    def lose(params, **_):
        # Between the copy and the look at it: while another thread's copy is being made, moto cannot bear it.
        if params["url_path"].endswith(built.key + "one.tar.gz"):
            client.delete_object(Bucket=BUCKET, Key=built.key + "one.tar.gz")

    client.meta.events.register("before-call.s3.HeadObject", lose)
    with pytest.raises(UploadFailed, match=r"one\.tar\.gz holds nothing where a copy of .* run it again"):
        upload_prefix(built, BUCKET, client)
