"""An artifact into its bucket: sent once, and what S3 keeps compared with what was sent."""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from model_packaging import checksum, resumption
from model_packaging.artifact import ModelArtifact
from model_packaging.checksum import PART_BYTES
from model_packaging.errors import UploadFailed
from model_packaging.sets import ArtifactSet
from model_packaging.uncompressed import UncompressedArtifact

THREADS = 4

COPY_BYTES = 5_000_000_000
"""S3 copies objects of up to 5 GB in one call (S3 API Reference, CopyObject)."""

ABSENT = ("404", "NoSuchKey", "NotFound")
"""HeadObject has no body and so mostly a bare status as its code."""

Progress = Callable[[int], None]


def upload(artifact: ModelArtifact, bucket: str, client: Any, on_progress: Progress | None = None) -> bool:
    """Put the artifact under its key; False where the right bytes are there already, and nothing was sent.

    `client` is a boto3 S3 client; `on_progress` is told how many further bytes S3 has. Raises `UploadFailed`; a wrong
    object is not left in the bucket then, and the parts that arrived are: the next upload goes on with them.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from s3transfer.exceptions import S3UploadFailedError

    place = f"s3://{bucket}/{artifact.key}"
    try:
        expected = Expected.of(artifact.file)
        # S3 answers 403 for an absent key where the caller may not list the bucket; then the upload decides.
        if expected.matches(_head(client, bucket, artifact.key, (*ABSENT, "403"))):
            return False
        _send(artifact, expected.parts, bucket, client, on_progress or (lambda _: None))
        head = _head(client, bucket, artifact.key, ABSENT)
    except (BotoCoreError, ClientError, S3UploadFailedError) as error:
        raise UploadFailed(f"{artifact.file.name} did not reach {place}: {error}") from error
    except OSError as error:
        raise UploadFailed(f"{artifact.file} cannot be read: {error.strerror or error}.") from error
    if not expected.matches(head):
        with contextlib.suppress(BotoCoreError, ClientError):
            client.delete_object(Bucket=bucket, Key=artifact.key)
        raise UploadFailed(
            f"{place} holds {_described(head)} where {expected.size_bytes} bytes with SHA-256 "
            f"{expected.checksums[0]} were sent; it was removed: run it again."
        )
    return True


def upload_prefix(
    artifacts: ArtifactSet | UncompressedArtifact,
    bucket: str,
    client: Any,
    on_progress: Progress | None = None,
) -> bool:
    """Put each of its places under its own key, and S3's own copy of it below the prefix; False where all are there.

    Several at a time. Raises `UploadFailed`.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        members = {member.key: member for member in artifacts.places.values()}
        sent = [*pool.map(lambda member: upload(member, bucket, client, on_progress), members.values())]
        sent += pool.map(
            lambda place: _place(place[1], f"{artifacts.key}{place[0]}", bucket, client),
            artifacts.places.items(),
        )
    return any(sent)


def _place(member: ModelArtifact, key: str, bucket: str, client: Any) -> bool:
    """S3's own copy of what was uploaded; False where it is there already."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        expected = Expected.of(member.file)
        if expected.matches(_head(client, bucket, key, (*ABSENT, "403"))):
            return False
        _copy(member.key, key, bucket, client)
        head = _head(client, bucket, key, ABSENT)
    except (BotoCoreError, ClientError) as error:
        raise UploadFailed(f"{member.key} was not copied to s3://{bucket}/{key}: {error}") from error
    if not expected.matches(head):
        raise UploadFailed(
            f"s3://{bucket}/{key} holds {_described(head)} where a copy of {expected.size_bytes} bytes was made; "
            "run it again."
        )
    return True


def _copy(source: str, key: str, bucket: str, client: Any) -> None:
    """Within S3: in one piece up to the 5 GB that CopyObject takes, else in parts as large as those of an upload."""
    from s3transfer.manager import TransferConfig, TransferManager

    config = TransferConfig(multipart_threshold=COPY_BYTES, multipart_chunksize=PART_BYTES)
    with TransferManager(client, config) as manager:
        manager.copy({"Bucket": bucket, "Key": source}, bucket, key, {"ChecksumAlgorithm": "SHA256"}).result()


class Expected:
    """What S3 must say of an object that holds the file: its size and one of its possible checksums."""

    def __init__(self, size_bytes: int, checksums: tuple[str, ...], parts: tuple[str, ...] = ()) -> None:
        self.size_bytes = size_bytes
        self.checksums = checksums
        self.parts = parts

    @classmethod
    def of(cls, file: Path) -> "Expected":
        """The SHA-256 of the whole, or S3's composite where the file goes up in parts."""
        found = checksum.of(file)
        if found.size_bytes < PART_BYTES:
            return cls(found.size_bytes, (found.whole,))
        # S3's HeadObject ends a composite with the number of parts; moto 5.2's leaves that out. A copy that S3 made
        # in one piece has the checksum of the whole.
        composites = (f"{found.composite}-{len(found.parts)}", found.composite)
        return cls(found.size_bytes, (*composites, found.whole), found.parts)

    def matches(self, head: dict[str, Any] | None) -> bool:
        """Whether HeadObject's answer is that of this content; no checksum is no match."""
        if head is None:
            return False
        return head.get("ContentLength") == self.size_bytes and head.get("ChecksumSHA256") in self.checksums


def _head(client: Any, bucket: str, key: str, absent: tuple[str, ...]) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        answer: dict[str, Any] = client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if str(error.response.get("Error", {}).get("Code")) in absent:
            return None
        raise
    return answer


def _send(
    artifact: ModelArtifact, parts: Sequence[str], bucket: str, client: Any, on_progress: Progress
) -> None:
    """Through s3transfer; in parts where there are any, and then only those that S3 has not."""
    from botocore.exceptions import ClientError
    from s3transfer.manager import TransferConfig, TransferManager
    from s3transfer.subscribers import BaseSubscriber

    class Report(BaseSubscriber):  # type: ignore[misc]  # s3transfer carries no types
        def on_progress(self, future: Any, bytes_transferred: int, **_: Any) -> None:
            on_progress(bytes_transferred)

    def on_kept(number: int) -> None:
        on_progress(min(PART_BYTES, artifact.size_bytes - (number - 1) * PART_BYTES))

    unfinished = resumption.find(client, bucket, artifact.key, parts) if parts else []
    usable = unfinished[0] if unfinished and unfinished[0].etags else None
    config = TransferConfig(
        multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_request_concurrency=THREADS
    )
    with TransferManager(resumption.Resuming(client, usable, parts, on_kept), config) as manager:
        sent = manager.upload(
            str(artifact.file), bucket, artifact.key, {"ChecksumAlgorithm": resumption.ALGORITHM}, [Report()]
        )
        try:
            sent.result()
        except ClientError as error:
            # Somebody else went on with the same upload, and was first: what S3 then has is looked at.
            if error.response["Error"]["Code"] != "NoSuchUpload":
                raise
    resumption.abort(client, bucket, artifact.key, [one for one in unfinished if one is not usable])


def _described(head: dict[str, Any] | None) -> str:
    if head is None:
        return "nothing"
    return f"{head.get('ContentLength')} bytes with SHA-256 {head.get('ChecksumSHA256', 'unknown')}"
