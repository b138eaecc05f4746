"""Everything about a stack that AWS would refuse, said before the cloud is asked. Every verb runs the list."""

from collections.abc import Callable, Iterator

from infra.checks import (
    alarms,
    asynchronous,
    batch,
    capture,
    functions,
    images,
    instances,
    models,
    names,
    network,
    payload,
    regions,
    rollout,
    scaling,
    serverless,
    tags,
    variables,
)
from infra.errors import InvalidStack
from infra.stack import Stack

Check = Callable[[Stack], Iterator[str]]

CHECKS: tuple[Check, ...] = (
    *names.CHECKS,
    *regions.CHECKS,
    *tags.CHECKS,
    *models.CHECKS,
    *instances.CHECKS,
    *images.CHECKS,
    *serverless.CHECKS,
    *asynchronous.CHECKS,
    *network.CHECKS,
    *capture.CHECKS,
    *scaling.CHECKS,
    *alarms.CHECKS,
    *rollout.CHECKS,
    *functions.CHECKS,
    *batch.CHECKS,
    *variables.CHECKS,
    *payload.CHECKS,
)


def check(stack: Stack) -> None:
    """Raise `InvalidStack` with every finding, one a line; each says what was found and what to write."""
    findings = [finding for run in CHECKS for finding in run(stack)]
    if findings:
        raise InvalidStack("\n".join(findings))
