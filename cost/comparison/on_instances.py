"""Plans on SageMaker instances: always on, autoscaled, asynchronous down to none."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final

from cost.comparison import limits
from cost.comparison.demand import Demand, Profile
from cost.comparison.months import instance_hours, simulated
from cost.comparison.plan import Unsuitable
from cost.machines import Machine
from cost.purchases import AsyncData, EndpointData, InstanceHours, Purchase, S3Requests, SnsRequests
from cost.simulation.capacity import Backlog, Fixed, Tracking
from cost.simulation.month import Month, ServiceTime

BUSY_SHARE: Final = 0.7
"""How busy an instance may be in the busiest minute: what is above waits for others. An assumption."""
MOST_INSTANCES: Final = 50


@dataclass(frozen=True)
class OnInstances:
    """Something on SageMaker instances."""

    limit: ClassVar[limits.Limits] = limits.REALTIME
    machine: Machine

    @property
    def instance_type(self) -> str:
        return f"ml.{self.machine.instance_type}"

    def service(self, profile: Profile) -> tuple[ServiceTime, int]:
        """How long a request takes on it, and how many it serves at a time."""
        if profile.memory_mb > self.machine.memory_gib * 1024:
            raise Unsuitable(f"needs {profile.memory_mb} MB, has {int(self.machine.memory_gib * 1024)} MB")
        if not self.machine.gpu:
            if profile.threads > self.machine.vcpus:
                raise Unsuitable(f"needs {profile.threads} vCPUs, has {self.machine.vcpus}")
            return profile.on_cpu(), self.machine.vcpus // profile.threads
        if profile.on_gpu is None or profile.gpu != self.machine.gpu:
            raise Unsuitable(f"not measured on {self.machine.gpu}")
        return profile.on_gpu, self.machine.gpu_count

    def busy_share(self, profile: Profile) -> float:
        """How busy it may be in the busiest minute.

        A burstable type that does more than its baseline lives on CPU credits, and is held down to the baseline when
        they are spent: t2.medium to a fifth of each vCPU. Up to the baseline it has a full vCPU for each request.
        """
        if self.machine.cpu_baseline is None:
            return BUSY_SHARE
        _, slots = self.service(profile)
        return min(
            BUSY_SHARE, float(self.machine.cpu_baseline) * self.machine.vcpus / (slots * profile.threads)
        )

    def needed(self, demand: Demand, profile: Profile) -> int:
        """Instances that are at most `busy_share` busy in the busiest minute."""
        service, slots = self.service(profile)
        self.limit.check(demand, service)
        busy = demand.busiest_per_second * service.mean_seconds / slots
        count = max(1, math.ceil(busy / self.busy_share(profile)))
        if count > MOST_INSTANCES:
            raise Unsuitable(f"needs {count} instances, more than {MOST_INSTANCES}")
        return count

    def bought(self, hours: Decimal, demand: Demand) -> list[Purchase]:
        region = demand.region
        data = [
            EndpointData(region=region, gb=demand.gb_in, direction="in"),
            EndpointData(region=region, gb=demand.gb_out, direction="out"),
        ]
        # A price that is missing for nothing is not missed.
        return [
            InstanceHours(region=region, instance_type=self.instance_type, hours=hours),
            *(line for line in data if line.gb),
        ]


@dataclass(frozen=True)
class AlwaysOn(OnInstances):
    """As many instances as the busiest minute needs, all month; `spare` is how many more."""

    kind: ClassVar[str] = "always-on"
    spare: int = 0

    @property
    def name(self) -> str:
        return f"always-on {self.instance_type}" + (f" (+{self.spare})" if self.spare else "")

    def _policy(self, demand: Demand, profile: Profile) -> Fixed:
        return Fixed(self.needed(demand, profile) + self.spare)

    def purchases(self, demand: Demand, profile: Profile) -> list[Purchase]:
        return self.bought(demand.hours * self._policy(demand, profile).count, demand)

    def simulate(self, demand: Demand, profile: Profile) -> Month:
        service, slots = self.service(profile)
        policy = self._policy(demand, profile)
        return simulated(demand, service, policy, slots)


@dataclass(frozen=True)
class Scaled(OnInstances):
    """Something whose instances AWS counts by itself."""

    def needed(self, demand: Demand, profile: Profile) -> int:
        """The same; raises `Unsuitable` for a type whose registration Application Auto Scaling refuses."""
        if self.machine.cpu_baseline is not None:
            raise Unsuitable("is burstable, and AWS does not autoscale it")
        return super().needed(demand, profile)


@dataclass(frozen=True)
class Autoscaled(Scaled):
    """Target tracking from one instance to as many as the busiest minute needs, and one more."""

    kind: ClassVar[str] = "autoscaled"

    @property
    def name(self) -> str:
        return f"autoscaled {self.instance_type}"

    def _policy(self, demand: Demand, profile: Profile) -> Tracking:
        service, slots = self.service(profile)
        most = self.needed(demand, profile)
        if most == 1:
            raise Unsuitable("one instance is enough at any time: as always-on")
        return Tracking(1, most + 1, per_instance=BUSY_SHARE * slots * 60 / service.mean_seconds)

    def purchases(self, demand: Demand, profile: Profile) -> list[Purchase]:
        return self.bought(instance_hours(demand, self._policy(demand, profile)), demand)

    def simulate(self, demand: Demand, profile: Profile) -> Month:
        service, slots = self.service(profile)
        policy = self._policy(demand, profile)
        return simulated(demand, service, policy, slots)


@dataclass(frozen=True)
class AsyncToZero(Scaled):
    """An asynchronous endpoint that has no instance while nothing waits."""

    kind: ClassVar[str] = "async to zero"
    limit: ClassVar[limits.Limits] = limits.ASYNCHRONOUS

    @property
    def name(self) -> str:
        return f"async to zero {self.instance_type}"

    def _policy(self, demand: Demand, profile: Profile) -> Backlog:
        service, slots = self.service(profile)
        most = self.needed(demand, profile)
        return Backlog(most, per_instance=5, served_per_instance=slots * 60 / service.mean_seconds)

    def purchases(self, demand: Demand, profile: Profile) -> list[Purchase]:
        region, requests, gb = demand.region, demand.requests, demand.gb_in + demand.gb_out
        hours = instance_hours(demand, self._policy(demand, profile))
        return [
            InstanceHours(region=region, instance_type=self.instance_type, hours=hours),
            *([AsyncData(region=region, gb=gb)] if gb else []),
            S3Requests(region=region, requests=2 * requests, kind="write"),
            S3Requests(region=region, requests=2 * requests, kind="read"),
            SnsRequests(region=region, requests=requests),
        ]

    def simulate(self, demand: Demand, profile: Profile) -> Month:
        service, slots = self.service(profile)
        policy = self._policy(demand, profile)
        return simulated(demand, service, policy, slots)
