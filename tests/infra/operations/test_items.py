"""What a job says of its items: from the last line of its log, over all children, and where they lie."""

from types import SimpleNamespace
from typing import Any

import pytest

from infra.operations import items
from tests.infra.operations.test_fates import said

SOURCE, TARGET = "s3://b/data/shop/embed/input/", "s3://b/data/shop/embed/output/"
WHERE = f"it read {SOURCE}, and wrote to {TARGET}"
DENIED = ["denied"]
GIVEN = [{"name": "MODELYARD_INPUT", "value": SOURCE}, {"name": "MODELYARD_OUTPUT", "value": TARGET}]


class Aws:
    """Batch and CloudWatch Logs: one job with a log for each of its processes."""

    def __init__(self, *logs: list[str], environment: Any = GIVEN, size: int | None = None) -> None:
        self.logs, self.environment = dict(enumerate(logs)), environment
        self.size = size if size is not None else 0 if len(logs) == 1 else len(logs)

    def client(self, _service: str) -> "Aws":
        return self

    def describe_jobs(self, jobs: list[str]) -> dict[str, Any]:
        return {"jobs": [self._job(one) for one in jobs]}

    def _job(self, id: str) -> dict[str, Any]:
        _, _, index = id.partition(":")
        container = {"environment": self.environment}
        if index or not self.size:
            container["logStreamName"] = index or "0"
        return {"jobId": id, "container": container, "arrayProperties": {"size": 0 if index else self.size}}

    def get_log_events(self, logGroupName, logStreamName, limit, startFromHead):
        assert logGroupName == "/aws/batch/dev-shop-embed"
        lines = self.logs[int(logStreamName)]
        if lines is DENIED:
            raise said("AccessDeniedException")
        return {"events": [{"message": f"{line}\n"} for line in lines]}


def done(written: int, there: int, failed: int) -> str:
    return f"done: {written + there + failed} items: {written} written, {there} were there, {failed} failed"


def told(aws: Aws) -> list[str]:
    return list(items.told("dev-shop-embed", "j", SimpleNamespace(client=aws.client)))


def test_one_process_says_its_items():
    assert told(Aws(["attempt 1, child 0 of 1", done(3, 1, 0)])) == [
        f"dev-shop-embed: 4 items: 3 written, 1 were there, 0 failed; {WHERE}"
    ]


def test_the_items_of_an_array_are_those_of_its_children():
    assert told(Aws([done(3, 1, 0)], [done(2, 0, 1)])) == [
        f"dev-shop-embed: 7 items: 5 written, 1 were there, 1 failed; {WHERE}"
    ]


def test_no_items_at_all_are_warned_of():
    assert told(Aws([done(0, 0, 0)], [done(0, 0, 0)])) == [
        f"dev-shop-embed: 0 items: 0 written, 0 were there, 0 failed; {WHERE}",
        f"dev-shop-embed had nothing to do: no object lies below {SOURCE}; put its inputs there, and run it again.",
    ]


@pytest.mark.parametrize(
    "aws",
    [Aws(["its own words"]), Aws([done(1, 0, 0)], []), Aws(DENIED), Aws([], size=items.MOST_CHILDREN + 1)],
    ids=["another image", "a log that is late", "a log that may not be read", "many children"],
)
def test_what_is_not_known_is_no_number(aws):
    assert told(aws) == [f"dev-shop-embed: {WHERE}"]


def test_an_image_that_is_told_no_prefixes_has_none():
    assert told(Aws([], environment=[])) == []
