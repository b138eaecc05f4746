"""What SageMaker checks and reads before it runs a model: the role that it assumes, and the data in S3."""

import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends
from moto.sagemaker.exceptions import ValidationError

from infra.local.overlay import registry

SAGEMAKER = "sagemaker.amazonaws.com"


def check_role(account_id: str, partition: str, arn: str | None) -> None:
    """Raise AWS's error where SageMaker could not assume the role."""
    if arn is None:
        return
    refusal = ValidationError(
        f"Could not assume role {arn}. Please ensure that the role exists and allows principal "
        f"'{SAGEMAKER}' to assume the role."
    )
    try:
        role = iam_backends[account_id][partition].get_role_by_arn(arn)
    except NotFoundException:
        raise refusal from None
    document = role.assume_role_policy_document
    trust = json.loads(unquote(document)) if isinstance(document, str) else document
    statements = trust["Statement"] if isinstance(trust["Statement"], list) else [trust["Statement"]]
    if not any(statement["Effect"] == "Allow" and _trusts(statement) for statement in statements):
        raise refusal


def _trusts(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = principal.get("Service", []) if isinstance(principal, Mapping) else [principal]
    return bool({SAGEMAKER, "*"} & set([services] if isinstance(services, str) else services))


def check_image(account_id: str, region: str, container: Mapping[str, Any]) -> None:
    """SageMaker reads the manifest of an image in a repository of the account, and takes Docker's kind only.

    What is not there is not refused: a test's stand-in for an image of one's own needs no push.
    """
    uri = container.get("Image", "")
    try:
        found = registry.media_type(account_id, region, uri)
    except registry.ImageNotFound:
        return
    if found not in registry.IN_SAGEMAKER:
        raise ValidationError(
            f"Unsupported manifest media type {found} for image {uri}. Ensure that valid manifest media type is used "
            "for specified image."
        )


def check_model_data(account_id: str, partition: str, container: Mapping[str, Any]) -> None:
    """Raise AWS's error where the model's data is not in S3. A multi-model's data comes when it is asked for."""
    if _is_multi_model(container):
        if not container.get("ModelDataUrl"):
            raise ValidationError("A container with Mode MultiModel needs ModelDataUrl, an S3 prefix.")
        return
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    if source.get("S3DataType") == "S3Prefix" and not source["S3Uri"].endswith("/"):
        raise ValidationError(f"S3Uri {source['S3Uri']} of the type S3Prefix does not end with '/'.")
    if source.get("S3DataType") == "S3Prefix" and source.get("CompressionType") == "Gzip":
        raise ValidationError("CompressionType Gzip goes with S3DataType S3Object.")
    location = _location(container)
    if location is not None and not _keys(account_id, partition, location):
        raise ValidationError(f"Could not find model data at {location}.")


def model_archive(account_id: str, partition: str, container: Mapping[str, Any]) -> bytes | None:
    """The bytes of model.tar.gz; None where the container brings its model itself."""
    location = None if _is_multi_model(container) else _location(container)
    if location is None:
        return None
    keys = _keys(account_id, partition, location)
    if not keys:
        raise ValidationError(f"Could not find model data at {location}.")
    if not location.endswith("/"):
        content: bytes = keys[0].value
        return content
    return _tarred(location, keys)


def _is_multi_model(container: Mapping[str, Any]) -> bool:
    return container.get("Mode") == "MultiModel"


def _location(container: Mapping[str, Any]) -> str | None:
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    location: str | None = source["S3Uri"] if source is not None else container.get("ModelDataUrl")
    return location


def _keys(account_id: str, partition: str, location: str) -> list[Any]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    backend = s3_backends[account_id][partition]
    try:
        if not key.endswith("/"):
            found = backend.get_object(bucket, key)
            return [] if found is None else [found]
        stored = backend.get_bucket(bucket).keys
        return [stored[name] for name in stored if name.startswith(key) and not name.endswith("/")]
    except S3ClientError:
        return []


def _tarred(location: str, keys: list[Any]) -> bytes:
    prefix = location.removeprefix("s3://").partition("/")[2]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for key in keys:
            info = tarfile.TarInfo(key.name.removeprefix(prefix))
            info.size = len(key.value)
            archive.addfile(info, io.BytesIO(key.value))
    return packed.getvalue()
