"""SageMaker's endpoints as they are; what does not exist is None."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

Description = dict[str, Any]

UNDER_WAY = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack"})
DELETING = "Deleting"
POLL_SECONDS, GOING_SECONDS = 5.0, 1.0
POLLS = 360
"""Half an hour: a roll-back of a large fleet takes about as long as the update did."""


@contextlib.contextmanager
def absence_allowed() -> Iterator[None]:
    """What does not exist is no error inside. SageMaker has no code of its own for it, only ValidationException."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise


def describe(name: str, sagemaker: Any) -> Description | None:
    """What AWS says of an endpoint."""
    description: Description | None = None
    with absence_allowed():
        description = sagemaker.describe_endpoint(EndpointName=name)
    return description


def instances(endpoint: Description) -> int:
    """How many an endpoint has; none where it never came up, for then AWS leaves its variants out."""
    return sum(variant.get("CurrentInstanceCount", 0) for variant in endpoint.get("ProductionVariants", ()))


def settled(
    name: str, sagemaker: Any, say: Callable[[str], None], sleep: Callable[[float], None] = time.sleep
) -> Description | None:
    """What AWS says of an endpoint as soon as it is done with what it began: an update, a roll-back, or scaling.

    Until then SageMaker takes neither an update nor a delete: 'Cannot update in-progress endpoint'.
    """
    endpoint = describe(name, sagemaker)
    for _ in range(POLLS):
        if endpoint is None or endpoint["EndpointStatus"] not in UNDER_WAY:
            break
        say(f"Waiting for SageMaker: {name} is {endpoint['EndpointStatus']}")
        sleep(POLL_SECONDS)
        endpoint = describe(name, sagemaker)
    return endpoint


def left(name: str, sagemaker: Any, sleep: Callable[[float], None] = time.sleep) -> Description | None:
    """What AWS says of an endpoint that was deleted, once it no longer is `Deleting`: None where it is gone.

    The provider comes back while it still is, and until it is gone no endpoint can be made under its name.
    """
    endpoint = describe(name, sagemaker)
    for _ in range(POLLS):
        if endpoint is None or endpoint["EndpointStatus"] != DELETING:
            break
        sleep(GOING_SECONDS)
        endpoint = describe(name, sagemaker)
    return endpoint


def describe_configuration(name: str, sagemaker: Any) -> Description | None:
    """What AWS says of an endpoint configuration."""
    description: Description | None = None
    with absence_allowed():
        description = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    return description
