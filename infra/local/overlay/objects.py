"""Objects in the embedded S3, as SageMaker itself reads and writes them."""

from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends


def read(account_id: str, partition: str, uri: str) -> tuple[bytes, str | None]:
    """The bytes of an object and its content type. Raises LookupError where there is none."""
    bucket, key = split(uri)
    try:
        found: Any = s3_backends[account_id][partition].get_object(bucket, key)
    except S3ClientError as error:
        raise LookupError(f"{uri}: {error.code}") from error
    if found is None:
        raise LookupError(f"{uri}: NoSuchKey")
    content: bytes = found.value
    return content, found.metadata.get("Content-Type")


def write(account_id: str, partition: str, uri: str, content: bytes, content_type: str) -> None:
    """Put an object. Raises LookupError where there is no such bucket."""
    bucket, key = split(uri)
    try:
        made = s3_backends[account_id][partition].put_object(bucket, key, content)
    except S3ClientError as error:
        raise LookupError(f"{uri}: {error.code}") from error
    made.set_metadata({"Content-Type": content_type})


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def join(prefix: str, *parts: str) -> str:
    """An address below a prefix, whether it ends with a slash or not."""
    return "/".join([prefix.rstrip("/"), *(part.strip("/") for part in parts if part)])
