"""Functions whose newest code or settings no version has: an update that was cut short between the two.

Lambda changes a function first and makes a version of it then. Where Terraform is stopped in between, its state has the
new code, its next plan nothing to do, and the alias goes on running the version before, for good. Nor can it be told to
make one: the provider does so with a change of the code alone (5.100; `publish` itself is none).
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from infra.connection import Connection
from infra.engines.plan import PlanSummary
from infra.stack import Stack
from infra.workloads import LambdaEndpoint

OF_A_VERSION = (
    "Architectures", "CodeSha256", "Environment", "EphemeralStorage", "Handler", "KMSKeyArn", "Layers", "MemorySize",
    "Role", "Runtime", "Timeout", "TracingConfig",
)  # fmt: skip
"""What a version keeps of its function, and both show alike."""

_NEWEST = "$LATEST"


def unpublished(
    stack: Stack, plan: PlanSummary, connection: Connection, say: Callable[[str], None]
) -> list[str]:
    """The names of those functions of `stack` that `plan` leaves as they are, and that need a version."""
    changed = {change.address for change in plan.changes}
    found = [
        name
        for workload in stack.workloads
        if isinstance(workload, LambdaEndpoint) and f"aws_lambda_function.{workload.name}" not in changed
        if _is_unpublished(name := stack.deployed_name(workload), connection)
    ]
    for name in found:
        say(
            f"{name}: an earlier deploy was cut short, and no version has its newest code; a deploy makes one"
        )
    return found


def publish(names: Sequence[str], connection: Connection, say: Callable[[str], None]) -> None:
    """Make a version of each function of `names`; their aliases are for the next plan."""
    functions = connection.client("lambda")
    for name in names:
        # While it is still being changed, Lambda answers ResourceConflictException.
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)
        made = functions.publish_version(FunctionName=name)
        say(f"{name}: version {made['Version']} is made of what it is")


def _is_unpublished(function: str, connection: Connection) -> bool:
    """Whether what a function is now is in none of its versions; no where it has none, or is not there."""
    from botocore.exceptions import ClientError

    pages = connection.client("lambda").get_paginator("list_versions_by_function")
    try:
        listed = [one for page in pages.paginate(FunctionName=function) for one in page["Versions"]]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return False
        raise
    now = next((one for one in listed if one["Version"] == _NEWEST), None)
    versions = [one for one in listed if one["Version"] != _NEWEST]
    if now is None or not versions:
        return False
    return _kept(now) != _kept(max(versions, key=lambda one: int(one["Version"])))


def _kept(configuration: dict[str, Any]) -> str:
    network = configuration.get("VpcConfig") or {}
    places = {key: sorted(network.get(key) or ()) for key in ("SubnetIds", "SecurityGroupIds")}
    kept = {key: configuration.get(key) for key in OF_A_VERSION}
    return json.dumps({**kept, **places}, sort_keys=True, default=str)
