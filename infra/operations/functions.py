"""What went live of a Lambda function: the package that was built, and the concurrency that was asked for."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from infra.blueprint import Blueprint, repository
from infra.connection import Connection
from infra.naming import ALIAS
from infra.operations.artifacts import KeptArtifact
from infra.stack import Stack
from infra.workloads import LambdaEndpoint
from model_packaging import checksum
from model_packaging.artifact import ModelArtifact
from model_packaging.functions import ImageArtifact

POLL_SECONDS = 2.0
POLLS = 300
"""Ten minutes: AWS makes up to 500 to 6,000 units of provisioned concurrency a minute, after their initialisation."""


def verify(
    stack: Stack,
    workload: LambdaEndpoint,
    blueprint: Blueprint,
    artifact: ModelArtifact | KeptArtifact,
    connection: Connection,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """One line for whatever is not as it was planned."""
    from botocore.exceptions import ClientError

    name, client = stack.deployed_name(workload), connection.client("lambda")
    try:
        function = client.get_function(FunctionName=name, Qualifier=ALIAS)
    except ClientError as error:
        yield f"Function {name} has no alias {ALIAS}: {error.response['Error']['Message']}"
        return
    configuration = function["Configuration"]
    if configuration.get("State", "Active") != "Active":
        reason = configuration.get("StateReason", "AWS gives no reason")
        yield f"Function {name} is {configuration['State']}: {reason}"
    if not _runs(artifact, function, connection):
        yield f"Function {name} runs another package than {artifact.key}; run the deploy again."
    kept_ready = blueprint.of_type("aws_lambda_provisioned_concurrency_config")
    if any(resource.name == workload.name for resource in kept_ready):
        yield from _concurrency(name, client, sleep)
        yield from _weights(name, client, sleep)


def _runs(artifact: ModelArtifact | KeptArtifact, function: dict[str, Any], connection: Connection) -> bool:
    if isinstance(artifact, KeptArtifact):
        return True  # the plan compared the key, and there is no file to compare the content with
    if isinstance(artifact, ImageArtifact):
        # Its tag never moves, so that it says which image it is.
        uri = repository.image_uri(connection.environment, artifact.key)
        return bool(function["Code"].get("ImageUri") == uri)
    return bool(function["Configuration"]["CodeSha256"] == checksum.of(artifact.file).whole)


def _concurrency(name: str, client: Any, sleep: Callable[[float], None]) -> Iterator[str]:
    """An alias that moved to another version is not ready at once, and Terraform does not wait for it."""
    from botocore.exceptions import ClientError

    for _ in range(POLLS):
        try:
            found = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier=ALIAS)
        except ClientError as error:
            yield f"Function {name} has no provisioned concurrency: {error.response['Error']['Message']}"
            return
        if found["Status"] != "IN_PROGRESS":
            break
        sleep(POLL_SECONDS)
    if found["Status"] != "READY":
        reason = found.get("StatusReason", "AWS gives no reason")
        yield f"The provisioned concurrency of function {name} is {found['Status']}: {reason}"


def _weights(name: str, client: Any, sleep: Callable[[float], None]) -> Iterator[str]:
    """Lambda moves an alias with provisioned concurrency step by step: meanwhile it also has the old version's weight.

    A plan in that time shows the weights as a change to `routing_config`, and a deploy that changes the concurrency is
    refused: 'Alias with weights can not be used with Provisioned Concurrency' (hashicorp/terraform-provider-aws
    #48116; 5.100 does not wait).
    """
    for attempt in range(POLLS):
        found = client.get_alias(FunctionName=name, Name=ALIAS)
        weights = (found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        if not weights:
            return
        if attempt < POLLS - 1:
            sleep(POLL_SECONDS)
    old = ", ".join(f"{weight:.0%} to version {version}" for version, weight in sorted(weights.items()))
    yield (
        f"The alias {ALIAS} of function {name} still sends {old}; wait until it sends all to version "
        f"{found['FunctionVersion']}, then run the deploy again."
    )
