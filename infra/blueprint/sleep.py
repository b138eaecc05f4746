"""What is left of a workload that sleeps: all but what AWS bills by the hour, and what only that needs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from infra.blueprint.resource import Blueprint, Join, Ref, Resource
from infra.workloads import (
    AsyncEndpoint,
    BatchJob,
    LambdaEndpoint,
    MultiModelEndpoint,
    RealtimeEndpoint,
    ServerlessEndpoint,
    Workload,
)

# The alarms, too: AWS bills them by the hour, and what is not there needs no watching.
_ENDPOINT = frozenset({"aws_sagemaker_endpoint", "aws_cloudwatch_metric_alarm"})

REMOVED: Mapping[type, frozenset[str]] = {
    RealtimeEndpoint: _ENDPOINT,
    AsyncEndpoint: _ENDPOINT,
    MultiModelEndpoint: _ENDPOINT,
    # Only one that keeps something ready is billed by the hour: see `sleeps`.
    ServerlessEndpoint: _ENDPOINT,
    # The function goes on answering, with cold starts, and is watched as before.
    LambdaEndpoint: frozenset({"aws_lambda_provisioned_concurrency_config"}),
    # Nothing is there between two jobs; what must not be is the timetable that starts the next.
    BatchJob: frozenset({"aws_scheduler_schedule"}),
}
"""Types of resources that go, by kind; what refers to one of them goes with it, such as its scaling."""


def sleeps(workload: Workload) -> bool:
    """Whether there is anything of `workload` that could sleep."""
    return _AWAKE[type(workload)](workload)


_AWAKE: Mapping[type, Callable[[Any], bool]] = {
    RealtimeEndpoint: lambda _: True,
    AsyncEndpoint: lambda _: True,
    MultiModelEndpoint: lambda _: True,
    ServerlessEndpoint: lambda workload: bool(workload.provisioned_concurrency or workload.autoscaling),
    LambdaEndpoint: lambda workload: bool(workload.provisioned_concurrency or workload.autoscaling),
    BatchJob: lambda workload: workload.schedule is not None,
}

GONE = frozenset({"RealtimeEndpoint", "AsyncEndpoint", "MultiModelEndpoint", "ServerlessEndpoint"})
"""The kinds that answer nothing while they sleep."""


def goes(workload: Workload, whole: Blueprint) -> tuple[Resource, ...]:
    """What of `whole`, the blueprint of `workload` alone, goes when it sleeps, in the order of making."""
    if not sleeps(workload):
        return ()
    gone = {one.address for one in whole.resources if one.type in REMOVED[type(workload)]}
    while more := {
        one.address for one in whole.resources if one.address not in gone and gone & set(_references(one))
    }:
        gone |= more
    return tuple(one for one in whole.resources if one.address in gone)


def asleep(workload: Workload, whole: Blueprint) -> Blueprint:
    """`whole`, the blueprint of `workload` alone, without what goes when it sleeps.

    An output that names what went goes on naming it: it is there again under that name after `wake`, and a plan of
    what was put to sleep by AWS's API alone has no changes.
    """
    gone = {one.address: one for one in goes(workload, whole)}
    return replace(
        whole,
        resources=tuple(one for one in whole.resources if one.address not in gone),
        outputs={name: _named(value, gone) for name, value in whole.outputs.items()},
    )


def _named(value: Ref | str, gone: Mapping[str, Resource]) -> Ref | str:
    if isinstance(value, Ref) and (resource := gone.get(f"{value.type}.{value.name}")) is not None:
        return str(resource.arguments[value.attribute])
    return value


def _references(resource: Resource) -> Iterator[str]:
    """The addresses of what `resource` cannot be without."""
    yield from (one.address for one in (*resource.depends_on, *resource.follows))
    yield from _addresses(resource.arguments)


def _addresses(value: Any) -> Iterator[str]:
    if isinstance(value, Ref):
        yield f"{value.type}.{value.name}"
    elif isinstance(value, Join):
        yield from _addresses(value.parts)
    elif isinstance(value, Mapping):
        yield from _addresses(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _addresses(item)
