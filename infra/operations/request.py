"""What is sent to a model, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.operations.attempts import Attempt

JSON = "application/json"


@dataclass(frozen=True)
class Request:
    """What is sent. `model` is the one meant, of an endpoint that has several. `accept`: without it, JSON."""

    body: bytes
    content_type: str = JSON
    accept: str = JSON
    model: str | None = None


@dataclass(frozen=True)
class Answer:
    """What came back. `stages` are the seconds that other things took than the attempts, such as an upload."""

    body: bytes
    content_type: str
    attempts: tuple[Attempt, ...] = ()
    stages: Mapping[str, float] = field(default_factory=dict)

    @property
    def spent(self) -> dict[str, float]:
        """Where the seconds went: in the order of their happening, without what took none."""
        waited = sum(one.waited_seconds for one in self.attempts)
        failed = sum(one.seconds for one in self.attempts[:-1])
        last = {"answering": self.attempts[-1].seconds} if self.attempts else {}
        found = {"waiting": waited, "attempts that were not run": failed, **last, **self.stages}
        return {stage: seconds for stage, seconds in found.items() if seconds}
