"""What is deployed in an environment: one small record per stack, kept in the environment's own bucket."""

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from infra.aws import Aws
from infra.errors import ModelyardError

if TYPE_CHECKING:
    from infra.stack import Stack

PREFIX = "stacks/"
BILLS = "bills/"
ASLEEP = "asleep/"
SAMPLES = "samples/"
UNPROVEN = "unproven/"
HOURLY = "hourly/"
SCHEDULE = "idle/schedule.json"
MODELS, SETS = "models/", "sets/"

Samples = Mapping[str, Mapping[str, Mapping[str, str]]]
"""An example request by workload and model: the text of `request`, and of its `answer` where that is known."""

Hourly = Mapping[str, Sequence[tuple[str, str]]]
"""By workload: type and identifier, as an import takes it, of what AWS bills by the hour, in the order of going."""


@dataclass(frozen=True)
class Deployed:
    """One workload that is deployed: its kind, its name on AWS, its artifact's key, and the engine that made it.

    `engine` is None where only its artifact was put there so far, and in records from before there were two.
    """

    stack: str
    workload: str
    kind: str
    name: str
    artifact_key: str
    instance_type: str | None = None
    engine: str | None = None

    @property
    def a_kind(self) -> str:
        """Its kind with the article, for people."""
        return f"{'an' if self.kind[0] in 'AEIO' else 'a'} {self.kind}"

    @property
    def path(self) -> str:
        """STACK/WORKLOAD."""
        return f"{self.stack}/{self.workload}"

    def is_named(self, name: str) -> bool:
        """Whether `name` may mean it: its workload, STACK/WORKLOAD, or its name on AWS."""
        return name in (self.workload, self.path, self.name)


def not_ours(bucket: str) -> ModelyardError:
    """The error for an environment's bucket that S3 refuses."""
    return ModelyardError(
        f"Bucket {bucket} belongs to somebody else (bucket names are shared by all of AWS), or the credentials lack "
        "s3:ListBucket on it: use credentials that have it; or give the environment's file another name, which the "
        "bucket's is made of."
    )


def records(stack: "Stack", artifact_keys: dict[str, str], engine: str | None = None) -> list[Deployed]:
    """What the ledger says of `stack` once it is deployed."""
    return [
        Deployed(
            stack.name,
            workload.name,
            type(workload).__name__,
            stack.deployed_name(workload),
            artifact_keys[workload.name],
            getattr(workload, "instance_type", None),
            engine,
        )
        for workload in stack.workloads
    ]


