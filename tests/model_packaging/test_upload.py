"""The artifact in S3, against moto within this process."""

import os
import signal
import threading
import time
from collections import Counter

import boto3
import pytest
from botocore.exceptions import ClientError

from model_packaging.artifact import ModelArtifact
from model_packaging.checksum import PART_BYTES
from model_packaging.errors import UploadFailed
from model_packaging.upload import upload
from tests.model_packaging.conftest import BUCKET


@pytest.fixture
def calls(client):
    """How often each operation was sent."""
    counted = Counter()
    client.meta.events.register("before-call.s3", lambda model, **_: counted.update([model.name]))
    return counted


def artifact(tmp_path, size):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(os.urandom(size))
    return ModelArtifact("tiny", "ab" * 32, "model.tar.gz", file, size)


@pytest.mark.parametrize("size", [0, 1000, PART_BYTES - 1, PART_BYTES, PART_BYTES * 2 + 5])
def test_it_is_sent_once(tmp_path, client, calls, size):
    made, seen = artifact(tmp_path, size), []
    assert upload(made, BUCKET, client, seen.append) is True
    assert sum(seen) == size
    body = client.get_object(Bucket=BUCKET, Key=made.key)["Body"].read()
    assert body == made.file.read_bytes()
    calls.clear()
    assert upload(made, BUCKET, client) is False
    assert calls == {"HeadObject": 1}


@pytest.mark.parametrize("other", [b"short", b"x" * 1000])
def test_other_bytes_under_the_key_are_replaced(tmp_path, client, other):
    made = artifact(tmp_path, 1000)
    client.put_object(Bucket=BUCKET, Key=made.key, Body=other, ChecksumAlgorithm="SHA256")
    assert upload(made, BUCKET, client) is True
    assert client.get_object(Bucket=BUCKET, Key=made.key)["Body"].read() == made.file.read_bytes()


def test_an_object_without_a_checksum_is_not_believed(tmp_path, client):
    made = artifact(tmp_path, 1000)
    client.put_object(Bucket=BUCKET, Key=made.key, Body=made.file.read_bytes(), ChecksumAlgorithm="CRC32")
    assert upload(made, BUCKET, client) is True


class Damaging:
    """A client of which S3 says, after an upload, that it keeps other bytes."""

    def __init__(self, client, **wrong):
        self._client, self._wrong, self._heads = client, wrong, 0

    def __getattr__(self, name):
        return getattr(self._client, name)

    def head_object(self, **arguments):
        return {**self._client.head_object(**arguments), **self._wrong}


@pytest.mark.parametrize(
    "wrong", [{"ChecksumSHA256": "AAAA"}, {"ContentLength": 999}, {"ChecksumSHA256": None}]
)
def test_what_arrived_damaged_is_removed(tmp_path, client, wrong):
    made = artifact(tmp_path, 1000)
    with pytest.raises(
        UploadFailed, match=r"holds .* where 1000 bytes with SHA-256 .* were sent; it was removed"
    ):
        upload(made, BUCKET, Damaging(client, **wrong))
    with pytest.raises(ClientError, match="404"):
        client.head_object(Bucket=BUCKET, Key=made.key)


def refuse():
    raise ClientError({"Error": {"Code": "AccessDenied"}}, "UploadPart")


def interrupt():
    """As Ctrl-C: it reaches the main thread, not this one, which is sending."""
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    time.sleep(0.5)


@pytest.mark.parametrize("event, expected", [(refuse, UploadFailed), (interrupt, KeyboardInterrupt)])
def test_an_upload_that_ends_early_leaves_parts_and_no_object(tmp_path, client, calls, event, expected):
    made = artifact(tmp_path, PART_BYTES * 3)

    def at_second_part(params, **_):
        if params["query_string"].get("partNumber") == 2:
            event()

    client.meta.events.register("before-call.s3.UploadPart", at_second_part)
    with pytest.raises(expected):
        upload(made, BUCKET, client)
    assert (calls["CreateMultipartUpload"], calls["AbortMultipartUpload"]) == (1, 0)
    assert client.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    client.meta.events.unregister("before-call.s3.UploadPart", at_second_part)
    assert upload(made, BUCKET, client) is True
    assert client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == [], "the old one is removed"


def test_what_cannot_be_verified_is_an_error(tmp_path, client):
    class Forbidden(Damaging):
        def head_object(self, **arguments):
            raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadObject")

    with pytest.raises(UploadFailed, match=r"HeadObject operation: Forbidden"):
        upload(artifact(tmp_path, 10), BUCKET, Forbidden(client))


def test_a_missing_bucket_is_told_in_one_line(tmp_path, client):
    with pytest.raises(UploadFailed, match=r"did not reach s3://modelyard-none/models/tiny/.*NoSuchBucket"):
        upload(artifact(tmp_path, 10), "modelyard-none", client)


def test_an_unreachable_s3_is_told_in_one_line(tmp_path):
    from botocore.config import Config

    client = boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        endpoint_url="http://127.0.0.1:9",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2),
    )
    with pytest.raises(UploadFailed, match="Could not connect"):
        upload(artifact(tmp_path, 10), BUCKET, client)


def test_a_file_that_vanished_is_told_in_one_line(tmp_path, client):
    made = artifact(tmp_path, 10)
    made.file.unlink()
    with pytest.raises(UploadFailed, match="cannot be read: No such file"):
        upload(made, BUCKET, client)
