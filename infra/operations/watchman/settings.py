"""What the watchman is told, as the variables of its function."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.operations.idle import IdleRule

LOG = "idle/log/"
"""Where in the environment's bucket each round writes what it did."""

_PREFIX = "MODELYARD_"


@dataclass(frozen=True)
class Settings:
    """The environment and its bucket, the rule, how many go in one round at the most, and whether any does."""

    environment: str
    bucket: str
    rule: IdleRule
    most: int
    armed: bool

    def variables(self) -> dict[str, str]:
        """As the variables of the function."""
        return {
            f"{_PREFIX}ENVIRONMENT": self.environment,
            f"{_PREFIX}BUCKET": self.bucket,
            f"{_PREFIX}HOURS": repr(self.rule.hours),
            f"{_PREFIX}GRACE_HOURS": repr(self.rule.grace_hours),
            f"{_PREFIX}MAX": str(self.most),
            f"{_PREFIX}ARMED": "true" if self.armed else "false",
        }


def read(variables: Mapping[str, str]) -> Settings:
    """What `variables` say. Raises KeyError or ValueError where they are not ours; only `true` arms it."""
    return Settings(
        variables[f"{_PREFIX}ENVIRONMENT"],
        variables[f"{_PREFIX}BUCKET"],
        IdleRule(float(variables[f"{_PREFIX}HOURS"]), float(variables[f"{_PREFIX}GRACE_HOURS"])),
        int(variables[f"{_PREFIX}MAX"]),
        variables[f"{_PREFIX}ARMED"] == "true",
    )
