"""An upload in parts that goes on where an earlier one stopped.

s3transfer sends, retries and reports; it always begins anew, and removes its parts when it fails. `Resuming` is the
client that it is given here: it answers for the parts that S3 has already, and leaves them there. What nobody goes on
with is removed by the bucket's lifecycle rule.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ALGORITHM = "SHA256"


@dataclass(frozen=True)
class Unfinished:
    """An upload of the same key that was neither completed nor aborted, with its parts that are as they shall be."""

    upload_id: str
    etags: Mapping[int, str] = field(default_factory=dict)


def find(client: Any, bucket: str, key: str, checksums: Sequence[str]) -> list[Unfinished]:
    """The unfinished uploads of `key`, that with the most parts to go on with first.

    `checksums` are those of the parts, in their order (base64 of SHA-256). A part counts by the checksum that S3 has
    verified and kept; its ETag says nothing where a key encrypts it. One who may not list uploads has none.
    """
    from botocore.exceptions import ClientError

    found = []
    try:
        pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=key)
        for upload in (upload for page in pages for upload in page.get("Uploads", ())):
            if upload["Key"] == key:
                etags = _parts(client, bucket, key, upload, checksums)
                found.append(Unfinished(upload["UploadId"], etags))
    except ClientError as error:
        if error.response["Error"]["Code"] not in (
            "AccessDenied",
            "NoSuchUpload",
        ):  # the latter: just completed
            raise
    return sorted(found, key=lambda one: -len(one.etags))


def _parts(
    client: Any, bucket: str, key: str, upload: Mapping[str, Any], checksums: Sequence[str]
) -> dict[int, str]:
    if upload.get("ChecksumAlgorithm") != ALGORITHM:
        return {}  # completing it would give an object without our checksum
    pages = client.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=upload["UploadId"])
    expected = dict(enumerate(checksums, start=1))
    return {
        part["PartNumber"]: part["ETag"]
        for page in pages
        for part in page.get("Parts", ())
        if part.get("ChecksumSHA256", "none") == expected.get(part["PartNumber"])
    }


def abort(client: Any, bucket: str, key: str, uploads: Sequence[Unfinished]) -> None:
    """Remove uploads that nobody goes on with; what cannot be removed now, the lifecycle rule removes."""
    from botocore.exceptions import BotoCoreError, ClientError

    for upload in uploads:
        with contextlib.suppress(BotoCoreError, ClientError):
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload.upload_id)


class Resuming:
    """A boto3 S3 client for one upload through s3transfer. `on_kept` is told the number of each part not sent again."""

    def __init__(
        self,
        client: Any,
        going_on: Unfinished | None,
        checksums: Sequence[str],
        on_kept: Callable[[int], None],
    ) -> None:
        self._client, self._going_on, self._checksums, self._on_kept = client, going_on, checksums, on_kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def create_multipart_upload(self, **arguments: Any) -> Any:
        """The upload to go on with, or a new one."""
        if self._going_on is not None:
            return {"UploadId": self._going_on.upload_id}
        return self._client.create_multipart_upload(**arguments)

    def upload_part(self, **arguments: Any) -> Any:
        """Send a part, or answer as S3 did when it got it.

        It is sent with the checksum that was computed before: S3 refuses a file that changed meanwhile at once.
        """
        number = arguments["PartNumber"]
        checksum = self._checksums[number - 1]
        if self._going_on is not None and number in self._going_on.etags:
            self._on_kept(number)
            return {"ETag": self._going_on.etags[number], "ChecksumSHA256": checksum}
        arguments.pop("ChecksumAlgorithm", None)
        answer = self._client.upload_part(**arguments, ChecksumSHA256=checksum)
        return {"ChecksumSHA256": checksum, **answer}

    def abort_multipart_upload(self, **_: Any) -> None:
        """Not after a failure: the next upload goes on with the parts."""
