"""One deployable unit with its own state: a name, an environment and workloads."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from infra import naming
from infra.environment import Environment
from infra.settings import Alarms, DataCapture, Network, Rollout
from infra.workloads import InstanceEndpoint, SageMakerEndpoint, Workload


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Stack:
    """Workloads that are deployed and taken down together.

    `base` is the directory that the models' folders are relative to; the loader sets it to the directory
    of the stack's file.
    """

    name: str
    environment: Environment
    workloads: Annotated[Sequence[Workload], AfterValidator(tuple)]
    base: Path = Field(default_factory=Path.cwd, kw_only=True)

    def deployed_name(self, workload: Workload) -> str:
        """The name on AWS of the endpoint or function that `workload` becomes."""
        return naming.deployed(self.environment.name, self.name, workload.name)

    def network(self, workload: Workload) -> Network:
        """Where `workload` runs: its own network, or the environment's."""
        own = workload.network
        return self.environment.network if own is None else own or Network()

    def alarms(self, workload: Workload) -> Alarms:
        """What is watched of `workload`: its own alarms, or the environment's."""
        own = workload.alarms
        return self.environment.alarms if own is None else own or Alarms.none()

    def rollout(self, workload: InstanceEndpoint) -> Rollout | None:
        """How an update of `workload` goes: its own way, or the environment's."""
        own = workload.rollout
        return self.environment.rollout if own is None else own or None

    def data_capture(self, workload: SageMakerEndpoint) -> DataCapture | None:
        """What is kept of the requests to `workload`: its own setting, or the environment's."""
        own = workload.data_capture
        return self.environment.data_capture if own is None else own or None
