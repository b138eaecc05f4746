"""An artifact's upload in parts, against the embedded S3: broken off anywhere, it goes on with what S3 has."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from model_packaging import checksum
from model_packaging.artifact import ModelArtifact
from model_packaging.checksum import PART_BYTES
from model_packaging.errors import UploadFailed
from model_packaging.upload import upload
from tests.infra.local.conftest import client_of, new_name

PARTS = 4
SIZE = (PARTS - 1) * PART_BYTES + 1000


class Wire:
    """How many requests of each kind, and bytes of bodies, a client put out; and faults on the way."""

    def __init__(self, client):
        self.client, self.calls, self.sent = client, Counter(), 0
        self.fault = lambda operation, number: None
        client.meta.events.register("before-call.s3", self._count)
        client.meta.events.register("before-send.s3", self._weigh)

    def _count(self, model, params, **_):
        self.fault(model.name, int(params["query_string"].get("partNumber", 0)))
        self.calls[model.name] += 1

    def _weigh(self, request, **_):
        self.sent += int(request.headers.get("Content-Length", 0))

    def clear(self):
        self.calls.clear()
        self.sent = 0


@pytest.fixture
def wire(running):
    return Wire(client_of(running.endpoint_url, "s3"))


@pytest.fixture
def bucket(wire):
    made = new_name("bucket")
    wire.client.create_bucket(Bucket=made)
    return made


@pytest.fixture
def artifact(tmp_path):
    file = tmp_path / "model.tar.gz"
    file.write_bytes(os.urandom(SIZE))
    return ModelArtifact("tiny", "ab" * 32, "model.tar.gz", file, SIZE)


def stored(wire, bucket, artifact):
    return wire.client.get_object(Bucket=bucket, Key=artifact.key)["Body"].read()


def unfinished(wire, bucket):
    return wire.client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])


def begin(wire, bucket, artifact, parts=(), algorithm="SHA256"):
    """An upload that somebody began: numbers of parts and what they hold, None for the right content."""
    place = {"Bucket": bucket, "Key": artifact.key}
    begun = wire.client.create_multipart_upload(**place, ChecksumAlgorithm=algorithm)["UploadId"]
    content = artifact.file.read_bytes()
    for number, other in parts:
        body = other or content[(number - 1) * PART_BYTES : number * PART_BYTES]
        wire.client.upload_part(
            **place, UploadId=begun, PartNumber=number, Body=body, ChecksumAlgorithm=algorithm
        )
    wire.clear()
    return begun


def broken_off(operation, number=0):
    def fault(name, part):
        if (name, part) == (operation, number):
            raise ClientError({"Error": {"Code": "SlowDown", "Message": "Reduce your request rate"}}, name)

    return fault


def test_nothing_is_sent_twice(wire, bucket, artifact):
    seen = []
    assert upload(artifact, bucket, wire.client, seen.append) is True
    assert (wire.calls["UploadPart"], sum(seen)) == (PARTS, SIZE)
    assert wire.sent >= SIZE
    wire.clear()
    assert upload(artifact, bucket, wire.client) is False
    assert wire.calls == {"HeadObject": 1} and wire.sent == 0


@pytest.mark.parametrize(
    "operation, number, kept", [("UploadPart", 3, 2), ("CompleteMultipartUpload", 0, PARTS)]
)
def test_what_broke_off_goes_on(wire, bucket, artifact, monkeypatch, operation, number, kept):
    monkeypatch.setattr("model_packaging.upload.THREADS", 1)
    wire.fault = broken_off(operation, number)
    with pytest.raises(UploadFailed, match=r"did not reach .*Reduce your request rate"):
        upload(artifact, bucket, wire.client)
    (left,) = unfinished(wire, bucket)
    there = wire.client.list_parts(Bucket=bucket, Key=artifact.key, UploadId=left["UploadId"])["Parts"]
    assert len(there) == kept
    wire.fault, seen = (lambda *_: None), []
    wire.clear()
    assert upload(artifact, bucket, wire.client, seen.append) is True
    assert (wire.calls["CreateMultipartUpload"], wire.calls["UploadPart"]) == (0, PARTS - kept)
    assert wire.sent < SIZE - sum(part["Size"] for part in there) + 10_000
    assert sum(seen) == SIZE, "a bar that shows what S3 has ends at its end"
    assert stored(wire, bucket, artifact) == artifact.file.read_bytes() and unfinished(wire, bucket) == []


def test_a_part_that_is_not_as_it_shall_be_is_sent_again(wire, bucket, artifact):
    begin(wire, bucket, artifact, [(1, None), (2, b"x" * PART_BYTES), (3, b"short"), (9, b"beyond")])
    assert upload(artifact, bucket, wire.client) is True
    assert (wire.calls["CreateMultipartUpload"], wire.calls["UploadPart"]) == (0, PARTS - 1)
    assert stored(wire, bucket, artifact) == artifact.file.read_bytes() and unfinished(wire, bucket) == []


def test_an_upload_with_other_checksums_is_not_gone_on_with(wire, bucket, artifact):
    begin(wire, bucket, artifact, [(1, None)], algorithm="CRC32")
    assert upload(artifact, bucket, wire.client) is True
    assert (wire.calls["CreateMultipartUpload"], wire.calls["UploadPart"]) == (1, PARTS)
    assert unfinished(wire, bucket) == []


def test_of_several_that_with_the_most_is_gone_on_with(wire, bucket, artifact):
    begin(wire, bucket, artifact)
    begin(wire, bucket, artifact, [(2, None), (4, None)])
    begin(wire, bucket, artifact, [(1, None)])
    other = wire.client.create_multipart_upload(Bucket=bucket, Key=f"{artifact.key}.other")["UploadId"]
    assert upload(artifact, bucket, wire.client) is True
    assert (wire.calls["UploadPart"], wire.calls["AbortMultipartUpload"]) == (PARTS - 2, 2)
    assert [one["UploadId"] for one in unfinished(wire, bucket)] == [other], "another key is another's"


def test_who_may_not_list_uploads_begins_anew(wire, bucket, artifact):
    begin(wire, bucket, artifact, [(1, None)])

    def forbidden(operation, _number):
        if operation == "ListMultipartUploads":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)

    wire.fault = forbidden
    assert upload(artifact, bucket, wire.client) is True
    assert wire.calls["UploadPart"] == PARTS


def test_another_that_went_on_and_was_first_is_no_failure(wire, bucket, artifact, running):
    begun = begin(wire, bucket, artifact, [(1, None), (2, None), (3, None)])
    other = client_of(running.endpoint_url, "s3")

    def overtaken(operation, number):
        if operation == "CompleteMultipartUpload":
            assert upload(artifact, bucket, other) is True

    wire.fault = overtaken
    assert upload(artifact, bucket, wire.client) is True
    assert begun not in [one["UploadId"] for one in unfinished(wire, bucket)]
    assert stored(wire, bucket, artifact) == artifact.file.read_bytes()


def test_a_file_that_changed_since_it_was_read_is_refused_by_s3(wire, bucket, artifact):
    checksum.of(artifact.file)
    stamp = artifact.file.stat().st_mtime_ns
    with artifact.file.open("r+b") as stream:
        stream.seek(PART_BYTES + 5)
        stream.write(b"altered")
    os.utime(artifact.file, ns=(stamp, stamp))
    with pytest.raises(UploadFailed, match="BadDigest"):
        upload(artifact, bucket, wire.client)
    with pytest.raises(ClientError, match="404"):
        wire.client.head_object(Bucket=bucket, Key=artifact.key)


KILLED = """
import os, signal, sys
from pathlib import Path
from model_packaging import upload as module
from model_packaging.artifact import ModelArtifact
from tests.infra.local.conftest import client_of

file, bucket, endpoint = sys.argv[1:]
client = client_of(endpoint, "s3")
module.THREADS = 1
done = []

def on_progress(count):
    done.append(count)
    if sum(done) > {bytes}:
        os.kill(os.getpid(), signal.SIGKILL)

module.upload(ModelArtifact("tiny", "ab" * 32, "model.tar.gz", Path(file), {size}), bucket, client, on_progress)
"""


def test_a_kill_in_the_middle_costs_only_what_was_under_way(wire, bucket, artifact, running):
    code = KILLED.format(bytes=2 * PART_BYTES + PART_BYTES // 2, size=SIZE)
    words = [str(artifact.file), bucket, running.endpoint_url]
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            *words,
        ],
        cwd=Path(__file__).parents[3],
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert upload(artifact, bucket, wire.client) is True
    assert wire.calls["CreateMultipartUpload"] == 0
    assert wire.calls["UploadPart"] == PARTS - 2, "two parts were there"
    assert wire.sent < PART_BYTES + 20_000
    assert stored(wire, bucket, artifact) == artifact.file.read_bytes() and unfinished(wire, bucket) == []
