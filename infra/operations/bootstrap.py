"""The bucket of Terraform's states, made safely: it is there before Terraform is, and nothing of ours ever deletes it.

What is there is read first, then what lacks is put, part by part; so that a run that was killed goes on where it was, a
part that somebody switched off is switched on again, and a run with nothing to do changes nothing. Other statements of
its policy and other rules of its lifecycle stay.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.connection import Connection
from infra.environment import DIRECTORY, Environment
from infra.errors import Misuse, ModelyardError
from infra.operations.state_bucket import PARTS, Answer, Part

_ABSENT = frozenset(
    {
        "NoSuchPublicAccessBlockConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
        "OwnershipControlsNotFoundError",
        "NoSuchBucketPolicy",
        "NoSuchLifecycleConfiguration",
    }
)
"""What S3 answers of a part that was never set."""
_LOOKS, _PAUSE_SECONDS = 5, 3.0
"""S3 keeps a bucket's settings in several places, and for some seconds answers with old ones."""
_DEFAULT_REGION = "us-east-1"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Lacking:
    """What the bucket needs: itself, or parts, each with what was read of it."""

    bucket: str
    missing: bool
    parts: tuple[tuple[Part, Answer], ...]

    @property
    def lines(self) -> list[str]:
        """What will be done, one thing a line."""
        made = [f"make the bucket {self.bucket}"] if self.missing else []
        return [
            *made,
            *(f"{'set' if self.missing or not seen else 'repair'} {part.name}" for part, seen in self.parts),
        ]


def inspect(connection: Connection) -> Lacking:
    """What the state bucket lacks; the account is checked first. Reads only.

    Raises `Misuse` where the environment names no bucket, or one that it cannot use.
    """
    connection.check_account()
    environment = connection.environment
    bucket = named(environment)
    client = connection.client("s3")
    if not exists(client, bucket, environment):
        return Lacking(bucket, True, tuple((part, {}) for part in PARTS))
    read = [(part, _read(client, bucket, part, environment)) for part in PARTS]
    return Lacking(
        bucket, False, tuple((part, seen) for part, seen in read if not part.is_right(seen, environment))
    )


def carry_out(
    lacking: Lacking, connection: Connection, say: Say, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Do what was found lacking, and look again. Raises `ModelyardError` where something still lacks."""
    environment, client = connection.environment, connection.client("s3")
    if lacking.missing:
        _make(client, lacking.bucket, environment)
        say(f"made {lacking.bucket}")
    for part, seen in lacking.parts:
        getattr(client, part.put)(
            Bucket=lacking.bucket,
            ExpectedBucketOwner=environment.account_id,
            **part.parameters(seen, environment),
        )
        say(f"set {part.name}")
    left = inspect(connection)
    for _ in range(_LOOKS):
        if not left.lines:
            return
        sleep(_PAUSE_SECONDS)
        left = inspect(connection)
    if left.lines:
        raise ModelyardError(
            f"Bucket {lacking.bucket} does not keep what was set ({'; '.join(left.lines)}): a policy of the "
            "organisation or another tool may undo it; run modelyard bootstrap again, and look there if it stays so."
        )


def require(connection: Connection) -> None:
    """Raise `Misuse` where the environment names a state bucket that is not there: Terraform would not start."""
    environment = connection.environment
    if environment.state_bucket is not None and not exists(
        connection.client("s3"), environment.state_bucket, environment
    ):
        raise Misuse(
            f"State bucket {environment.state_bucket} of environment {environment.name} is not there; "
            f"run: modelyard bootstrap --env {environment.name}"
        )


def named(environment: Environment) -> str:
    """The state bucket; raises `Misuse` where the environment names none, or one that goes with the stacks."""
    file = DIRECTORY / f"{environment.name}.toml"
    suggested = f"modelyard-state-{environment.account_id}-{environment.region}"
    if environment.state_bucket is None:
        raise Misuse(
            f"{file} has no state_bucket, so that its states lie in .modelyard/ on this machine; write, for "
            f'example: state_bucket = "{suggested}"'
        )
    if environment.state_bucket in (environment.artifact_bucket, environment.data_bucket):
        raise Misuse(
            f"{file} has {environment.state_bucket} as state_bucket, which also holds artifacts or data; write a "
            f'bucket of its own: state_bucket = "{suggested}"'
        )
    return environment.state_bucket


def exists(client: Any, bucket: str, environment: Environment) -> bool:
    """Whether it is there. Raises `Misuse` where it is somebody else's, or in another region."""
    from botocore.exceptions import ClientError

    try:
        answer = client.head_bucket(Bucket=bucket, ExpectedBucketOwner=environment.account_id)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return False
        if status == 403:
            raise _not_ours(bucket, environment) from None
        raise
    region = answer.get("BucketRegion") or environment.region
    if region != environment.region:
        raise Misuse(
            f"State bucket {bucket} is in {region}, and environment {environment.name} is in {environment.region}; "
            f"name one of {environment.region} in {DIRECTORY / environment.name}.toml."
        )
    return True


def _not_ours(bucket: str, environment: Environment) -> Misuse:
    return Misuse(
        f"Bucket {bucket} belongs to somebody else (bucket names are shared by all of AWS), or the credentials lack "
        f"s3:ListBucket on it; name another state_bucket in {DIRECTORY / environment.name}.toml, such as "
        f'"modelyard-state-{environment.account_id}-{environment.region}".'
    )


def _make(client: Any, bucket: str, environment: Environment) -> None:
    from botocore.exceptions import ClientError

    # S3 knows no LocationConstraint us-east-1 (InvalidLocationConstraint): it is where a bucket is made without one.
    place = (
        {}
        if environment.region == _DEFAULT_REGION
        else {"CreateBucketConfiguration": {"LocationConstraint": environment.region}}
    )
    try:
        client.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced", **place)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "BucketAlreadyExists":
            raise _not_ours(bucket, environment) from None
        if code != "BucketAlreadyOwnedByYou":  # two at once, or an answer that was lost
            raise


def _read(client: Any, bucket: str, part: Part, environment: Environment) -> Answer:
    from botocore.exceptions import ClientError

    try:
        answer: Answer = getattr(client, part.get)(Bucket=bucket, ExpectedBucketOwner=environment.account_id)
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return {}
        raise
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
