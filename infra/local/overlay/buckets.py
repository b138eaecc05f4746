"""S3: checksums are verified, and told of parts; bucket policies know conditions; unknown subresources are refused."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.iam.access_control import IAMPolicy
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, FakeDeleteMarker
from moto.s3.responses import S3Response

from infra.local.overlay import refusals
from infra.local.overlay.faults import NotModelled

moto_put_object = S3Response.put_object
moto_upload_part = S3Response.upload_part
moto_list_parts = S3Response.list_parts
moto_setup_class = S3Response.setup_class


class BadDigest(S3ClientError):
    code = "BadDigest"


class InvalidRequest(S3ClientError):
    code = "InvalidRequest"


def put_object(self: S3Response) -> TYPE_RESPONSE:
    verify(self.headers, self.body or b"", self.raw_body or b"")
    return moto_put_object(self)


def upload_part(self: S3Response) -> TYPE_RESPONSE:
    verify(self.headers, self.body or b"", self.raw_body or b"")
    return moto_upload_part(self)


def list_parts(self: S3Response) -> TYPE_RESPONSE:
    """moto's, with the SHA-256 of each part where the upload was begun with it: by that an upload can be resumed."""
    status, headers, body = moto_list_parts(self)
    uploads = self.backend.get_bucket(self.bucket_name).multiparts
    upload = uploads[self._get_param("uploadId")]
    if upload.metadata.get("x-amz-checksum-algorithm") != "SHA256":
        return status, headers, body

    def with_checksum(found: re.Match[str]) -> str:
        digest = hashlib.sha256(upload.parts[int(found[1])].value).digest()
        return f"{found[0]}<ChecksumSHA256>{base64.b64encode(digest).decode()}</ChecksumSHA256>"

    text = body.decode() if isinstance(body, bytes) else body
    return status, headers, re.sub(r"<PartNumber>(\d+)</PartNumber>", with_checksum, text)


def setup_class(self: S3Response, request: Any, full_url: str | None = None, headers: Any = None) -> None:
    """moto's; but a subresource that moto does not know is refused instead of ignored."""
    moto_setup_class(self, request, full_url, headers)
    if refusals.is_unknown_to_s3(request.method, request.path, request.args):
        raise NotModelled("s3", f"{request.method} ?{request.query_string.decode()}")


def dispose(self: FakeDeleteMarker) -> None:
    """A delete marker holds no data to give back. Without it moto cannot delete one: a bucket never gets empty."""


def get_permission(self: FakeBucket, action: str, resource: str) -> Any:
    """moto's, but a statement counts only where its conditions hold; moto takes no notice of them."""
    from moto.iam.access_control import PermissionResult

    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(self.policy.decode())
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    policy["Statement"] = [one for one in statements if _holds(one)]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


REQUEST_CONTEXT = {"aws:securetransport": "true"}
"""Condition keys that are known here. The loopback interface stands for TLS."""


def _holds(statement: Mapping[str, Any]) -> bool:
    """Whether the statement's conditions hold; a key that is absent does not match, as on AWS."""
    for operator, wanted in statement.get("Condition", {}).items():
        negated = "Not" in operator
        for key, values in wanted.items():
            found = REQUEST_CONTEXT.get(key.lower())
            patterns = [str(one) for one in (values if isinstance(values, list) else [values])]
            matches = found is not None and any(fnmatchcase(found, pattern.lower()) for pattern in patterns)
            if matches == negated:
                return False
    return True


def verify(headers: Mapping[str, str], body: bytes, raw: bytes) -> None:
    """Raise AWS's error where the body is not what a checksum in the headers, or in the trailer, says."""
    sent = {
        name: headers[f"x-amz-checksum-{name}"] for name in _DIGESTS if f"x-amz-checksum-{name}" in headers
    }
    trailer = re.search(rb"\r\nx-amz-checksum-([a-z0-9]+):([A-Za-z0-9+/=]+)\s*", raw[-512:])
    if headers.get("x-amz-trailer") and trailer:
        sent[trailer[1].decode()] = trailer[2].decode()
    for name, value in sent.items():
        digest = _DIGESTS[name](body) if name in _DIGESTS else None
        if digest is not None and _decoded(value, f"x-amz-checksum-{name}") != digest:
            raise BadDigest(f"The {name.upper()} you specified did not match the calculated checksum.")
    if "Content-MD5" in headers:
        expected = hashlib.md5(body, usedforsecurity=False).digest()
        if _decoded(headers["Content-MD5"], "Content-MD5") != expected:
            raise BadDigest("The Content-MD5 you specified did not match what we received.")


def _decoded(value: str, header: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise InvalidRequest(f"Value for {header} header is invalid.") from None


_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "sha256": lambda body: hashlib.sha256(body).digest(),
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "crc32": lambda body: binascii.crc32(body).to_bytes(4, "big"),
}
"""What the standard library can compute; CRC32C and CRC64NVME are stored unverified, as moto does."""

OPERATIONS = {"put_object": put_object, "upload_part": upload_part, "list_parts": list_parts}
PLUMBING: dict[str, Callable[..., Any]] = {"setup_class": setup_class}
"""Methods of moto's class that are no operations."""
