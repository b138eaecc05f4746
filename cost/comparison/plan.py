"""What a plan is: a way of serving one model at one size, which knows what it buys and how its month goes."""

from typing import ClassVar, Protocol

from cost.comparison.demand import Demand, Profile
from cost.purchases import Purchase
from cost.simulation.month import Month


class Unsuitable(Exception):
    """Why a plan cannot serve the demand at all."""


class Plan(Protocol):
    """One way, at one size. `kind` groups sizes of the same way."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    def purchases(self, demand: Demand, profile: Profile) -> list[Purchase]:
        """What a month comes to; raises `Unsuitable`."""
        ...

    def simulate(self, demand: Demand, profile: Profile) -> Month | None:
        """How the month goes; None where nothing is known of its latency. Raises `Unsuitable`."""
        ...
