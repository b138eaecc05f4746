"""The Batch host: runs a handler over every object of an S3 prefix, and writes each answer once.

    MODELYARD_INPUT, MODELYARD_OUTPUT, MODELYARD_FAILURE    s3://BUCKET/PREFIX/
    MODELYARD_ARTIFACT                                      the digest in it is a part of every key that is written
    AWS_BATCH_JOB_ARRAY_INDEX, AWS_BATCH_JOB_ARRAY_SIZE     which share of the items is this child's

An item's output has a key that its own key, its content and the model decide; what is there is not made again,
and S3 keeps the first of two that are written at once. An item that the handler refuses goes to the failure
prefix, and the others go on: the job then ends with 1. SIGTERM ends it with 143 after the item under way.
"""

import hashlib
import json
import mimetypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .codecs import JSON
from .faults import Fault
from .handler import Handler

LINES_EVERY = 50
"""Items for one line of the log."""

CONFLICT_TRIES = 5
OCTETS = ("binary/octet-stream", "application/octet-stream")
"""What S3 says of an object that was put without a type."""

DONE, FAILED, STOPPED = 0, 1, 143


@dataclass(frozen=True)
class Prefix:
    """A place in S3; `path` ends with a slash, or is empty."""

    bucket: str
    path: str

    @classmethod
    def parse(cls, uri: str) -> "Prefix":
        """`s3://BUCKET/PREFIX/`."""
        bucket, _, path = uri.removeprefix("s3://").partition("/")
        return cls(bucket, path if not path or path.endswith("/") else f"{path}/")


@dataclass(frozen=True)
class Item:
    """One object of the input: its key below the prefix, and S3's digest of its content."""

    name: str
    etag: str

    def key(self, digest: str) -> str:
        """Where its output lies, below the output's prefix: another model or content, another key."""
        return f"{digest[:12]}/{self.name}.{self.etag.strip(chr(34))[:8]}.out"


@dataclass
class Count:
    """What became of the items."""

    written: int = 0
    there: int = 0
    failed: int = 0

    @property
    def items(self) -> int:
        return self.written + self.there + self.failed


@dataclass(frozen=True)
class Job:
    """A loaded handler, and where it reads and writes; `client` is a boto3 S3 client."""

    handler: Handler
    client: Any
    source: Prefix
    target: Prefix
    failures: Prefix
    digest: str
    index: int = 0
    size: int = 1
    say: Callable[[str], None] = print
    sleep: Callable[[float], None] = time.sleep

    def run(self, is_stopping: Callable[[], bool]) -> Count:
        """Work off this child's items, or as many as there is time for."""
        count = Count()
        there = {name for name, _ in self._list(self.target, f"{self.digest[:12]}/")}
        for item in mine(self.items(), self.index, self.size):
            if is_stopping():
                break
            if item.key(self.digest) in there:
                count.there += 1
                continue
            self._work(item, count)
            if count.items % LINES_EVERY == 0:
                self.say(f"{count.items} items: {_words(count)}")
        return count

    def items(self) -> Iterator[Item]:
        """Every object of the input; a key that ends with a slash is a console's folder and no item."""
        return (Item(name, etag) for name, etag in self._list(self.source) if not name.endswith("/") and name)

    def _list(self, prefix: Prefix, below: str = "") -> Iterator[tuple[str, str]]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=prefix.bucket, Prefix=f"{prefix.path}{below}"
        )
        for page in pages:
            for found in page.get("Contents", ()):
                yield found["Key"].removeprefix(prefix.path), found["ETag"]

    def _work(self, item: Item, count: Count) -> None:
        read = self.client.get_object(Bucket=self.source.bucket, Key=f"{self.source.path}{item.name}")
        body, content_type = read["Body"].read(), _content_type(item.name, read.get("ContentType"))
        try:
            answer, answered = self.handler.transform(body, content_type, JSON)
        except Fault as fault:
            count.failed += 1
            self.say(f"{item.name}: {fault}")
            record = {"item": item.name, "error": str(fault), "status": fault.status}
            self.client.put_object(
                Bucket=self.failures.bucket,
                Key=f"{self.failures.path}{item.key(self.digest)}",
                Body=json.dumps(record).encode(),
                ContentType=JSON,
            )
            return
        if self._write(item.key(self.digest), answer, answered):
            count.written += 1
        else:
            count.there += 1

    def _write(self, key: str, body: bytes, content_type: str) -> bool:
        """Whether it is ours that lies there: an attempt that was given up may still be at work beside this one."""
        from botocore.exceptions import ClientError

        for attempt in range(CONFLICT_TRIES):
            try:
                self.client.put_object(
                    Bucket=self.target.bucket,
                    Key=f"{self.target.path}{key}",
                    Body=body,
                    ContentType=content_type,
                    IfNoneMatch="*",
                )
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "PreconditionFailed":
                    return False
                # S3 says it when another request for the same key is under way.
                if code != "ConditionalRequestConflict" or attempt == CONFLICT_TRIES - 1:
                    raise
                self.sleep(0.1 * 2**attempt)
            else:
                return True
        raise AssertionError("unreachable")


def mine(items: Iterable[Item], index: int, size: int) -> Iterator[Item]:
    """The items of child `index` of `size`: by their names' digests, so that every attempt takes the same ones."""
    return (item for item in items if share(item.name, size) == index)


def share(name: str, size: int) -> int:
    """Which of `size` children an item belongs to."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % size


def _content_type(name: str, given: str | None) -> str | None:
    """What S3 says; where nobody told it, what the name says; JSON where that says nothing either."""
    return mimetypes.guess_type(name)[0] if given in (None, *OCTETS) else given


def _words(count: Count) -> str:
    return f"{count.written} written, {count.there} were there, {count.failed} failed"


def main(environment: Mapping[str, str] = os.environ) -> int:
    """The process that a job runs."""
    import boto3
    from botocore.config import Config

    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
    try:
        handler = Handler.load(Path(environment.get("MODELYARD_MODEL_DIR") or Path.cwd()))
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return FAILED
    index, size = (environment.get(f"AWS_BATCH_JOB_ARRAY_{part}") for part in ("INDEX", "SIZE"))
    job = Job(
        handler,
        boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 10})),
        Prefix.parse(environment["MODELYARD_INPUT"]),
        Prefix.parse(environment["MODELYARD_OUTPUT"]),
        Prefix.parse(environment["MODELYARD_FAILURE"]),
        environment["MODELYARD_ARTIFACT"].split("/")[-2],
        int(index or 0),
        int(size or 1),
        say=lambda line: print(line, flush=True),
    )
    job.say(f"attempt {environment.get('AWS_BATCH_JOB_ATTEMPT', '1')}, child {job.index} of {job.size}")
    count = job.run(lambda: bool(stopping))
    job.say(f"{'stopped after' if stopping else 'done:'} {count.items} items: {_words(count)}")
    if stopping:
        return STOPPED
    return FAILED if count.failed else DONE


if __name__ == "__main__":
    sys.exit(main())
