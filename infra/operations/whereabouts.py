"""A state that is of another region or account than its environment's file.

A refresh finds nothing of it there, and a plan or a destroy takes that for gone: it would be forgotten, and billed on.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.environment import DIRECTORY, Environment
from infra.errors import Misuse

_ARN_PARTS = 6


def refuse(state: str, held: Mapping[str, Mapping[str, Any]], environment: Environment) -> None:
    """Raise `Misuse` where what the state `state` holds lies elsewhere, by its ARNs."""
    here = (environment.region, environment.account_id)
    elsewhere = next((place for place in _places(held) if place != here), None)
    if elsewhere is not None:
        region, account = elsewhere
        raise Misuse(
            f"{state} is deployed in {region} of account {account}, says its state, and environment {environment.name} "
            f"is {environment.region} of account {environment.account_id}: what is there would be forgotten and billed "
            f'on. Write region = "{region}" and account_id = "{account}" in {DIRECTORY / environment.name}.toml again, '
            "and destroy it if it is to move; another region or account is another environment."
        )


def _places(held: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Region and account of each resource whose ARN names both: that of a role has no region, a bucket's neither."""
    for attributes in held.values():
        parts = str(attributes.get("arn")).split(":", _ARN_PARTS - 1)
        if len(parts) == _ARN_PARTS and parts[3] and parts[4]:
            yield parts[3], parts[4]
