import dataclasses
import typing

import pytest

from infra import AsyncEndpoint, ServerlessEndpoint, checks
from infra.checks.payload import LIMITS_KB
from infra.errors import InvalidStack
from infra.workloads import Workload
from tests.infra.conftest import MODEL, function, realtime


def with_payload(stack, kilobytes):
    usage = {workload.name: {"payload_kb": kilobytes} for workload in stack.workloads}
    environment = stack.environment.model_copy(update={"usage": usage})
    return dataclasses.replace(stack, environment=environment)


def test_every_kind_has_its_limit():
    assert set(LIMITS_KB) == set(typing.get_args(Workload))


@pytest.mark.parametrize(
    ("workload", "limit"),
    [
        (realtime(autoscaling=None), 6144),
        (function(), 6144),
        (ServerlessEndpoint("cold", model=MODEL), 4096),
    ],
)
def test_a_payload_above_the_limit_is_refused_with_what_to_use_instead(make_stack, workload, limit):
    checks.check(with_payload(make_stack(workload), limit))
    with pytest.raises(InvalidStack) as caught:
        checks.check(with_payload(make_stack(workload), limit + 1))
    assert str(caught.value) == (
        f"{workload.name}: stacks/environments/dev.toml says payload_kb = {limit + 1}; {type(workload).__name__} "
        f"takes requests of at most {limit} KB: send less, or use an AsyncEndpoint (up to 1 GB), which reads them "
        "from S3."
    )


def test_even_an_asynchronous_request_has_a_limit(make_stack):
    workload = AsyncEndpoint("later", model=MODEL, instance_type="ml.m5.large")
    with pytest.raises(InvalidStack, match="at most 1048576 KB: send less, or use a BatchJob, which"):
        checks.check(with_payload(make_stack(workload), 2_000_000))
