"""Alarms that could never go off, with the line that a user sees."""

import typing

import pytest

from infra import Alarms, AsyncEndpoint, checks
from infra.checks.alarms import LONGEST_SECONDS
from infra.errors import InvalidStack
from infra.workloads import Workload
from tests.infra.conftest import MODEL, function, realtime


def queue(**changes) -> AsyncEndpoint:
    return AsyncEndpoint("inbox", **{"model": MODEL, "instance_type": "ml.m5.large", **changes})


@pytest.mark.parametrize(
    "workload",
    [
        realtime(alarms=Alarms(p99_latency_ms=59_999)),
        function(timeout_seconds=3, alarms=Alarms(p99_latency_ms=2_999)),
        queue(alarms=Alarms(p99_latency_ms=900_000, backlog_age_seconds=21_599)),
    ],
    ids=lambda workload: workload.name,
)
def test_what_can_go_off_passes(make_stack, workload):
    checks.check(make_stack(workload))


@pytest.mark.parametrize(
    ("workload", "line"),
    [
        (
            realtime(alarms=Alarms(p99_latency_ms=60_000)),
            "rank: p99_latency_ms 60000 never goes off, for AWS ends a request of RealtimeEndpoint after 60 s; write "
            "less than 60000, for this one as alarms=Alarms(p99_latency_ms=...).",
        ),
        (
            function(timeout_seconds=3, alarms=Alarms(p99_latency_ms=3_000)),
            "rank-small: p99_latency_ms 3000 never goes off, for AWS ends a request of LambdaEndpoint after 3 s; write "
            "less than 3000, for this one as alarms=Alarms(p99_latency_ms=...).",
        ),
        (
            queue(alarms=Alarms(backlog_age_seconds=21_600)),
            "inbox: backlog_age_seconds 21600 never goes off, for SageMaker drops a request that has waited 21600 s; "
            "write less, such as 900.",
        ),
        (
            realtime(alarms=Alarms(topic_arn="arn:aws:sns:ap-south-1:111122223333:pager")),
            "rank: the alarms' topic arn:aws:sns:ap-south-1:111122223333:pager is in ap-south-1, and CloudWatch tells "
            "topics in us-east-1 only; write the ARN of one there, or leave topic_arn out: the stack then makes a "
            "topic.",
        ),
    ],
)
def test_what_cannot_is_refused(make_stack, workload, line):
    with pytest.raises(InvalidStack) as caught:
        checks.check(make_stack(workload))
    assert str(caught.value) == line


def test_every_kind_has_its_longest_request():
    assert set(LONGEST_SECONDS) == set(typing.get_args(Workload))
