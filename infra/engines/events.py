"""What happens to resources while an engine works."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["refresh", "start", "progress", "complete", "errored"]


@dataclass(frozen=True)
class ResourceEvent:
    """Something happened to one resource; `id` is its identifier on AWS where the engine says it."""

    kind: Kind
    address: str
    action: str
    elapsed_seconds: float
    id: str | None


def ignore(event: ResourceEvent) -> None:
    """The callback of those who do not listen."""
