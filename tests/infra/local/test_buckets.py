"""S3: checksums are verified, and a policy's conditions count."""

import base64
import hashlib
import json
import zlib

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.conftest import new_name

BODY = b"the artifact"


def in_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@pytest.fixture(scope="module")
def s3(client):
    return client("s3")


@pytest.fixture
def name(s3) -> str:
    made = new_name("bucket")
    s3.create_bucket(Bucket=made)
    return made


def policy(name: str, condition: dict) -> str:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


RIGHT = {
    "ChecksumSHA256": in_base64(hashlib.sha256(BODY).digest()),
    "ChecksumSHA1": in_base64(hashlib.sha1(BODY).digest()),
    "ChecksumCRC32": in_base64(zlib.crc32(BODY).to_bytes(4, "big")),
    "ContentMD5": in_base64(hashlib.md5(BODY).digest()),
}


@pytest.mark.parametrize("header", RIGHT)
def test_a_right_checksum_is_taken_and_a_wrong_one_is_not(s3, name, header):
    s3.put_object(Bucket=name, Key="right", Body=BODY, **{header: RIGHT[header]})
    wrong = in_base64(bytes(len(base64.b64decode(RIGHT[header]))))
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=name, Key="wrong", Body=BODY, **{header: wrong})
    assert caught.value.response["Error"]["Code"] == "BadDigest"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=name)["Contents"]] == ["right"]


def test_a_checksum_that_is_none(s3, name):
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=name, Key="x", Body=BODY, ChecksumSHA256="not base64!")
    assert caught.value.response["Error"]["Code"] == "InvalidRequest"


def test_a_wrong_part_is_refused(s3, name):
    upload = s3.create_multipart_upload(Bucket=name, Key="parts", ChecksumAlgorithm="SHA256")["UploadId"]
    part = {"Bucket": name, "Key": "parts", "UploadId": upload, "PartNumber": 1, "Body": BODY}
    s3.upload_part(**part, ChecksumSHA256=RIGHT["ChecksumSHA256"])
    with pytest.raises(ClientError) as caught:
        s3.upload_part(**part, ChecksumSHA256=in_base64(bytes(32)))
    assert caught.value.response["Error"]["Code"] == "BadDigest"


def test_the_usual_policy_for_tls_lets_requests_through(s3, name):
    s3.put_bucket_policy(Bucket=name, Policy=policy(name, {"Bool": {"aws:SecureTransport": "false"}}))
    s3.put_object(Bucket=name, Key="x", Body=BODY)
    assert s3.get_object(Bucket=name, Key="x")["Body"].read() == BODY


def test_a_denial_whose_condition_holds_denies(s3, name):
    s3.put_bucket_policy(Bucket=name, Policy=policy(name, {"Bool": {"aws:SecureTransport": "true"}}))
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=name, Key="x", Body=BODY)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_versioned_bucket_can_be_emptied(s3, name):
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="x", Body=BODY)
    s3.delete_object(Bucket=name, Key="x")
    found = s3.list_object_versions(Bucket=name)
    for version in [*found["Versions"], *found["DeleteMarkers"]]:
        s3.delete_object(Bucket=name, Key="x", VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=name)
