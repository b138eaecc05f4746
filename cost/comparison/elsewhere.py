"""What others than AWS ask for the same work: endpoints by the hour, GPUs by the second, models by the token."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final, Literal

from cost.comparison.demand import Demand, Profile
from cost.comparison.months import functions, simulated
from cost.comparison.on_instances import BUSY_SHARE
from cost.comparison.plan import Unsuitable
from cost.purchases import GpuSeconds, HuggingFaceHours, Purchase, Tokens
from cost.simulation.capacity import Fixed
from cost.simulation.month import Month, ServiceTime

WARM_SECONDS: Final[Mapping[str, float]] = {"modal": 60.0, "replicate": 60.0, "runpod": 5.0}
"""How long an idle worker is kept, and billed, by default: Modal's scaledown_window, RunPod's idle timeout; Replicate
publishes none, and is taken to do as Modal does."""
WORKER_START_MS: Final = 10_000.0
"""A new GPU worker, before the model is loaded: an assumption."""
WORKER_LIMIT: Final = 100


@dataclass(frozen=True)
class HuggingFace:
    """A Hugging Face Endpoint, always on; `instance` is such as `intel-spr x2` (vCPUs) or `nvidia-t4 x1` (GPUs)."""

    kind: ClassVar[str] = "Hugging Face"
    instance: str

    @property
    def name(self) -> str:
        return f"Hugging Face {self.instance}"

    def _service(self, profile: Profile) -> tuple[ServiceTime, int]:
        """How long a request takes on it, and how many it serves at a time."""
        machine, _, size = self.instance.rpartition(" x")
        maker, _, accelerator = machine.partition("-")
        if maker == "intel":
            # Their CPU instances have 2 GB for each vCPU.
            if profile.memory_mb > 2048 * int(size) or profile.threads > int(size):
                raise Unsuitable(f"needs {profile.memory_mb} MB and {profile.threads} vCPUs")
            return profile.on_cpu(), int(size) // profile.threads
        if profile.on_gpu is None or maker != "nvidia" or accelerator.upper() != profile.gpu:
            raise Unsuitable(f"not measured on {accelerator.upper() or machine}")
        return profile.on_gpu, int(size)

    def _count(self, demand: Demand, profile: Profile) -> int:
        service, slots = self._service(profile)
        busy = demand.busiest_per_second * service.mean_seconds
        return max(1, math.ceil(busy / slots / BUSY_SHARE))

    def purchases(self, demand: Demand, profile: Profile) -> list[Purchase]:
        count = self._count(demand, profile)
        return [HuggingFaceHours(region="aws", instance=self.instance, hours=demand.hours, replicas=count)]

    def simulate(self, demand: Demand, profile: Profile) -> Month:
        service, slots = self._service(profile)
        return simulated(demand, service, Fixed(self._count(demand, profile)), slots)


@dataclass(frozen=True)
class PerSecond:
    """A GPU that is billed by the second while a worker is up: its start, its requests, and a while after each.

    `gpu` is the provider's name for one kind or several at one price, such as `L4, A5000, 3090 24 GB`.
    """

    kind: ClassVar[str] = "GPU by the second"
    provider: Literal["modal", "replicate", "runpod"]
    gpu: str

    @property
    def name(self) -> str:
        return f"{self.gpu} on {self.provider}"

    def _starts(self, profile: Profile) -> float:
        """Milliseconds of a cold start; raises `Unsuitable` where nothing is known of this GPU."""
        named = [part.split()[0] for part in self.gpu.split(", ")]
        if profile.on_gpu is None or profile.gpu not in named:
            raise Unsuitable(f"not measured on {self.gpu}")
        return WORKER_START_MS + profile.load_ms

    def purchases(self, demand: Demand, profile: Profile) -> list[Purchase]:
        import numpy as np

        starts = self._starts(profile) / 1000
        assert profile.on_gpu is not None
        warm = WARM_SECONDS[self.provider]
        per_minute = demand.arriving.per_minute
        rate = np.maximum(per_minute, 1e-12) / 60
        # Of a stream of requests at this rate: idle until the next or until the worker goes, and started anew then.
        gone = np.exp(-rate * warm)
        each = profile.on_gpu.mean_seconds + (1 - gone) / rate + gone * starts
        seconds = Decimal(float((per_minute * each).sum()))
        return [GpuSeconds(provider=self.provider, gpu=self.gpu, seconds=seconds)]

    def simulate(self, demand: Demand, profile: Profile) -> Month:
        starts = self._starts(profile)
        assert profile.on_gpu is not None
        return functions(demand, profile.on_gpu, starts, WORKER_LIMIT, WARM_SECONDS[self.provider])


@dataclass(frozen=True)
class ManagedModel:
    """A managed language model by the token, instead of a model of one's own."""

    kind: ClassVar[str] = "managed model"
    vendor: str
    model: str

    @property
    def name(self) -> str:
        return f"{self.model} ({self.vendor})"

    def purchases(self, demand: Demand, profile: Profile) -> list[Purchase]:
        if demand.input_tokens is None or demand.output_tokens is None:
            raise Unsuitable("billed by the token; say how many a request has")
        return [
            Tokens(
                vendor=self.vendor,
                model=self.model,
                kind="input",
                tokens=demand.requests * demand.input_tokens,
            ),
            Tokens(
                vendor=self.vendor,
                model=self.model,
                kind="output",
                tokens=demand.requests * demand.output_tokens,
            ),
        ]

    def simulate(self, demand: Demand, profile: Profile) -> None:
        self.purchases(demand, profile)