@dataclass(frozen=True)
class Ledger:
    """The records in one environment's bucket; `client` is a boto3 S3 client."""

    client: Any
    bucket: str

    @classmethod
    def on(cls, aws: Aws) -> "Ledger":
        """That of the environment that `aws` reaches."""
        return cls(aws.client("s3"), aws.environment.artifact_bucket)

    def exists(self) -> bool:
        """Whether the environment has its bucket; without it nothing is deployed there.

        Raises `ModelyardError` where it is somebody else's.
        """
        from botocore.exceptions import ClientError

        try:
            self.client.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404:
                return False
            if status == 403:
                raise not_ours(self.bucket) from None
            raise
        return True

    def write(self, stack: str, deployed: list[Deployed]) -> None:
        """Record that `stack` is deployed; written before the apply, so that a killed one is still known."""
        self._put(self._key(stack), [asdict(record) for record in deployed])

    def write_bill(self, stack: str, bill: Mapping[str, Any]) -> None:
        """Record what `stack` costs; written after the apply, so that it is of what is deployed."""
        self._put(f"{BILLS}{stack}.json", bill)

    def bill(self, stack: str) -> Mapping[str, Any] | None:
        """What was recorded of the cost of `stack`; None where nothing was."""
        found: Mapping[str, Any] | None = self._get(f"{BILLS}{stack}.json")
        return found

    def write_asleep(self, stack: str, workloads: Iterable[str]) -> None:
        """Record which workloads of `stack` sleep; before the apply, so that after a killed one it is finished."""
        self._keep(f"{ASLEEP}{stack}.json", sorted(workloads))

    def asleep(self, stack: str) -> frozenset[str]:
        """The workloads of `stack` that sleep."""
        return frozenset(self._get(f"{ASLEEP}{stack}.json") or ())

    def write_samples(self, stack: str, samples: Samples) -> None:
        """Record example requests of `stack`: what is woken is asked them, too."""
        self._keep(f"{SAMPLES}{stack}.json", samples)

    def samples(self, stack: str) -> Samples:
        """The example requests of `stack`."""
        return self._get(f"{SAMPLES}{stack}.json") or {}

    def write_unproven(self, stack: str, workloads: Iterable[str]) -> None:
        """Record which workloads of `stack` have not yet answered their sample; before the apply that changes them."""
        self._keep(f"{UNPROVEN}{stack}.json", sorted(workloads))

    def unproven(self, stack: str) -> frozenset[str]:
        """The workloads of `stack` that have not answered their sample since they were changed."""
        return frozenset(self._get(f"{UNPROVEN}{stack}.json") or ())

    def write_hourly(self, stack: str, resources: Hourly) -> None:
        """Record what of `stack` goes when it sleeps, for what puts it to sleep without knowing its file."""
        self._put(f"{HOURLY}{stack}.json", resources)

    def hourly(self, stack: str) -> Hourly | None:
        """What of `stack` goes when it sleeps, by workload; None where that was never recorded."""
        found = self._get(f"{HOURLY}{stack}.json")
        if found is None:
            return None
        return {workload: [(type, name) for type, name in pairs] for workload, pairs in found.items()}

    def write_schedule(self, schedule: Mapping[str, Any]) -> None:
        """Record that what is idle is put to sleep on a schedule; before the apply, so that a killed one is known."""
        self._put(SCHEDULE, schedule)

    def schedule(self) -> Mapping[str, Any] | None:
        """What was recorded of the schedule; None where there is none."""
        found: Mapping[str, Any] | None = self._get(SCHEDULE)
        return found

    def forget_schedule(self) -> None:
        """Forget the schedule, after it was taken down."""
        self.client.delete_object(Bucket=self.bucket, Key=SCHEDULE)

    def clear(self, prefix: str, keep: str | None = None) -> None:
        """Remove every object below `prefix` but that with the key `keep`."""
        for key in self._keys(prefix):
            if key != keep:
                self.client.delete_object(Bucket=self.bucket, Key=key)

    def remove(self, stack: str) -> None:
        """Forget `stack`, and all that is recorded of it, after it was taken down."""
        for prefix in (PREFIX, BILLS, ASLEEP, SAMPLES, UNPROVEN, HOURLY):
            self.client.delete_object(Bucket=self.bucket, Key=f"{prefix}{stack}.json")

    def stacks(self) -> list[str]:
        """The names of the stacks that are deployed."""
        return [key.removeprefix(PREFIX).removesuffix(".json") for key in self._keys(PREFIX)]

    def deployed(self) -> list[Deployed]:
        """Every workload that is deployed, in the order of the stacks' names."""
        return [record for stack in self.stacks() for record in self.of(stack)]

    def results(self) -> int:
        """How many objects of inputs, answers and captures the bucket holds: what cannot be built again."""
        return sum(1 for _ in self._keys("data/"))

    def sweep(self) -> int:
        """Remove the models and sets of models that no deployed stack uses; how many objects there were.

        Earlier versions of what is in use stay: a roll-back needs them.
        """
        used = {_folder(record.artifact_key) for record in self.deployed()}
        # The members of a set are copies of models/MODEL/DIGEST/model.tar.gz: the next version of one is made there.
        used |= {f"models/{_member(key)}" for key in self._keys(SETS) if _folder(key) in used}
        unused = [key for prefix in (MODELS, SETS) for key in self._keys(prefix) if _folder(key) not in used]
        for key in unused:
            self.client.delete_object(Bucket=self.bucket, Key=key)
        return len(unused)

    def of(self, stack: str) -> list[Deployed]:
        """The workloads of `stack` that are deployed; none where it is not."""
        return [Deployed(**record) for record in self._get(self._key(stack)) or ()]

    def deployed_at(self, stack: str) -> datetime.datetime:
        """When `stack` was last deployed."""
        found = self.client.head_object(Bucket=self.bucket, Key=self._key(stack))
        moment: datetime.datetime = found["LastModified"]
        return moment

    def _put(self, key: str, content: Any) -> None:
        body = json.dumps(content, indent=2).encode()
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/json")

    def _keep(self, key: str, content: Any) -> None:
        """The same, but that nothing to record is no object."""
        if content:
            self._put(key, content)
        else:
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def _get(self, key: str) -> Any:
        from botocore.exceptions import ClientError

        try:
            return json.loads(self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def _keys(self, prefix: str) -> Iterator[str]:
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                yield item["Key"]

    @staticmethod
    def _key(stack: str) -> str:
        return f"{PREFIX}{stack}.json"


def _folder(key: str) -> str:
    return "/".join(key.split("/")[:2])


def _member(key: str) -> str:
    return key.rpartition("/")[2].removesuffix(".tar.gz")
